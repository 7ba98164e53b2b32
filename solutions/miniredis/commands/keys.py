"""Commands on keys of any type: their being there, their end, their name."""

from __future__ import annotations

from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.resp import Args, Reply, Status
from miniredis.values import type_name


@command("DEL", arity=-2, flags="write", keys=(1, -1, 1))
def del_(client: Client, args: Args) -> Reply:
    """DEL key [key …]: remove keys. How many there were."""
    ### BEGIN SOLUTION mini.del
    removed = 0
    for key in args[1:]:
        if client.db.peek(key) is not None and client.db.delete(key):
            client.db.modified(key, "g", "del")
            removed += 1
    return removed
    ### END SOLUTION


@command("EXISTS", arity=-2, flags="readonly fast", keys=(1, -1, 1))
def exists(client: Client, args: Args) -> Reply:
    """EXISTS key [key …]: how many of them are there; one named twice counts twice."""
    ### BEGIN SOLUTION mini.exists
    return sum(client.db.read_any(key) is not None for key in args[1:])
    ### END SOLUTION


@command("TYPE", arity=2, flags="readonly fast", keys=(1, 1, 1))
def type_(client: Client, args: Args) -> Reply:
    """TYPE key: string, list, set, zset, hash, stream, or none."""
    ### BEGIN SOLUTION mini.type
    value = client.db.peek(args[1])
    return Status("none" if value is None else type_name(value))
    ### END SOLUTION


@command("DBSIZE", arity=1, flags="readonly fast")
def dbsize(client: Client, args: Args) -> Reply:
    """DBSIZE: how many keys the database has."""
    ### BEGIN SOLUTION mini.dbsize
    return len(client.db)
    ### END SOLUTION


@command("FLUSHALL", arity=-1, flags="write")
def flushall(client: Client, args: Args) -> Reply:
    """FLUSHALL [ASYNC | SYNC]: remove all keys of all databases."""
    raise NotImplementedError
