"""tells the watchers of a key that it has changed when LREM, SREM, HDEL or ZREM found nothing to remove"""

from collections.abc import Callable

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.watch"


def spoil() -> None:
    for name in (b"LREM", b"SREM", b"HDEL", b"ZREM"):
        COMMANDS[name].handler = _telling(COMMANDS[name].handler)


def _telling(handler: Callable[[Client, Args], Reply]) -> Callable[[Client, Args], Reply]:
    def remove(client: Client, args: Args) -> Reply:
        removed = handler(client, args)
        client.db.touched(args[1])
        return removed

    return remove
