"""takes an id that is equal to the last one"""

from miniredis.commands import streams
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, CommandError, Reply
from miniredis.values import Stream
from miniredis.values.streams import before

STAGE = "mini.xadd"


def spoil() -> None:
    def again(client: Client, args: Args) -> Reply:
        try:
            return streams.xadd(client, args)
        except CommandError as error:
            stream = client.db.peek(args[1])
            if error.text != streams.TOO_SMALL or not isinstance(stream, Stream):
                raise
            last = stream.last_id
            stream.last_id = before(last) or last
            try:
                return streams.xadd(client, args)
            finally:
                stream.last_id = last

    COMMANDS[b"XADD"].handler = again
