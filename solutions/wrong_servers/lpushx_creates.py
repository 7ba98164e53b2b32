"""creates a list for LPUSHX and RPUSHX where there is none"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.lpushx"


def spoil() -> None:
    push = COMMANDS[b"LPUSH"].handler

    def push_anyway(client: Client, args: Args) -> Reply:
        return push(client, args)

    COMMANDS[b"LPUSHX"].handler = push_anyway
