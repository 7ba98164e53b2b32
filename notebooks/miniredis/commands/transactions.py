"""MULTI, EXEC, DISCARD, WATCH, UNWATCH. What they mean is in `miniredis.transactions`."""

from __future__ import annotations

from miniredis import transactions
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.resp import OK, Args, CommandError, Reply


@command("MULTI", arity=1, flags="noscript loading stale fast allow_busy", since="1.2.0")
def multi(client: Client, args: Args) -> Reply:
    """MULTI: queue the commands that follow, for EXEC."""
    raise NotImplementedError("mini.multi")  # course hint mini.multi


@command("EXEC", arity=1, flags="noscript loading stale skip_slowlog", since="1.2.0")
def exec_(client: Client, args: Args) -> Reply:
    """EXEC: run the queue. The replies of its commands; nil if a watched key has changed."""
    raise NotImplementedError("mini.multi")  # course hint mini.multi


@command("DISCARD", arity=1, flags="noscript loading stale fast allow_busy", since="2.0.0")
def discard(client: Client, args: Args) -> Reply:
    """DISCARD: forget the queue."""
    raise NotImplementedError("mini.discard")  # course hint mini.discard


@command("WATCH", arity=-2, flags="noscript loading stale fast allow_busy", keys=(1, -1, 1), since="2.2.0")
def watch(client: Client, args: Args) -> Reply:
    """WATCH key [key …]: make the next EXEC depend on these keys not having been changed by then."""
    raise NotImplementedError("mini.watch")  # course hint mini.watch


@command("UNWATCH", arity=1, flags="noscript loading stale fast allow_busy", since="2.2.0")
def unwatch(client: Client, args: Args) -> Reply:
    """UNWATCH: forget what is watched."""
    raise NotImplementedError("mini.watch")  # course hint mini.watch
