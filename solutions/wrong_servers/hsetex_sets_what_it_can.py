"""sets those fields with HSETEX FNX that are not there, and leaves out the others"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.hsetex"


def spoil() -> None:
    hsetex, hexists = COMMANDS[b"HSETEX"].handler, COMMANDS[b"HEXISTS"].handler

    def set_some(client: Client, args: Args) -> Reply:
        reply = hsetex(client, args)
        words = [arg.upper() for arg in args]
        if reply == 0 and b"FNX" in words:
            at = words.index(b"FIELDS") + 2
            for field, value in zip(args[at::2], args[at + 1 :: 2], strict=True):
                if hexists(client, [b"HEXISTS", args[1], field]) == 0:
                    COMMANDS[b"HSET"].handler(client, [b"HSET", args[1], field, value])
        return reply

    COMMANDS[b"HSETEX"].handler = set_some
