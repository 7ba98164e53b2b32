"""answers SET … GET with OK, as if GET were not there"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import OK, Args, Reply

STAGE = "mini.set-conditions"


def spoil() -> None:
    set_ = COMMANDS[b"SET"].handler

    def set_ok(client: Client, args: Args) -> Reply:
        dirty = client.server.dirty
        reply = set_(client, args)
        return OK if client.server.dirty != dirty else reply

    COMMANDS[b"SET"].handler = set_ok
