"""keeps an empty sorted set under its key when ZREM has taken the last member"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values import SortedSet

STAGE = "mini.zrem"


def spoil() -> None:
    def zrem(client: Client, args: Args) -> Reply:
        value = client.db.edit(args[1], SortedSet)
        if value is None:
            return 0
        removed = sum(value.remove(member) for member in args[2:])
        if removed:
            client.db.modified(args[1], "z", "zrem", removed)
        return removed

    COMMANDS[b"ZREM"].handler = zrem
