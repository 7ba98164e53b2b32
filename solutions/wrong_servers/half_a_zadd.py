"""adds the first members of a ZADD before it finds that a later score is no number"""

from miniredis.commands import sorted_sets
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.zadd"


def spoil() -> None:
    def one_by_one(client: Client, args: Args) -> Reply:
        _, at = sorted_sets._zadd_options(args)
        if at > 2 or len(args) % 2:
            return sorted_sets.zadd(client, args)
        added = 0
        for place in range(2, len(args), 2):
            added += sorted_sets.zadd(client, [*args[:2], *args[place : place + 2]])
        return added

    COMMANDS[b"ZADD"].handler = one_by_one
