"""Lists: a queue from one end to the other, a stack at one of them. The commands that wait are in `blocking_lists`."""

from __future__ import annotations

from collections.abc import Iterable

from miniredis.commands.arguments import counted_keys, integer, integer_from, negatable, syntax_error
from miniredis.commands.table import command, wrong_arity
from miniredis.connection import Client
from miniredis.resp import NULL_ARRAY, OK, Args, CommandError, Reply
from miniredis.values import List

OUT_OF_RANGE = "ERR value is out of range, must be positive"


@command("LPUSH", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), group="list", since="1.0.0")
def lpush(client: Client, args: Args) -> Reply:
    """LPUSH key element [element …]: add at the head, one after the other; the last is the new head. The length."""
    ### BEGIN SOLUTION mini.lpush
    return _push(client, args[1], args[2:], left=True)
    ### END SOLUTION


@command("RPUSH", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), group="list", since="1.0.0")
def rpush(client: Client, args: Args) -> Reply:
    """RPUSH key element [element …]: add at the tail. The length."""
    ### BEGIN SOLUTION mini.lpush
    return _push(client, args[1], args[2:], left=False)
    ### END SOLUTION


@command("LPUSHX", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), group="list", since="2.2.0")
def lpushx(client: Client, args: Args) -> Reply:
    """LPUSHX key element [element …]: LPUSH, but only to a list that is there. The length, 0 where there is none."""
    ### BEGIN SOLUTION mini.lpushx
    return 0 if client.db.edit(args[1], List) is None else _push(client, args[1], args[2:], left=True)
    ### END SOLUTION


@command("RPUSHX", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), group="list", since="2.2.0")
def rpushx(client: Client, args: Args) -> Reply:
    """RPUSHX key element [element …]: RPUSH, but only to a list that is there. The length, 0 where there is none."""
    ### BEGIN SOLUTION mini.lpushx
    return 0 if client.db.edit(args[1], List) is None else _push(client, args[1], args[2:], left=False)
    ### END SOLUTION


def _push(client: Client, key: bytes, elements: list[bytes], left: bool) -> int:
    """Add to the list at `key`, which is created where there is none; its length."""
    ### BEGIN SOLUTION mini.lpush
    value = client.db.edit_or_new(key, List)
    value.push(elements, left)
    client.db.modified(key, "l", "lpush" if left else "rpush", changes=len(elements))
    return len(value)
    ### END SOLUTION


@command("LLEN", arity=2, flags="readonly fast", keys=(1, 1, 1), group="list", since="1.0.0")
def llen(client: Client, args: Args) -> Reply:
    """LLEN key: how many elements the list has."""
    ### BEGIN SOLUTION mini.lpush
    value = client.db.read(args[1], List)
    return 0 if value is None else len(value)
    ### END SOLUTION


@command("LRANGE", arity=4, flags="readonly", keys=(1, 1, 1), group="list", since="1.0.0")
def lrange(client: Client, args: Args) -> Reply:
    """LRANGE key start stop: the elements from one index to another, both included; -1 is the last one."""
    ### BEGIN SOLUTION mini.lrange
    start, stop = integer(args[2]), integer(args[3])
    value = client.db.read(args[1], List)
    if value is None:
        return []
    start, end = _bounds(start, stop, len(value))
    return value.part(start, end)
    ### END SOLUTION


def _bounds(start: int, stop: int, length: int) -> tuple[int, int]:
    """Turn Redis's indices, which count from the end when negative and include `stop`, into Python's."""
    ### BEGIN SOLUTION mini.lrange
    if start < 0:
        start = max(start + length, 0)
    if stop < 0:
        stop += length
    end = min(stop + 1, length)
    return (start, end) if start < end else (0, 0)
    ### END SOLUTION


@command("LPOP", arity=-2, flags="write fast", keys=(1, 1, 1), group="list", since="1.0.0")
def lpop(client: Client, args: Args) -> Reply:
    """LPOP key [count]: remove and return the head, or with a count so many elements as a list; nil without a key."""
    ### BEGIN SOLUTION mini.lpop
    return _pop_command(client, args, left=True)
    ### END SOLUTION


@command("RPOP", arity=-2, flags="write fast", keys=(1, 1, 1), group="list", since="1.0.0")
def rpop(client: Client, args: Args) -> Reply:
    """RPOP key [count]: remove and return the tail, or with a count so many elements as a list; nil without a key."""
    ### BEGIN SOLUTION mini.lpop
    return _pop_command(client, args, left=False)
    ### END SOLUTION


def _pop_command(client: Client, args: Args, left: bool) -> Reply:
    ### BEGIN SOLUTION mini.lpop
    if len(args) > 3:
        raise wrong_arity("lpop" if left else "rpop")
    count = integer_from(0, args[2], OUT_OF_RANGE) if len(args) == 3 else None
    value = client.db.edit(args[1], List)
    if value is None:
        return None if count is None else NULL_ARRAY
    if count is None:
        return pop(client, args[1], value, left)[0]
    return pop(client, args[1], value, left, count)
    ### END SOLUTION


def pop(client: Client, key: bytes, value: List, left: bool, count: int = 1) -> list[bytes]:
    """Remove elements from one end of a list, and the list with its last one; they are returned as they left."""
    ### BEGIN SOLUTION mini.lpop
    elements = value.take(left, count)
    if elements:
        client.db.modified(key, "l", "lpop" if left else "rpop", changes=len(elements))
        client.db.delete_if_empty(key, value)
    return elements
    ### END SOLUTION


@command("LINDEX", arity=3, flags="readonly", keys=(1, 1, 1), group="list", since="1.0.0")
def lindex(client: Client, args: Args) -> Reply:
    """LINDEX key index: the element there, or nil; -1 is the last one."""
    ### BEGIN SOLUTION mini.lindex
    value = client.db.read(args[1], List)
    if value is None:
        return None
    index = integer(args[2])
    return value[index] if -len(value) <= index < len(value) else None
    ### END SOLUTION


@command("LSET", arity=4, flags="write denyoom", keys=(1, 1, 1), group="list", since="1.0.0")
def lset(client: Client, args: Args) -> Reply:
    """LSET key index element: put another element in the place of one."""
    ### BEGIN SOLUTION mini.lindex
    value = client.db.edit(args[1], List)
    if value is None:
        raise CommandError("ERR no such key")
    index = integer(args[2])
    if not -len(value) <= index < len(value):
        raise CommandError("ERR index out of range")
    value.replace(index, args[3])
    client.db.modified(args[1], "l", "lset")
    return OK
    ### END SOLUTION


@command("LINSERT", arity=5, flags="write denyoom", keys=(1, 1, 1), group="list", since="2.2.0")
def linsert(client: Client, args: Args) -> Reply:
    """LINSERT key BEFORE|AFTER pivot element: add beside the first such pivot.

    The length; -1 where there is no such element, 0 where there is no list.
    """
    ### BEGIN SOLUTION mini.linsert
    where = args[2].upper()
    if where not in (b"BEFORE", b"AFTER"):
        raise syntax_error()
    value = client.db.edit(args[1], List)
    if value is None:
        return 0
    if args[3] not in value:
        return -1
    value.put(value.index(args[3]) + (where == b"AFTER"), args[4])
    client.db.modified(args[1], "l", "linsert")
    return len(value)
    ### END SOLUTION


@command("LREM", arity=4, flags="write", keys=(1, 1, 1), group="list", since="1.0.0")
def lrem(client: Client, args: Args) -> Reply:
    """LREM key count element: remove the first `count` of these elements; -n the last n, 0 all. How many it were."""
    ### BEGIN SOLUTION mini.lrem
    count = negatable(args[2])
    value = client.db.edit(args[1], List)
    if value is None:
        return 0
    removed = value.drop(args[3], count)
    if removed:
        client.db.modified(args[1], "l", "lrem", changes=removed)
        client.db.delete_if_empty(args[1], value)
    return removed
    ### END SOLUTION


@command("LTRIM", arity=4, flags="write", keys=(1, 1, 1), group="list", since="1.0.0")
def ltrim(client: Client, args: Args) -> Reply:
    """LTRIM key start stop: keep only the elements from one index to another, both included."""
    ### BEGIN SOLUTION mini.ltrim
    start, stop = integer(args[2]), integer(args[3])
    value = client.db.edit(args[1], List)
    if value is None:
        return OK
    length = len(value)
    start, end = _bounds(start, stop, length)
    value.take(False, length - end)
    value.take(True, start)
    client.db.modified(args[1], "l", "ltrim", changes=length - len(value))
    client.db.delete_if_empty(args[1], value)
    return OK
    ### END SOLUTION


RANK_IS_ZERO = (
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
    "or use negative to start from the end of the list"
)


@command("LPOS", arity=-3, flags="readonly", keys=(1, 1, 1), group="list", since="6.0.6")
def lpos(client: Client, args: Args) -> Reply:
    """LPOS key element [RANK rank] [COUNT count] [MAXLEN len]: the index of the rank-th such element, or nil.

    With COUNT a list of so many indices, 0 for all; a negative rank looks from the tail; MAXLEN limits how many
    elements are compared.
    """
    ### BEGIN SOLUTION mini.lpos
    rank, count, most = _lpos_options(args)
    value = client.db.read(args[1], List)
    if value is None:
        return None if count is None else []
    found = _places(value, args[2], rank, 1 if count is None else count, most)
    if count is None:
        return found[0] if found else None
    return found
    ### END SOLUTION


def _lpos_options(args: Args) -> tuple[int, int | None, int]:
    """RANK, COUNT and MAXLEN: 1, None and 0 where they are not given."""
    ### BEGIN SOLUTION mini.lpos
    rank, count, most = 1, None, 0
    for at in range(3, len(args), 2):
        option = args[at].upper()
        if at + 1 == len(args) or option not in (b"RANK", b"COUNT", b"MAXLEN"):
            raise syntax_error()
        if option == b"RANK":
            rank = negatable(args[at + 1])
            if rank == 0:
                raise CommandError(RANK_IS_ZERO)
        elif option == b"COUNT":
            count = integer_from(0, args[at + 1], "ERR COUNT can't be negative")
        else:
            most = integer_from(0, args[at + 1], "ERR MAXLEN can't be negative")
    return rank, count, most
    ### END SOLUTION


def _places(value: List, element: bytes, rank: int, count: int, most: int) -> list[int]:
    """Indices of `element` from the rank-th match on: `count` of them (0: all), within `most` elements (0: all)."""
    ### BEGIN SOLUTION mini.lpos
    found: list[int] = []
    backwards = rank < 0
    to_skip = abs(rank) - 1
    elements: Iterable[bytes] = reversed(value) if backwards else value
    for seen, each in enumerate(elements):
        if most and seen == most:
            break
        if each != element:
            continue
        if to_skip:
            to_skip -= 1
            continue
        found.append(len(value) - 1 - seen if backwards else seen)
        if len(found) == count:
            break
    return found
    ### END SOLUTION


@command("LMOVE", arity=5, flags="write denyoom", keys=(1, 2, 1), group="list", since="6.2.0")
def lmove(client: Client, args: Args) -> Reply:
    """LMOVE source destination LEFT|RIGHT LEFT|RIGHT: move an element from an end of one list to an end of another.

    The element, or nil.
    """
    ### BEGIN SOLUTION mini.lmove
    return move(client, args[1], args[2], is_left(args[3]), is_left(args[4]))
    ### END SOLUTION


@command("RPOPLPUSH", arity=3, flags="write denyoom", keys=(1, 2, 1), group="list", since="1.2.0")
def rpoplpush(client: Client, args: Args) -> Reply:
    """RPOPLPUSH source destination: LMOVE source destination RIGHT LEFT."""
    ### BEGIN SOLUTION mini.lmove
    return move(client, args[1], args[2], False, True)
    ### END SOLUTION


def is_left(arg: bytes) -> bool:
    """Whether a word is LEFT; a syntax error if it is not RIGHT either."""
    ### BEGIN SOLUTION mini.lmove
    where = arg.upper()
    if where not in (b"LEFT", b"RIGHT"):
        raise syntax_error()
    return where == b"LEFT"
    ### END SOLUTION


def move(client: Client, source: bytes, destination: bytes, from_left: bool, to_left: bool) -> bytes | None:
    """Move one element; both lists are looked at before anything changes, so that an error changes nothing."""
    ### BEGIN SOLUTION mini.lmove
    value = client.db.edit(source, List)
    if value is None:
        return None
    client.db.edit(destination, List)
    element = value.take(from_left)[0]
    _push(client, destination, [element], to_left)
    client.db.modified(source, "l", "lpop" if from_left else "rpop", changes=0)
    client.db.delete_if_empty(source, value)
    return element
    ### END SOLUTION


@command("LMPOP", arity=-4, flags="write movablekeys", find_keys=counted_keys(1), group="list", since="7.0.0")
def lmpop(client: Client, args: Args) -> Reply:
    """LMPOP numkeys key [key …] LEFT|RIGHT [COUNT count]: pop from the first list that is there.

    The key and the elements, or nil.
    """
    ### BEGIN SOLUTION mini.lmpop
    keys, left, count = lmpop_arguments(args, 1)
    found = pop_first(client, keys, left, count)
    return NULL_ARRAY if found is None else list(found)
    ### END SOLUTION


def lmpop_arguments(args: Args, at: int) -> tuple[list[bytes], bool, int]:
    """Read `numkeys key … LEFT|RIGHT [COUNT count]` from `at` on: the keys, whether it is LEFT, the count."""
    ### BEGIN SOLUTION mini.lmpop
    number = integer_from(1, args[at], "ERR numkeys should be greater than 0")
    rest = at + 1 + number
    if rest >= len(args):
        raise syntax_error()
    left = is_left(args[rest])
    options = args[rest + 1 :]
    if not options:
        return args[at + 1 : rest], left, 1
    if len(options) == 1 or options[0].upper() != b"COUNT":
        raise syntax_error()
    count = integer_from(1, options[1], "ERR count should be greater than 0")
    if len(options) > 2:
        raise syntax_error()
    return args[at + 1 : rest], left, count
    ### END SOLUTION


def pop_first(client: Client, keys: list[bytes], left: bool, count: int) -> tuple[bytes, list[bytes]] | None:
    """Pop from the first of the lists that is there: its key and the elements, or None."""
    ### BEGIN SOLUTION mini.lmpop
    for key in keys:
        value = client.db.edit(key, List)
        if value is not None:
            elements = pop(client, key, value, left, count)
            client.server.rewrite([b"LPOP" if left else b"RPOP", key, b"%d" % len(elements)])
            return key, elements
    return None
    ### END SOLUTION
