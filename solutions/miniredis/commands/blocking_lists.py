"""Lists one can wait for: a queue whose workers sleep until there is work.

Each command is another one of `lists` that waits where that one finds nothing. Within MULTI nobody waits: the whole
server would stand still.
"""

from __future__ import annotations

from miniredis.commands.arguments import counted_keys, deadline
from miniredis.commands.lists import is_left, lmpop_arguments, move, pop_first
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.resp import NULL_ARRAY, Args, Reply
from miniredis.values import List


@command("BLPOP", arity=-3, flags="write blocking", keys=(1, -2, 1), group="list", since="2.0.0")
def blpop(client: Client, args: Args) -> Reply:
    """BLPOP key [key …] timeout: the key and the head of the first list that is there; waits for one to come.

    The timeout is in seconds, 0 for ever; a null array when it is over.
    """
    ### BEGIN SOLUTION mini.blpop
    return _pop_or_wait(client, args, left=True)
    ### END SOLUTION


@command("BRPOP", arity=-3, flags="write blocking", keys=(1, -2, 1), group="list", since="2.0.0")
def brpop(client: Client, args: Args) -> Reply:
    """BRPOP key [key …] timeout: the key and the tail of the first list that is there; waits for one to come."""
    ### BEGIN SOLUTION mini.blpop
    return _pop_or_wait(client, args, left=False)
    ### END SOLUTION


def _pop_or_wait(client: Client, args: Args, left: bool) -> Reply:
    ### BEGIN SOLUTION mini.blpop
    end = deadline(args[-1], client.server.now)
    keys = args[1:-1]
    found = pop_first(client, keys, left, 1)
    if found is None:
        return client.block(keys, end, NULL_ARRAY)
    key, elements = found
    return [key, elements[0]]
    ### END SOLUTION


@command("BLMOVE", arity=6, flags="write denyoom blocking", keys=(1, 2, 1), group="list", since="6.2.0")
def blmove(client: Client, args: Args) -> Reply:
    """BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout: LMOVE that waits for the source to have an element."""
    ### BEGIN SOLUTION mini.blmove
    from_left, to_left = is_left(args[3]), is_left(args[4])
    return _move_or_wait(client, args, from_left, to_left)
    ### END SOLUTION


@command("BRPOPLPUSH", arity=4, flags="write denyoom blocking", keys=(1, 2, 1), group="list", since="2.2.0")
def brpoplpush(client: Client, args: Args) -> Reply:
    """BRPOPLPUSH source destination timeout: BLMOVE source destination RIGHT LEFT timeout."""
    ### BEGIN SOLUTION mini.blmove
    return _move_or_wait(client, args, False, True)
    ### END SOLUTION


def _move_or_wait(client: Client, args: Args, from_left: bool, to_left: bool) -> Reply:
    ### BEGIN SOLUTION mini.blmove
    end = deadline(args[-1], client.server.now)
    source, destination = args[1], args[2]
    if client.db.edit(source, List) is None:
        # Redis has two ways to say "nothing" here: a null where it may not wait, a null array when the time is over.
        return client.block([source], end, NULL_ARRAY) if client.may_block else None
    element = move(client, source, destination, from_left, to_left)
    sides = [b"LEFT" if left else b"RIGHT" for left in (from_left, to_left)]
    client.server.rewrite([b"LMOVE", source, destination, *sides])
    return element
    ### END SOLUTION


@command("BLMPOP", arity=-5, flags="write blocking movablekeys", find_keys=counted_keys(2), group="list", since="7.0.0")
def blmpop(client: Client, args: Args) -> Reply:
    """BLMPOP timeout numkeys key [key …] LEFT|RIGHT [COUNT count]: LMPOP that waits for something to pop."""
    ### BEGIN SOLUTION mini.blmpop
    keys, left, count = lmpop_arguments(args, 2)
    end = deadline(args[1], client.server.now)
    found = pop_first(client, keys, left, count)
    return client.block(keys, end, NULL_ARRAY) if found is None else list(found)
    ### END SOLUTION
