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
    ### BEGIN SOLUTION mini.client-name
    return client.id
    ### END SOLUTION


@command("CLIENT SETNAME", arity=3, flags=MINE, group="connection", since="2.6.9")
def client_setname(client: Client, args: Args) -> Reply:
    """CLIENT SETNAME name: give this connection a name; an empty one takes it away."""
    ### BEGIN SOLUTION mini.client-name
    client.name = proper_name(args[2], BAD_NAME)
    return OK
    ### END SOLUTION


@command("CLIENT GETNAME", arity=2, flags=MINE, group="connection", since="2.6.9")
def client_getname(client: Client, args: Args) -> Reply:
    """CLIENT GETNAME: the name of this connection, or nil."""
    ### BEGIN SOLUTION mini.client-name
    return client.name or None
    ### END SOLUTION


@command("CLIENT SETINFO", arity=4, flags=MINE, group="connection", since="7.2.0")
def client_setinfo(client: Client, args: Args) -> Reply:
    """CLIENT SETINFO LIB-NAME | LIB-VER text: tell which library this is."""
    ### BEGIN SOLUTION mini.client-name
    what = _LIBRARY.get(args[2].upper())
    if what is None:
        raise CommandError(f"ERR Unrecognized option '{args[2].decode('latin-1')}'")
    error = f"{args[2].decode('latin-1')} cannot contain spaces, newlines or special characters."
    client.library[what] = proper_name(args[3], error)
    return OK
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.client-list
    tracking = client.tracking
    flags = {
        "O": client.monitoring,
        "P": client.subscriptions and not client.monitoring,
        "x": client.queue is not None,
        "b": client.wait is not None,
        "t": tracking is not None,
        "R": tracking is not None and tracking.broken,
        "B": tracking is not None and tracking.mode == "bcast",
        "d": client.watched_key_changed,
        "c": client.closing,
        "U": client.over_unix_socket,
        "e": client.no_evict,
        "T": client.no_touch,
    }
    return "".join(letter for letter, on in flags.items() if on) or "N"
    ### END SOLUTION


def kind_of(client: Client) -> str:
    """Return the class of a client: "normal", "pubsub", or "replica" for one that monitors."""
    if client.monitoring:
        return "replica"
    return "pubsub" if client.subscriptions else "normal"


def _kind(arg: bytes) -> str:
    ### BEGIN SOLUTION mini.client-list
    kind = arg.lower().decode("latin-1")
    kind = {"slave": "replica"}.get(kind, kind)
    if kind not in ("normal", "pubsub", "replica", "master"):
        raise CommandError(f"ERR Unknown client type '{arg.decode('latin-1')}'")
    return kind
    ### END SOLUTION


@command("CLIENT INFO", arity=2, flags=MINE, group="connection", since="6.2.0")
def client_info(client: Client, args: Args) -> Reply:
    """CLIENT INFO: the line of CLIENT LIST about this connection."""
    ### BEGIN SOLUTION mini.client-list
    return Verbatim(line(client) + b"\n")
    ### END SOLUTION


@command("CLIENT LIST", arity=-2, flags=ADMIN, group="connection", since="2.4.0")
def client_list(client: Client, args: Args) -> Reply:
    """CLIENT LIST [TYPE type | ID id [id …]]: a line about each connection, oldest first."""
    ### BEGIN SOLUTION mini.client-list
    clients = list(client.server.clients.values())
    if len(args) == 4 and args[2].upper() == b"TYPE":
        kind = _kind(args[3])
        clients = [each for each in clients if kind_of(each) == kind]
    elif len(args) > 3 and args[2].upper() == b"ID":
        ids = [integer(arg, "ERR Invalid client ID") for arg in args[3:]]
        clients = [client.server.clients[each] for each in ids if each in client.server.clients]
    elif len(args) > 2:
        raise syntax_error()
    return Verbatim(b"".join(line(each) + b"\n" for each in clients))
    ### END SOLUTION


# Ending and holding others


@command("CLIENT KILL", arity=-3, flags=ADMIN, group="connection", since="2.4.0")
def client_kill(client: Client, args: Args) -> Reply:
    """CLIENT KILL address | [ID id | ADDR a | LADDR a | TYPE t | USER u | MAXAGE s | SKIPME yes|no] …: hang up.

    OK for the old form with an address, how many were hung up for the other.
    """
    ### BEGIN SOLUTION mini.client-kill
    clients = list(client.server.clients.values())
    if len(args) == 3:
        for each in clients:
            if each.address.encode() == args[2]:
                each.kill()
                return OK
        raise CommandError("ERR No such client")
    skip_me, filters = _kill_filters(args, client)
    doomed = [each for each in clients if all(fits(each) for fits in filters) and not (skip_me and each is client)]
    for each in doomed:
        each.kill()
    return len(doomed)
    ### END SOLUTION


def _kill_filters(args: Args, client: Client) -> tuple[bool, list[Callable[[Client], bool]]]:
    """Return whether to spare oneself, and what a client to be killed has to be."""
    ### BEGIN SOLUTION mini.client-kill
    skip_me = True
    filters: list[Callable[[Client], bool]] = []
    at = 2
    while at < len(args):
        option = args[at].upper()
        if at + 1 == len(args):
            raise syntax_error()
        value = args[at + 1]
        if option == b"SKIPME":
            if value.lower() not in (b"yes", b"no"):
                raise syntax_error()
            skip_me = value.lower() == b"yes"
        else:
            filters.append(_kill_filter(option, value, client))
        at += 2
    return skip_me, filters
    ### END SOLUTION


def _kill_filter(option: bytes, value: bytes, client: Client) -> Callable[[Client], bool]:
    ### BEGIN SOLUTION mini.client-kill
    if option == b"ID":
        number = integer(value, "ERR client-id should be greater than 0")
        if number < 1:
            raise CommandError("ERR client-id should be greater than 0")
        return lambda each: each.id == number
    if option == b"ADDR":
        return lambda each: each.address.encode() == value
    if option == b"LADDR":
        return lambda each: each.own_address.encode() == value
    if option == b"TYPE":
        kind = _kind(value)
        return lambda each: kind_of(each) == kind
    if option == b"USER":
        if value != b"default":
            raise CommandError(f"ERR No such user '{value.decode('latin-1')}'")
        return lambda each: each.authenticated
    if option == b"MAXAGE":
        age = integer(value, "ERR maxage is not an integer or out of range")
        return lambda each: int(client.server.now / 1000 - each.created) >= age
    raise syntax_error()
    ### END SOLUTION


@command("CLIENT PAUSE", arity=-3, flags=ADMIN, group="connection", since="3.0.0")
def client_pause(client: Client, args: Args) -> Reply:
    """CLIENT PAUSE milliseconds [WRITE | ALL]: let the commands of all clients, or those that write, wait."""
    ### BEGIN SOLUTION mini.client-pause
    if len(args) > 4:
        raise try_help(args)
    mode = args[3].upper() if len(args) > 3 else b"ALL"
    if mode not in (b"WRITE", b"ALL"):
        raise CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL")
    milliseconds = integer(args[2], "ERR timeout is not an integer or out of range")
    if milliseconds < 0:
        raise CommandError("ERR timeout is negative")
    client.server.pause.begin(client.server.now + milliseconds, writes_only=mode == b"WRITE")
    return OK
    ### END SOLUTION


@command("CLIENT UNPAUSE", arity=2, flags=ADMIN, group="connection", since="6.2.0")
def client_unpause(client: Client, args: Args) -> Reply:
    """CLIENT UNPAUSE: end the pause at once."""
    ### BEGIN SOLUTION mini.client-pause
    client.server.pause.end()
    return OK
    ### END SOLUTION


@command("CLIENT UNBLOCK", arity=-3, flags=ADMIN, group="connection", since="5.0.0")
def client_unblock(client: Client, args: Args) -> Reply:
    """CLIENT UNBLOCK id [TIMEOUT | ERROR]: let a client wait no longer. 1, or 0 if it did not wait."""
    ### BEGIN SOLUTION mini.client-unblock
    if len(args) > 4:
        raise try_help(args)
    how = args[3].upper() if len(args) > 3 else b"TIMEOUT"
    if how not in (b"TIMEOUT", b"ERROR"):
        raise CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    blocked = client.server.clients.get(integer(args[2]))
    if blocked is None or blocked.wait is None or not blocked.wait.keys:
        return 0
    timeout: Reply = blocked.wait.on_timeout
    client.server.blocked.forget(blocked)
    blocked.send(timeout if how == b"TIMEOUT" else CommandError("UNBLOCKED client unblocked via CLIENT UNBLOCK"))
    client.server.wake(blocked)
    return 1
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.client-reply
    mode = args[2].upper()
    if mode == b"ON":
        client.reply_mode = "on"
    elif mode == b"OFF":
        client.reply_mode = "off"
    elif mode == b"SKIP":
        if client.reply_mode != "off":
            client.reply_mode = "skip next"
    else:
        raise syntax_error()
    client.session_changed()
    return OK if mode == b"ON" else NO_REPLY
    ### END SOLUTION


# Client-side caching


@command("CLIENT TRACKING", arity=-3, flags=MINE, group="connection", since="6.0.0")
def client_tracking(client: Client, args: Args) -> Reply:
    """CLIENT TRACKING ON | OFF [REDIRECT id] [PREFIX p …] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]: hear of changed keys."""
    ### BEGIN SOLUTION mini.tracking
    options, prefixes, redirect = _tracking_options(client, args)
    if not _on_or_off(args[2]):
        client.server.trackers.forget(client)
        client.session_changed()
        return OK
    old = client.tracking
    mode = next((word.lower().decode() for word in (b"BCAST", b"OPTIN", b"OPTOUT") if word in options), "")
    _check_tracking(options, prefixes, old, mode)
    kept = old.prefixes if old is not None else []
    _check_prefixes(prefixes, kept)
    tracking = Tracking(mode, b"NOLOOP" in options, redirect, prefixes=kept + prefixes)
    if mode == "bcast" and not tracking.prefixes:
        tracking.prefixes = [b""]
    client.server.trackers.add(client, tracking)
    client.session_changed()
    return OK
    ### END SOLUTION


def _tracking_options(client: Client, args: Args) -> tuple[set[bytes], list[bytes], int]:
    """Return the words, the prefixes and the id of REDIRECT that CLIENT TRACKING was given."""
    ### BEGIN SOLUTION mini.tracking
    options: set[bytes] = set()
    prefixes: list[bytes] = []
    redirect = 0
    at = 3
    while at < len(args):
        word = args[at].upper()
        if word == b"REDIRECT" and at + 1 < len(args):
            at += 1
            if redirect:
                raise CommandError("ERR A client can only redirect to a single other client")
            redirect = integer(args[at])
            if redirect not in client.server.clients:
                raise CommandError("ERR The client ID you want redirect to does not exist")
        elif word == b"PREFIX" and at + 1 < len(args):
            at += 1
            prefixes.append(args[at])
        elif word in (b"BCAST", b"OPTIN", b"OPTOUT", b"NOLOOP"):
            options.add(word)
        else:
            raise syntax_error()
        at += 1
    return options, prefixes, redirect
    ### END SOLUTION


def _check_tracking(options: set[bytes], prefixes: list[bytes], old: Tracking | None, mode: str) -> None:
    """Raise the error of options that do not go together, or not with those that hold already."""
    ### BEGIN SOLUTION mini.tracking
    if prefixes and mode != "bcast":
        raise CommandError("ERR PREFIX option requires BCAST mode to be enabled")
    if old is not None and (old.mode == "bcast") != (mode == "bcast"):
        raise CommandError(
            "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then"
            " re-enabling it with a different mode."
        )
    if mode == "bcast" and options & {b"OPTIN", b"OPTOUT"}:
        raise CommandError("ERR OPTIN and OPTOUT are not compatible with BCAST")
    if {b"OPTIN", b"OPTOUT"} <= options:
        raise CommandError("ERR You can't specify both OPTIN mode and OPTOUT mode")
    if old is not None and {old.mode, mode} == {"optin", "optout"}:
        raise CommandError(
            "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then"
            " re-enabling it with a different mode."
        )
    ### END SOLUTION


def _check_prefixes(new: list[bytes], existing: list[bytes]) -> None:
    """Raise the error of two prefixes of which one begins with the other: a change would be told twice."""
    ### BEGIN SOLUTION mini.tracking-bcast
    for place, prefix in enumerate(new):
        for others, which in ((existing, "an existing"), (new[place + 1 :], "another provided")):
            for other in others:
                if prefix.startswith(other) or other.startswith(prefix):
                    raise CommandError(
                        f"ERR Prefix '{prefix.decode('latin-1')}' overlaps with {which} prefix"
                        f" '{other.decode('latin-1')}'. Prefixes for a single client must not overlap."
                    )
    ### END SOLUTION


@command("CLIENT CACHING", arity=3, flags=MINE, group="connection", since="6.0.0")
def client_caching(client: Client, args: Args) -> Reply:
    """CLIENT CACHING YES | NO: track the keys of the next command, with OPTIN; do not track them, with OPTOUT."""
    ### BEGIN SOLUTION mini.tracking
    tracking = client.tracking
    if tracking is None:
        raise CommandError(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT"
            " mode enabled"
        )
    wanted = args[2].upper()
    if wanted not in (b"YES", b"NO"):
        raise syntax_error()
    needed = "optin" if wanted == b"YES" else "optout"
    if tracking.mode != needed:
        raise CommandError(
            f"ERR CLIENT CACHING {wanted.decode()} is only valid when tracking is enabled in {needed.upper()} mode."
        )
    tracking.caching = wanted == b"YES"
    return OK
    ### END SOLUTION


@command("CLIENT GETREDIR", arity=2, flags=MINE, group="connection", since="6.0.0")
def client_getredir(client: Client, args: Args) -> Reply:
    """CLIENT GETREDIR: the id that messages are redirected to; 0 for nobody, -1 without tracking."""
    ### BEGIN SOLUTION mini.tracking
    return -1 if client.tracking is None else client.tracking.redirect
    ### END SOLUTION


@command("CLIENT TRACKINGINFO", arity=2, flags=MINE, group="connection", since="6.2.0")
def client_trackinginfo(client: Client, args: Args) -> Reply:
    """CLIENT TRACKINGINFO: a map of how this connection tracks."""
    ### BEGIN SOLUTION mini.tracking
    tracking = client.tracking
    if tracking is None:
        return Map([b"flags", SetReply([b"off"]), b"redirect", -1, b"prefixes", []])
    flags = [b"on"] + [tracking.mode.encode()] * bool(tracking.mode)
    if tracking.caching is not None:
        flags.append(b"caching-yes" if tracking.caching else b"caching-no")
    if tracking.noloop:
        flags.append(b"noloop")
    if tracking.broken:
        flags.append(b"broken_redirect")
    prefixes = sorted(tracking.prefixes) if tracking.mode == "bcast" else []
    return Map([b"flags", SetReply(flags), b"redirect", tracking.redirect, b"prefixes", prefixes])
    ### END SOLUTION
