"""answers OK to a group that is there already, and begins it anew"""

from miniredis.commands import stream_groups
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values import Stream

STAGE = "mini.xgroup"


def spoil() -> None:
    def anew(client: Client, args: Args) -> Reply:
        stream = client.db.peek(args[2])
        if isinstance(stream, Stream):
            stream.groups.pop(args[3], None)
        return stream_groups.xgroup_create(client, args)

    COMMANDS[b"XGROUP"].subcommands[b"CREATE"].handler = anew
