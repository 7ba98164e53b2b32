"""answers HSET with the number of fields it was given, not of those that are new"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.hset"


def spoil() -> None:
    hset = COMMANDS[b"HSET"].handler

    def count_pairs(client: Client, args: Args) -> Reply:
        hset(client, args)
        return len(args) // 2 - 1

    COMMANDS[b"HSET"].handler = count_pairs
