"""keeps the end of a field that HSET gives a new value"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values import Hash

STAGE = "mini.hpersist"


def spoil() -> None:
    hset = COMMANDS[b"HSET"].handler

    def set_and_restore(client: Client, args: Args) -> Reply:
        value = client.db.keys.get(args[1])
        ends = dict(value.ends) if isinstance(value, Hash) else {}
        reply = hset(client, args)
        if isinstance(value, Hash):
            for field, end in ends.items():
                value.end_at(field, end)
        return reply

    COMMANDS[b"HSET"].handler = set_and_restore
