"""finds a field with HSCAN MATCH when its value matches"""

from typing import Any

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.glob import matcher
from miniredis.resp import Args, Reply

STAGE = "mini.hscan"


def spoil() -> None:
    hscan: Any = COMMANDS[b"HSCAN"].handler

    def match_anything(client: Client, args: Args) -> Reply:
        reply = hscan(client, args)
        words = [arg.upper() for arg in args]
        if b"MATCH" not in words or not isinstance(reply, list):
            return reply
        at = words.index(b"MATCH")
        wanted = matcher(args[at + 1])
        cursor, pairs = hscan(client, [*args[:at], *args[at + 2 :]])
        found = [pair for pair in zip(pairs[::2], pairs[1::2], strict=False) if any(map(wanted, pair))]
        return [cursor, [word for pair in found for word in pair]]

    COMMANDS[b"HSCAN"].handler = match_anything
