"""PING, ECHO, HELLO, AUTH, SELECT, QUIT, RESET: about the connection, not about keys."""

from __future__ import annotations

import hmac

from miniredis import REDIS_VERSION
from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.table import command, wrong_arity
from miniredis.connection import Client
from miniredis.resp import OK, PONG, Args, CommandError, Map, Reply, Status

BAD_NAME = "Client names cannot contain spaces, newlines or special characters."


@command("PING", arity=-1, flags="fast")
def ping(client: Client, args: Args) -> Reply:
    """PING [message]: PONG, or the message. To a RESP2 client that has subscribed, in the form of a message."""
    raise NotImplementedError("mini.ping")  # course hint mini.ping


@command("ECHO", arity=2, flags="loading stale fast")
def echo(client: Client, args: Args) -> Reply:
    """ECHO message: the message."""
    raise NotImplementedError("mini.echo")  # course hint mini.echo


@command("SELECT", arity=2, flags="loading stale fast")
def select(client: Client, args: Args) -> Reply:
    """SELECT index: work in another of the numbered databases from now on."""
    raise NotImplementedError("mini.select")  # course hint mini.select


@command("AUTH", arity=-2, flags="noscript loading stale fast no_auth allow_busy")
def auth(client: Client, args: Args) -> Reply:
    """AUTH [username] password: say who you are. There is one user here, "default"."""
    raise NotImplementedError("mini.auth")  # course hint mini.auth


def _authenticate(client: Client, user: bytes, password: bytes) -> None:
    raise NotImplementedError("mini.auth")  # course hint mini.auth


@command("HELLO", arity=-1, flags="noscript loading stale fast no_auth allow_busy", since="6.0.0")
def hello(client: Client, args: Args) -> Reply:
    """HELLO [protover [AUTH username password] [SETNAME name]]: choose RESP2 or RESP3. A map of what the server is."""
    raise NotImplementedError("mini.hello")  # course hint mini.hello


def _hello_options(args: Args) -> tuple[tuple[bytes, bytes] | None, bytes | None]:
    """Return user and password, and the name, that HELLO was given."""
    raise NotImplementedError("mini.hello")  # course hint mini.hello


def proper_name(name: bytes, error: str) -> bytes:
    """Return a name that fits into a line of CLIENT LIST, or raise the error."""
    raise NotImplementedError("mini.client-name")  # course hint mini.client-name


@command("QUIT", arity=-1, flags="noscript loading stale fast no_auth allow_busy")
def quit_(client: Client, args: Args) -> Reply:
    """QUIT: OK, and the connection is closed; what was sent behind it is not run."""
    raise NotImplementedError("mini.quit")  # course hint mini.quit


@command("RESET", arity=1, flags="noscript loading stale fast no_auth allow_busy", since="6.2.0")
def reset(client: Client, args: Args) -> Reply:
    """RESET: make the connection what it was when it was new, without a new connection."""
    raise NotImplementedError("mini.reset")  # course hint mini.reset


def _no_cluster(client: Client, args: Args) -> Reply:
    raise CommandError("ERR This instance has cluster support disabled")


@command("READONLY", arity=1, flags="loading stale fast", since="3.0.0")
def readonly(client: Client, args: Args) -> Reply:
    """READONLY: let a replica of a cluster answer reads."""
    return _no_cluster(client, args)


@command("READWRITE", arity=1, flags="loading stale fast", since="3.0.0")
def readwrite(client: Client, args: Args) -> Reply:
    """READWRITE: take READONLY back."""
    return _no_cluster(client, args)


@command("ASKING", arity=1, flags="fast", since="3.0.0")
def asking(client: Client, args: Args) -> Reply:
    """ASKING: let the next command of a cluster client in, though the slot is on its way."""
    return _no_cluster(client, args)
