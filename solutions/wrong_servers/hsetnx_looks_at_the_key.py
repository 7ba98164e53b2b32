"""sets a field with HSETNX only where the whole hash is not there yet"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values import Hash

STAGE = "mini.hsetnx"


def spoil() -> None:
    hsetnx = COMMANDS[b"HSETNX"].handler

    def set_in_new_hashes(client: Client, args: Args) -> Reply:
        return 0 if client.db.edit(args[1], Hash) is not None else hsetnx(client, args)

    COMMANDS[b"HSETNX"].handler = set_in_new_hashes
