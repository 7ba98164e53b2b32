"""PING, ECHO, HELLO, AUTH, SELECT, QUIT, RESET, CLIENT: about the connection, not about keys."""

from __future__ import annotations

from miniredis.commands.arguments import integer
from miniredis.commands.table import command, wrong_arity
from miniredis.connection import Client
from miniredis.resp import OK, PONG, Args, CommandError, Reply


@command("PING", arity=-1, flags="fast")
def ping(client: Client, args: Args) -> Reply:
    """PING [message]: PONG, or the message."""
    ### BEGIN SOLUTION mini.ping
    if len(args) > 2:
        raise wrong_arity("ping")
    return args[1] if len(args) == 2 else PONG
    ### END SOLUTION


@command("ECHO", arity=2, flags="loading stale fast")
def echo(client: Client, args: Args) -> Reply:
    """ECHO message: the message."""
    ### BEGIN SOLUTION mini.echo
    return args[1]
    ### END SOLUTION


@command("SELECT", arity=2, flags="loading stale fast")
def select(client: Client, args: Args) -> Reply:
    """SELECT index: work in another of the numbered databases from now on."""
    ### BEGIN SOLUTION mini.select
    index = integer(args[1])
    if not 0 <= index < len(client.server.databases):
        raise CommandError("ERR DB index is out of range")
    client.db = client.server.databases[index]
    return OK
    ### END SOLUTION
