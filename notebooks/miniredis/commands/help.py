"""HELP, as every command with subcommands has it: written from what the registry knows of them."""

from __future__ import annotations

from miniredis.commands.table import COMMANDS, command
from miniredis.connection import Client
from miniredis.resp import Args, CommandError, Reply, Status


def offer_help(name: str, *, since: str, flags: str = "loading stale") -> None:
    """Register the subcommand HELP of a container."""

    @command(f"{name} HELP", arity=2, flags=flags, group=COMMANDS[name.encode()].group, since=since)
    def help_(client: Client, args: Args) -> Reply:
        """HELP: what there is to say."""
        lines = [f"{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
        for entry in COMMANDS[name.encode()].subcommands.values():
            usage, _, what = entry.summary.partition(": ")
            lines += [usage.removeprefix(f"{name} "), f"    {what[:1].upper()}{what[1:]}"]
        return [Status(line) for line in lines]


def try_help(args: Args) -> CommandError:
    """The error of a subcommand that cannot do anything with so many arguments."""
    word = args[1].decode("latin-1")[:128]
    name = args[0].decode("latin-1").upper()
    return CommandError(f"ERR unknown subcommand or wrong number of arguments for '{word}'. Try {name} HELP.")
