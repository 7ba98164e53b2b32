"""refuses an end in the past instead of removing the key"""

from miniredis.commands.strings import invalid_expire_time
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.numbers import parse_int
from miniredis.resp import Args, Reply

STAGE = "mini.expire"


def spoil() -> None:
    for name in (b"EXPIRE", b"PEXPIRE"):
        handler = COMMANDS[name].handler

        def refuse(client: Client, args: Args, handler=handler, name=name) -> Reply:
            amount = parse_int(args[2])
            if amount is not None and amount <= 0:
                raise invalid_expire_time(name.decode().lower())
            return handler(client, args)

        COMMANDS[name].handler = refuse
