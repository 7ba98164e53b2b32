"""lets MSETNX store those keys that are free, instead of all or none"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.setnx"


def spoil() -> None:
    msetnx, setnx = COMMANDS[b"MSETNX"].handler, COMMANDS[b"SETNX"].handler

    def msetnx_one_by_one(client: Client, args: Args) -> Reply:
        if len(args) % 2 == 0:
            return msetnx(client, args)
        stored = [setnx(client, [b"SETNX", *args[at : at + 2]]) for at in range(1, len(args), 2)]
        return int(all(stored))

    COMMANDS[b"MSETNX"].handler = msetnx_one_by_one
