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
    raise NotImplementedError("mini.lpush")  # course hint mini.lpush


@command("RPUSH", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), group="list", since="1.0.0")
def rpush(client: Client, args: Args) -> Reply:
    """RPUSH key element [element …]: add at the tail. The length."""
    raise NotImplementedError("mini.lpush")  # course hint mini.lpush


@command("LPUSHX", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), group="list", since="2.2.0")
def lpushx(client: Client, args: Args) -> Reply:
    """LPUSHX key element [element …]: LPUSH, but only to a list that is there. The length, 0 where there is none."""
    raise NotImplementedError("mini.lpushx")  # course hint mini.lpushx


@command("RPUSHX", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), group="list", since="2.2.0")
def rpushx(client: Client, args: Args) -> Reply:
    """RPUSHX key element [element …]: RPUSH, but only to a list that is there. The length, 0 where there is none."""
    raise NotImplementedError("mini.lpushx")  # course hint mini.lpushx


def _push(client: Client, key: bytes, elements: list[bytes], left: bool) -> int:
    """Add to the list at `key`, which is created where there is none; its length."""
    raise NotImplementedError("mini.lpush")  # course hint mini.lpush


@command("LLEN", arity=2, flags="readonly fast", keys=(1, 1, 1), group="list", since="1.0.0")
def llen(client: Client, args: Args) -> Reply:
    """LLEN key: how many elements the list has."""
    raise NotImplementedError("mini.lpush")  # course hint mini.lpush


@command("LRANGE", arity=4, flags="readonly", keys=(1, 1, 1), group="list", since="1.0.0")
def lrange(client: Client, args: Args) -> Reply:
    """LRANGE key start stop: the elements from one index to another, both included; -1 is the last one."""
    raise NotImplementedError("mini.lrange")  # course hint mini.lrange


def _bounds(start: int, stop: int, length: int) -> tuple[int, int]:
    """Turn Redis's indices, which count from the end when negative and include `stop`, into Python's."""
    raise NotImplementedError("mini.lrange")  # course hint mini.lrange


@command("LPOP", arity=-2, flags="write fast", keys=(1, 1, 1), group="list", since="1.0.0")
def lpop(client: Client, args: Args) -> Reply:
    """LPOP key [count]: remove and return the head, or with a count so many elements as a list; nil without a key."""
    raise NotImplementedError("mini.lpop")  # course hint mini.lpop


@command("RPOP", arity=-2, flags="write fast", keys=(1, 1, 1), group="list", since="1.0.0")
def rpop(client: Client, args: Args) -> Reply:
    """RPOP key [count]: remove and return the tail, or with a count so many elements as a list; nil without a key."""
    raise NotImplementedError("mini.lpop")  # course hint mini.lpop


def _pop_command(client: Client, args: Args, left: bool) -> Reply:
    raise NotImplementedError("mini.lpop")  # course hint mini.lpop


def pop(client: Client, key: bytes, value: List, left: bool, count: int = 1) -> list[bytes]:
    """Remove elements from one end of a list, and the list with its last one; they are returned as they left."""
    raise NotImplementedError("mini.lpop")  # course hint mini.lpop


@command("LINDEX", arity=3, flags="readonly", keys=(1, 1, 1), group="list", since="1.0.0")
def lindex(client: Client, args: Args) -> Reply:
    """LINDEX key index: the element there, or nil; -1 is the last one."""
    raise NotImplementedError("mini.lindex")  # course hint mini.lindex


@command("LSET", arity=4, flags="write denyoom", keys=(1, 1, 1), group="list", since="1.0.0")
def lset(client: Client, args: Args) -> Reply:
    """LSET key index element: put another element in the place of one."""
    raise NotImplementedError("mini.lindex")  # course hint mini.lindex


@command("LINSERT", arity=5, flags="write denyoom", keys=(1, 1, 1), group="list", since="2.2.0")
def linsert(client: Client, args: Args) -> Reply:
    """LINSERT key BEFORE|AFTER pivot element: add beside the first such pivot.

    The length; -1 where there is no such element, 0 where there is no list.
    """
    raise NotImplementedError("mini.linsert")  # course hint mini.linsert


@command("LREM", arity=4, flags="write", keys=(1, 1, 1), group="list", since="1.0.0")
def lrem(client: Client, args: Args) -> Reply:
    """LREM key count element: remove the first `count` of these elements; -n the last n, 0 all. How many it were."""
    raise NotImplementedError("mini.lrem")  # course hint mini.lrem


@command("LTRIM", arity=4, flags="write", keys=(1, 1, 1), group="list", since="1.0.0")
def ltrim(client: Client, args: Args) -> Reply:
    """LTRIM key start stop: keep only the elements from one index to another, both included."""
    raise NotImplementedError("mini.ltrim")  # course hint mini.ltrim


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
    raise NotImplementedError("mini.lpos")  # course hint mini.lpos


def _lpos_options(args: Args) -> tuple[int, int | None, int]:
    """RANK, COUNT and MAXLEN: 1, None and 0 where they are not given."""
    raise NotImplementedError("mini.lpos")  # course hint mini.lpos


def _places(value: List, element: bytes, rank: int, count: int, most: int) -> list[int]:
    """Indices of `element` from the rank-th match on: `count` of them (0: all), within `most` elements (0: all)."""
    raise NotImplementedError("mini.lpos")  # course hint mini.lpos


@command("LMOVE", arity=5, flags="write denyoom", keys=(1, 2, 1), group="list", since="6.2.0")
def lmove(client: Client, args: Args) -> Reply:
    """LMOVE source destination LEFT|RIGHT LEFT|RIGHT: move an element from an end of one list to an end of another.

    The element, or nil.
    """
    raise NotImplementedError("mini.lmove")  # course hint mini.lmove


@command("RPOPLPUSH", arity=3, flags="write denyoom", keys=(1, 2, 1), group="list", since="1.2.0")
def rpoplpush(client: Client, args: Args) -> Reply:
    """RPOPLPUSH source destination: LMOVE source destination RIGHT LEFT."""
    raise NotImplementedError("mini.lmove")  # course hint mini.lmove


def is_left(arg: bytes) -> bool:
    """Whether a word is LEFT; a syntax error if it is not RIGHT either."""
    raise NotImplementedError("mini.lmove")  # course hint mini.lmove


def move(client: Client, source: bytes, destination: bytes, from_left: bool, to_left: bool) -> bytes | None:
    """Move one element; both lists are looked at before anything changes, so that an error changes nothing."""
    raise NotImplementedError("mini.lmove")  # course hint mini.lmove


@command("LMPOP", arity=-4, flags="write movablekeys", find_keys=counted_keys(1), group="list", since="7.0.0")
def lmpop(client: Client, args: Args) -> Reply:
    """LMPOP numkeys key [key …] LEFT|RIGHT [COUNT count]: pop from the first list that is there.

    The key and the elements, or nil.
    """
    raise NotImplementedError("mini.lmpop")  # course hint mini.lmpop


def lmpop_arguments(args: Args, at: int) -> tuple[list[bytes], bool, int]:
    """Read `numkeys key … LEFT|RIGHT [COUNT count]` from `at` on: the keys, whether it is LEFT, the count."""
    raise NotImplementedError("mini.lmpop")  # course hint mini.lmpop


def pop_first(client: Client, keys: list[bytes], left: bool, count: int) -> tuple[bytes, list[bytes]] | None:
    """Pop from the first of the lists that is there: its key and the elements, or None."""
    raise NotImplementedError("mini.lmpop")  # course hint mini.lmpop
