"""takes an empty string for a missing key, because both are false in Python"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.set"


def spoil() -> None:
    get = COMMANDS[b"GET"].handler

    def get_or_none(client: Client, args: Args) -> Reply:
        return get(client, args) or None

    COMMANDS[b"GET"].handler = get_or_none
