"""answers SADD with the number of members it was given, not of those that are new"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.sadd"


def spoil() -> None:
    sadd = COMMANDS[b"SADD"].handler

    def count_all(client: Client, args: Args) -> Reply:
        sadd(client, args)
        return len(args) - 2

    COMMANDS[b"SADD"].handler = count_all
