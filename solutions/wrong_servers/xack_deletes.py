"""deletes an entry from the stream when one group has acknowledged it"""

from miniredis.commands import stream_groups
from miniredis.commands.stream_arguments import read_id
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values import Stream

STAGE = "mini.xack"


def spoil() -> None:
    def xack(client: Client, args: Args) -> Reply:
        settled = stream_groups.xack(client, args)
        stream = client.db.peek(args[1])
        if settled and isinstance(stream, Stream):
            for arg in args[3:]:
                stream.delete(read_id(arg))
        return settled

    COMMANDS[b"XACK"].handler = xack
