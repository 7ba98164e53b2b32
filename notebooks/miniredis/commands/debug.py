"""DEBUG: for tests and for the curious. Nobody may use it unless enable-debug-command says so.

Other modules add what they can show with `debug_command`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from miniredis.commands.help import try_help
from miniredis.commands.table import Handler, command
from miniredis.connection import Client
from miniredis.resp import OK, Args, CommandError, Map, Push, Raw, Reply, SetReply, Status, Verbatim

_BIG = b"1234567999999999999999999999999999999"
_KNOWN: dict[bytes, tuple[int, Handler]] = {}


def debug_command(name: str, *, arity: int) -> Callable[[Handler], Handler]:
    """Register what DEBUG does under a word; the arity counts DEBUG itself. COMMAND does not list these."""

    def register(handler: Handler) -> Handler:
        _KNOWN[name.encode()] = arity, handler
        return handler

    return register


@command("DEBUG", arity=-2, flags="admin noscript loading stale", group="server")
def debug(client: Client, args: Args) -> Reply:
    """DEBUG subcommand …: look inside, and make things happen that otherwise take chance or time."""
    allowed = client.server.config["enable-debug-command"]
    if allowed == "no" or (allowed == "local" and not client.is_local):
        raise CommandError(
            'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from'
            " a local connection, otherwise you need to set this option in the configuration file, and then restart"
            " the server."
        )
    arity, handler = _KNOWN.get(args[1].upper(), (0, debug))
    if len(args) != arity and not -len(args) <= arity < 0:
        raise try_help(args)
    return handler(client, args)


@debug_command("SLEEP", arity=3)
def debug_sleep(client: Client, args: Args) -> Reply:
    """DEBUG SLEEP seconds: do nothing for so long, and let nobody else do anything."""
    raise NotImplementedError("mini.debug-sleep")  # course hint mini.debug-sleep


@debug_command("SET-ACTIVE-EXPIRE", arity=3)
def debug_set_active_expire(client: Client, args: Args) -> Reply:
    """DEBUG SET-ACTIVE-EXPIRE 0 | 1: whether keys whose time has come are looked for, or only met."""
    client.server.active_expire = args[2] != b"0"
    return OK


@debug_command("ERROR", arity=3)
def debug_error(client: Client, args: Args) -> Reply:
    """DEBUG ERROR text: reply that error."""
    raise CommandError(args[2].decode("latin-1"))


@debug_command("PROTOCOL", arity=3)
def debug_protocol(client: Client, args: Args) -> Reply:
    """DEBUG PROTOCOL type: a reply of that type, for those who write clients."""
    replies: dict[bytes, Reply] = {
        b"string": b"Hello World",
        b"integer": 12345,
        b"double": 3.141,
        b"null": None,
        b"array": [0, 1, 2],
        b"set": SetReply([0, 1, 2]),
        b"map": Map([0, False, 1, True, 2, False]),
        b"verbatim": Verbatim(b"This is a verbatim\nstring"),
        b"true": True,
        b"false": False,
        b"bignum": Raw(b"(%b\r\n" % _BIG) if client.protocol == 3 else _BIG,
    }
    kind = args[2].lower()
    if kind in replies:
        return replies[kind]
    if kind == b"attrib":
        if client.protocol == 3:
            client.send(Raw(b"|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n"))
        return b"Some real reply following the attribute"
    if kind == b"push":
        if client.protocol == 2:
            raise CommandError("ERR RESP2 is not supported by this command")
        client.push(Push([b"server-cpu-usage", 42]))
        return b"Some real reply following the push reply"
    names = "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"
    raise CommandError(f"ERR Wrong protocol type name. Please use one of the following: {names}")


@debug_command("HELP", arity=2)
def debug_help(client: Client, args: Args) -> Reply:
    """DEBUG HELP: what there is to DEBUG."""
    return [Status(f"DEBUG {name.decode()}") for name in sorted(_KNOWN)]
