"""begins at 0 with each HINCRBY, whatever the field holds"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.numbers import parse_int
from miniredis.resp import Args, Reply
from miniredis.values import Hash

STAGE = "mini.hincrby"


def spoil() -> None:
    hincrby = COMMANDS[b"HINCRBY"].handler

    def begin_at_0(client: Client, args: Args) -> Reply:
        value = client.db.edit(args[1], Hash)
        if value is not None and parse_int(value.get(args[2]) or b"") is not None:
            value.set(args[2], b"0")
        return hincrby(client, args)

    COMMANDS[b"HINCRBY"].handler = begin_at_0
