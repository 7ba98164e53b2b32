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
    ### BEGIN SOLUTION mini.ping
    if len(args) > 2:
        raise wrong_arity("ping")
    if client.protocol == 2 and client.subscriptions:
        return [b"pong", args[1] if len(args) == 2 else b""]
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


@command("AUTH", arity=-2, flags="noscript loading stale fast no_auth allow_busy")
def auth(client: Client, args: Args) -> Reply:
    """AUTH [username] password: say who you are. There is one user here, "default"."""
    ### BEGIN SOLUTION mini.auth
    if len(args) > 3:
        raise syntax_error()
    if len(args) == 2 and not client.server.config["requirepass"]:
        raise CommandError(
            "ERR AUTH <password> called without any password configured for the default user."
            " Are you sure your configuration is correct?"
        )
    _authenticate(client, args[1] if len(args) == 3 else b"default", args[-1])
    return OK
    ### END SOLUTION


def _authenticate(client: Client, user: bytes, password: bytes) -> None:
    ### BEGIN SOLUTION mini.auth
    required = str(client.server.config["requirepass"]).encode()
    # Compared in a time that does not tell how much of a guess is right.
    if user != b"default" or (required and not hmac.compare_digest(password, required)):
        raise CommandError("WRONGPASS invalid username-password pair or user is disabled.")
    client.authenticated = True
    client.session_changed()
    ### END SOLUTION


@command("HELLO", arity=-1, flags="noscript loading stale fast no_auth allow_busy", since="6.0.0")
def hello(client: Client, args: Args) -> Reply:
    """HELLO [protover [AUTH username password] [SETNAME name]]: choose RESP2 or RESP3. A map of what the server is."""
    ### BEGIN SOLUTION mini.hello
    protocol = client.protocol
    if len(args) > 1:
        protocol = integer(args[1], "ERR Protocol version is not an integer or out of range")
        if protocol not in (2, 3):
            raise CommandError("NOPROTO unsupported protocol version")
    credentials, name = _hello_options(args)
    if credentials is not None:
        _authenticate(client, *credentials)
    if not client.authenticated:
        raise CommandError(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH"
            " <user> <pass> option can be used to authenticate the client and select the RESP protocol version at"
            " the same time"
        )
    if name is not None:
        client.name = name
    client.protocol = protocol
    client.session_changed()
    return Map(
        [
            *(b"server", b"redis", b"version", REDIS_VERSION.encode(), b"proto", protocol, b"id", client.id),
            *(b"mode", b"standalone", b"role", b"master", b"modules", []),
        ]
    )
    ### END SOLUTION


def _hello_options(args: Args) -> tuple[tuple[bytes, bytes] | None, bytes | None]:
    """Return user and password, and the name, that HELLO was given."""
    ### BEGIN SOLUTION mini.hello
    credentials, name = None, None
    at = 2
    while at < len(args):
        option, left = args[at].upper(), len(args) - at - 1
        if option == b"AUTH" and left >= 2:
            credentials = args[at + 1], args[at + 2]
            at += 3
        elif option == b"SETNAME" and left >= 1:
            name = proper_name(args[at + 1], BAD_NAME)
            at += 2
        else:
            raise CommandError(f"ERR Syntax error in HELLO option '{args[at].decode('latin-1')}'")
    return credentials, name
    ### END SOLUTION


def proper_name(name: bytes, error: str) -> bytes:
    """Return a name that fits into a line of CLIENT LIST, or raise the error."""
    ### BEGIN SOLUTION mini.client-name
    # To Redis a name ends at the first NUL, as all texts do in C; what stands behind it is not looked at.
    if any(not 33 <= byte <= 126 for byte in name.partition(b"\0")[0]):
        raise CommandError(f"ERR {error}")
    return name
    ### END SOLUTION


@command("QUIT", arity=-1, flags="noscript loading stale fast no_auth allow_busy")
def quit_(client: Client, args: Args) -> Reply:
    """QUIT: OK, and the connection is closed; what was sent behind it is not run."""
    ### BEGIN SOLUTION mini.quit
    client.closing = True
    return OK
    ### END SOLUTION


@command("RESET", arity=1, flags="noscript loading stale fast no_auth allow_busy", since="6.2.0")
def reset(client: Client, args: Args) -> Reply:
    """RESET: make the connection what it was when it was new, without a new connection."""
    ### BEGIN SOLUTION mini.reset
    client.reset()
    return Status("RESET")
    ### END SOLUTION


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
