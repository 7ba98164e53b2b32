"""lets every new group begin above the last entry, whatever id was given"""

from miniredis.commands import stream_groups
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.xreadgroup"


def spoil() -> None:
    def at_the_end(client: Client, args: Args) -> Reply:
        return stream_groups.xgroup_create(client, [*args[:4], b"$", *args[5:]])

    COMMANDS[b"XGROUP"].subcommands[b"CREATE"].handler = at_the_end
