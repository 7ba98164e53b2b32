"""answers HGETDEL and leaves the fields there"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.hgetdel"


def spoil() -> None:
    hgetdel, hmget = COMMANDS[b"HGETDEL"].handler, COMMANDS[b"HMGET"].handler

    def only_read(client: Client, args: Args) -> Reply:
        if len(args) > 4 and args[2].upper() == b"FIELDS" and args[3] == b"%d" % (len(args) - 4):
            return hmget(client, [b"HMGET", args[1], *args[4:]])
        return hgetdel(client, args)

    COMMANDS[b"HGETDEL"].handler = only_read
