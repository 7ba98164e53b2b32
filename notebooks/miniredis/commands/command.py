"""COMMAND: what the commands are, for clients that want to know. All of it comes from the registry."""

from __future__ import annotations

from collections.abc import Iterable

from miniredis.commands.arguments import syntax_error
from miniredis.commands.categories import categories
from miniredis.commands.help import offer_help
from miniredis.commands.key_specs import key_flags, key_specs
from miniredis.commands.table import COMMANDS, Command, command, lookup
from miniredis.connection import Client
from miniredis.glob import matches
from miniredis.resp import Args, CommandError, Map, Reply, SetReply, Status

MINE = "loading stale"


@command("COMMAND", arity=-1, flags=MINE, group="server", since="2.8.13")
def command_(client: Client, args: Args) -> Reply:
    """COMMAND: what COMMAND INFO says of every command."""
    return [described(entry) for entry in COMMANDS.values()]


offer_help("COMMAND", since="5.0.0")


@command("COMMAND COUNT", arity=2, flags=MINE, group="server", since="2.8.13")
def command_count(client: Client, args: Args) -> Reply:
    """COMMAND COUNT: how many commands there are; subcommands are not counted."""
    raise NotImplementedError("mini.command")  # course hint mini.command


@command("COMMAND INFO", arity=-2, flags=MINE, group="server", since="2.8.13")
def command_info(client: Client, args: Args) -> Reply:
    """COMMAND INFO [name …]: name, arity, flags, first key, last key, step, categories, tips, keys, subcommands."""
    raise NotImplementedError("mini.command")  # course hint mini.command


@command("COMMAND LIST", arity=-2, flags=MINE, group="server", since="7.0.0")
def command_list(client: Client, args: Args) -> Reply:
    """COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]: the names of the commands."""
    raise NotImplementedError("mini.command")  # course hint mini.command


@command("COMMAND DOCS", arity=-2, flags=MINE, group="server", since="7.0.0")
def command_docs(client: Client, args: Args) -> Reply:
    """COMMAND DOCS [name …]: a map of what there is to read of each command."""
    entries = list(COMMANDS.values()) if len(args) == 2 else [_named(name) for name in args[2:]]
    return Map([part for entry in entries if entry for part in (entry.name.encode(), _documented(entry))])


@command("COMMAND GETKEYS", arity=-3, flags=MINE, group="server", since="2.8.13")
def command_getkeys(client: Client, args: Args) -> Reply:
    """COMMAND GETKEYS command …: the arguments of a whole command that are keys."""
    raise NotImplementedError("mini.command")  # course hint mini.command


@command("COMMAND GETKEYSANDFLAGS", arity=-3, flags=MINE, group="server", since="7.0.0")
def command_getkeysandflags(client: Client, args: Args) -> Reply:
    """COMMAND GETKEYSANDFLAGS command …: the same, with what the command does to each."""
    entry, keys = _keys(args[2:])
    return [[key, SetReply(map(Status, key_flags(entry, place, len(keys))))] for place, key in enumerate(keys)]


def _keys(args: Args) -> tuple[Command, list[bytes]]:
    raise NotImplementedError("mini.command")  # course hint mini.command


def _named(name: bytes) -> Command | None:
    """The command of that name; a subcommand is written "config|get"."""
    words = name.split(b"|", 1)
    entry = COMMANDS.get(words[0].upper())
    if entry is None or len(words) == 1:
        return entry
    return entry.subcommands.get(words[1].upper())


def _all() -> Iterable[Command]:
    for entry in COMMANDS.values():
        yield entry
        yield from entry.subcommands.values()


def described(entry: Command) -> Reply:
    """Return the ten things that COMMAND INFO says of a command."""
    raise NotImplementedError("mini.command")  # course hint mini.command


def _arguments(entry: Command) -> Reply:
    """The arguments as the summary writes them; redis-cli shows them while one types. [x] may be left out."""
    usage = entry.summary.partition(":")[0].split(" ", len(entry.name.split("|")))
    parts, depth = [""], 0
    for char in usage[-1] if len(usage) > len(entry.name.split("|")) else "":
        depth += (char == "[") - (char == "]")
        if char == " " and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [
        Map(
            [
                *(b"name", part.strip("[]").encode(), b"type", b"string", b"display_text", part.strip("[]").encode()),
                *((b"flags", [Status("optional")]) if part.startswith("[") else ()),
            ]
        )
        for part in parts
        if part
    ]


def _documented(entry: Command) -> Reply:
    said = [b"summary", entry.summary.encode(), b"since", entry.since.encode(), b"group", entry.group.encode()]
    if not entry.subcommands:
        return Map([*said, b"arguments", _arguments(entry)])
    subcommands = [part for each in entry.subcommands.values() for part in (each.name.encode(), _documented(each))]
    return Map([*said, b"subcommands", Map(subcommands)])
