"""adds a member to the destination of SMOVE although the source does not have it"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values import Set

STAGE = "mini.smove"


def spoil() -> None:
    smove = COMMANDS[b"SMOVE"].handler

    def move_anyway(client: Client, args: Args) -> Reply:
        moved = smove(client, args)
        if moved == 0 and client.db.edit(args[1], Set) is not None:
            client.db.edit_or_new(args[2], Set).add(args[3])
        return moved

    COMMANDS[b"SMOVE"].handler = move_anyway
