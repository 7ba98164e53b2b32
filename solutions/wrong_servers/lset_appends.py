"""adds an element where LSET is given the index behind the last one"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import OK, Args, Reply
from miniredis.values import List

STAGE = "mini.lindex"


def spoil() -> None:
    lset = COMMANDS[b"LSET"].handler

    def set_or_append(client: Client, args: Args) -> Reply:
        value = client.db.peek(args[1])
        if isinstance(value, List) and args[2] == b"%d" % len(value):
            value.push([args[3]], left=False)
            return OK
        return lset(client, args)

    COMMANDS[b"LSET"].handler = set_or_append
