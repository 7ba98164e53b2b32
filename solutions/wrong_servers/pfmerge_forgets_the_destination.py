"""makes the destination of PFMERGE what its sources have seen, and forgets what it had seen itself"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values import hyperloglog as hll

STAGE = "mini.pfmerge"


def spoil() -> None:
    pfmerge = COMMANDS[b"PFMERGE"].handler

    def pfmerge_anew(client: Client, args: Args) -> Reply:
        target = args[1]
        if target not in args[2:]:
            value = client.db.edit_string(target)
            if value is not None and hll.is_valid(value):
                client.db.set(target, hll.new(), keep_ttl=True)
        return pfmerge(client, args)

    COMMANDS[b"PFMERGE"].handler = pfmerge_anew
