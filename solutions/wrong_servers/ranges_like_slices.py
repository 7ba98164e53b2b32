"""cuts GETRANGE like a Python slice, whose end is excluded and whose -1 is the last but one"""

from miniredis.commands.arguments import integer
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.getrange"


def spoil() -> None:
    def getrange(client: Client, args: Args) -> Reply:
        start, end = integer(args[2]), integer(args[3])
        return bytes(client.db.read_string(args[1]) or b"")[start:end]

    COMMANDS[b"GETRANGE"].handler = COMMANDS[b"SUBSTR"].handler = getrange
