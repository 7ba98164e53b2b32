"""sets the score to the increment"""

from miniredis.commands import sorted_sets
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values import SortedSet

STAGE = "mini.zincrby"


def spoil() -> None:
    def zincrby(client: Client, args: Args) -> Reply:
        sorted_sets.zadd(client, [b"ZADD", args[1], args[2], args[3]])
        return client.db.edit_or_new(args[1], SortedSet).score(args[3])

    COMMANDS[b"ZINCRBY"].handler = zincrby
