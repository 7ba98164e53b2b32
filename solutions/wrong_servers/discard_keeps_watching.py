"""goes on watching after DISCARD"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import OK, CommandError

STAGE = "mini.watch"


def spoil() -> None:
    def discard(client: Client, args: list[bytes]) -> object:
        if client.queue is None:
            raise CommandError("ERR DISCARD without MULTI")
        client.queue = None
        client.queue_is_broken = False
        client.session_changed()
        return OK

    COMMANDS[b"DISCARD"].handler = discard
