"""answers ZADD with all members whose scores it has set, be they new or not"""

from miniredis.commands import sorted_sets
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.zadd"


def spoil() -> None:
    def count_changes(client: Client, args: Args) -> Reply:
        return sorted_sets.zadd(client, [*args[:2], b"CH", *args[2:]])

    COMMANDS[b"ZADD"].handler = count_changes
