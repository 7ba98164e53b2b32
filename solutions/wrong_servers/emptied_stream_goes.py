"""removes a stream with its last entry, so that its ids begin anew"""

from miniredis.commands import streams
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values import Stream

STAGE = "mini.xdel"


def spoil() -> None:
    def xdel(client: Client, args: Args) -> Reply:
        deleted = streams.xdel(client, args)
        stream = client.db.peek(args[1])
        if isinstance(stream, Stream) and not len(stream):
            client.db.delete(args[1])
        return deleted

    COMMANDS[b"XDEL"].handler = xdel
