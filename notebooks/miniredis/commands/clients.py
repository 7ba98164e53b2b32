"""CLIENT: what the server knows of its connections, and what a connection wants to be known of it."""

from __future__ import annotations

from collections.abc import Callable

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.connection import BAD_NAME, proper_name
from miniredis.commands.help import offer_help, try_help
from miniredis.commands.table import command, container
from miniredis.connection import Client
from miniredis.resp import NO_REPLY, OK, Args, CommandError, Map, Reply, SetReply, Verbatim
from miniredis.tracking import Tracking

MINE = "noscript loading stale"
ADMIN = "admin noscript loading stale"
_LIBRARY = {b"LIB-NAME": b"lib-name", b"LIB-VER": b"lib-ver"}

container("CLIENT", group="connection", since="2.4.0")
offer_help("CLIENT", since="5.0.0")


@command("CLIENT ID", arity=2, flags=MINE, group="connection", since="5.0.0")
def client_id(client: Client, args: Args) -> Reply:
    """CLIENT ID: the number of this connection; no other ever has the same."""
    raise NotImplementedError("mini.client-name")  # course hint mini.client-name


@command("CLIENT SETNAME", arity=3, flags=MINE, group="connection", since="2.6.9")
def client_setname(client: Client, args: Args) -> Reply:
    """CLIENT SETNAME name: give this connection a name; an empty one takes it away."""
    raise NotImplementedError("mini.client-name")  # course hint mini.client-name


@command("CLIENT GETNAME", arity=2, flags=MINE, group="connection", since="2.6.9")
def client_getname(client: Client, args: Args) -> Reply:
    """CLIENT GETNAME: the name of this connection, or nil."""
    raise NotImplementedError("mini.client-name")  # course hint mini.client-name


@command("CLIENT SETINFO", arity=4, flags=MINE, group="connection", since="7.2.0")
def client_setinfo(client: Client, args: Args) -> Reply:
    """CLIENT SETINFO LIB-NAME | LIB-VER text: tell which library this is."""
    raise NotImplementedError("mini.client-name")  # course hint mini.client-name


# Lists


def line(client: Client) -> bytes:
    """Return what CLIENT LIST says of one connection."""
    now = client.server.now
    tracking = client.tracking
    last = client.last_command
    queue = client.queue
    fields = {
        "id": client.id,
        "addr": client.address,
        "laddr": client.own_address,
        "fd": -1 if client.socket is None else client.socket.fileno(),
        "name": client.name.decode("latin-1"),
        "age": int(now / 1000 - client.created),
        "idle": max(now - client.last_used, 0) // 1000,
        "flags": _flags(client),
        "db": client.db.index,
        "sub": len(client.channels),
        "psub": len(client.patterns),
        "ssub": len(client.shard_channels),
        "multi": -1 if queue is None else len(queue),
        "watch": len(client.watching),
        "qbuf": client.unread,
        "qbuf-free": 0,
        "argv-mem": 0,
        "multi-mem": sum(len(arg) for _, args in queue or () for arg in args),
        "rbs": 0,
        "rbp": 0,
        "obl": 0,
        "oll": 0,
        "omem": client.unsent,
        "tot-mem": client.unread + client.unsent,
        "events": "rw" if client.unsent else "r",
        "cmd": "NULL" if last is None else last.name,
        "user": "default",
        "redir": -1 if tracking is None else tracking.redirect,
        "resp": client.protocol,
        "lib-name": client.library.get(b"lib-name", b"").decode("latin-1"),
        "lib-ver": client.library.get(b"lib-ver", b"").decode("latin-1"),
        "io-thread": 0,
        "tot-net-in": client.bytes_in,
        "tot-net-out": client.bytes_out,
        "tot-cmds": client.commands,
    }
    return " ".join(f"{name}={value}" for name, value in fields.items()).encode("latin-1")


def _flags(client: Client) -> str:
    raise NotImplementedError("mini.client-list")  # course hint mini.client-list


def kind_of(client: Client) -> str:
    """Return the class of a client: "normal", "pubsub", or "replica" for one that monitors."""
    if client.monitoring:
        return "replica"
    return "pubsub" if client.subscriptions else "normal"


def _kind(arg: bytes) -> str:
    raise NotImplementedError("mini.client-list")  # course hint mini.client-list


@command("CLIENT INFO", arity=2, flags=MINE, group="connection", since="6.2.0")
def client_info(client: Client, args: Args) -> Reply:
    """CLIENT INFO: the line of CLIENT LIST about this connection."""
    raise NotImplementedError("mini.client-list")  # course hint mini.client-list


@command("CLIENT LIST", arity=-2, flags=ADMIN, group="connection", since="2.4.0")
def client_list(client: Client, args: Args) -> Reply:
    """CLIENT LIST [TYPE type | ID id [id …]]: a line about each connection, oldest first."""
    raise NotImplementedError("mini.client-list")  # course hint mini.client-list


# Ending and holding others


@command("CLIENT KILL", arity=-3, flags=ADMIN, group="connection", since="2.4.0")
def client_kill(client: Client, args: Args) -> Reply:
    """CLIENT KILL address | [ID id | ADDR a | LADDR a | TYPE t | USER u | MAXAGE s | SKIPME yes|no] …: hang up.

    OK for the old form with an address, how many were hung up for the other.
    """
    raise NotImplementedError("mini.client-kill")  # course hint mini.client-kill


def _kill_filters(args: Args, client: Client) -> tuple[bool, list[Callable[[Client], bool]]]:
    """Return whether to spare oneself, and what a client to be killed has to be."""
    raise NotImplementedError("mini.client-kill")  # course hint mini.client-kill


def _kill_filter(option: bytes, value: bytes, client: Client) -> Callable[[Client], bool]:
    raise NotImplementedError("mini.client-kill")  # course hint mini.client-kill


@command("CLIENT PAUSE", arity=-3, flags=ADMIN, group="connection", since="3.0.0")
def client_pause(client: Client, args: Args) -> Reply:
    """CLIENT PAUSE milliseconds [WRITE | ALL]: let the commands of all clients, or those that write, wait."""
    raise NotImplementedError("mini.client-pause")  # course hint mini.client-pause


@command("CLIENT UNPAUSE", arity=2, flags=ADMIN, group="connection", since="6.2.0")
def client_unpause(client: Client, args: Args) -> Reply:
    """CLIENT UNPAUSE: end the pause at once."""
    raise NotImplementedError("mini.client-pause")  # course hint mini.client-pause


@command("CLIENT UNBLOCK", arity=-3, flags=ADMIN, group="connection", since="5.0.0")
def client_unblock(client: Client, args: Args) -> Reply:
    """CLIENT UNBLOCK id [TIMEOUT | ERROR]: let a client wait no longer. 1, or 0 if it did not wait."""
    raise NotImplementedError("mini.client-unblock")  # course hint mini.client-unblock


# What a connection wants


def _on_or_off(arg: bytes) -> bool:
    if arg.upper() not in (b"ON", b"OFF"):
        raise syntax_error()
    return arg.upper() == b"ON"


@command("CLIENT NO-EVICT", arity=3, flags=ADMIN, group="connection", since="7.0.0")
def client_no_evict(client: Client, args: Args) -> Reply:
    """CLIENT NO-EVICT ON | OFF: keep this connection even if all clients together need too much memory."""
    client.no_evict = _on_or_off(args[2])
    return OK


@command("CLIENT NO-TOUCH", arity=3, flags=MINE, group="connection", since="7.2.0")
def client_no_touch(client: Client, args: Args) -> Reply:
    """CLIENT NO-TOUCH ON | OFF: what this connection reads does not count as used."""
    client.no_touch = _on_or_off(args[2])
    return OK


@command("CLIENT REPLY", arity=3, flags=MINE, group="connection", since="3.2.0")
def client_reply(client: Client, args: Args) -> Reply:
    """CLIENT REPLY ON | OFF | SKIP: send replies, or none, or none to the next command."""
    raise NotImplementedError("mini.client-reply")  # course hint mini.client-reply


# Client-side caching


@command("CLIENT TRACKING", arity=-3, flags=MINE, group="connection", since="6.0.0")
def client_tracking(client: Client, args: Args) -> Reply:
    """CLIENT TRACKING ON | OFF [REDIRECT id] [PREFIX p …] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]: hear of changed keys."""
    raise NotImplementedError("mini.tracking")  # course hint mini.tracking


def _tracking_options(client: Client, args: Args) -> tuple[set[bytes], list[bytes], int]:
    """Return the words, the prefixes and the id of REDIRECT that CLIENT TRACKING was given."""
    raise NotImplementedError("mini.tracking")  # course hint mini.tracking


def _check_tracking(options: set[bytes], prefixes: list[bytes], old: Tracking | None, mode: str) -> None:
    """Raise the error of options that do not go together, or not with those that hold already."""
    raise NotImplementedError("mini.tracking")  # course hint mini.tracking


def _check_prefixes(new: list[bytes], existing: list[bytes]) -> None:
    """Raise the error of two prefixes of which one begins with the other: a change would be told twice."""
    raise NotImplementedError("mini.tracking-bcast")  # course hint mini.tracking-bcast


@command("CLIENT CACHING", arity=3, flags=MINE, group="connection", since="6.0.0")
def client_caching(client: Client, args: Args) -> Reply:
    """CLIENT CACHING YES | NO: track the keys of the next command, with OPTIN; do not track them, with OPTOUT."""
    raise NotImplementedError("mini.tracking")  # course hint mini.tracking


@command("CLIENT GETREDIR", arity=2, flags=MINE, group="connection", since="6.0.0")
def client_getredir(client: Client, args: Args) -> Reply:
    """CLIENT GETREDIR: the id that messages are redirected to; 0 for nobody, -1 without tracking."""
    raise NotImplementedError("mini.tracking")  # course hint mini.tracking


@command("CLIENT TRACKINGINFO", arity=2, flags=MINE, group="connection", since="6.2.0")
def client_trackinginfo(client: Client, args: Args) -> Reply:
    """CLIENT TRACKINGINFO: a map of how this connection tracks."""
    raise NotImplementedError("mini.tracking")  # course hint mini.tracking
