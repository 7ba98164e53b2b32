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
    raise NotImplementedError("mini.blpop")  # course hint mini.blpop


@command("BRPOP", arity=-3, flags="write blocking", keys=(1, -2, 1), group="list", since="2.0.0")
def brpop(client: Client, args: Args) -> Reply:
    """BRPOP key [key …] timeout: the key and the tail of the first list that is there; waits for one to come."""
    raise NotImplementedError("mini.blpop")  # course hint mini.blpop


def _pop_or_wait(client: Client, args: Args, left: bool) -> Reply:
    raise NotImplementedError("mini.blpop")  # course hint mini.blpop


@command("BLMOVE", arity=6, flags="write denyoom blocking", keys=(1, 2, 1), group="list", since="6.2.0")
def blmove(client: Client, args: Args) -> Reply:
    """BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout: LMOVE that waits for the source to have an element."""
    raise NotImplementedError("mini.blmove")  # course hint mini.blmove


@command("BRPOPLPUSH", arity=4, flags="write denyoom blocking", keys=(1, 2, 1), group="list", since="2.2.0")
def brpoplpush(client: Client, args: Args) -> Reply:
    """BRPOPLPUSH source destination timeout: BLMOVE source destination RIGHT LEFT timeout."""
    raise NotImplementedError("mini.blmove")  # course hint mini.blmove


def _move_or_wait(client: Client, args: Args, from_left: bool, to_left: bool) -> Reply:
    raise NotImplementedError("mini.blmove")  # course hint mini.blmove


@command("BLMPOP", arity=-5, flags="write blocking movablekeys", find_keys=counted_keys(2), group="list", since="7.0.0")
def blmpop(client: Client, args: Args) -> Reply:
    """BLMPOP timeout numkeys key [key …] LEFT|RIGHT [COUNT count]: LMPOP that waits for something to pop."""
    raise NotImplementedError("mini.blmpop")  # course hint mini.blmpop
