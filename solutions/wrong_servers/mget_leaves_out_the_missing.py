"""answers MGET with the values there are, so that nobody knows which key each belongs to"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.mget"


def spoil() -> None:
    mget = COMMANDS[b"MGET"].handler

    def mget_some(client: Client, args: Args) -> Reply:
        values = mget(client, args)
        assert isinstance(values, list)
        return [value for value in values if value is not None]

    COMMANDS[b"MGET"].handler = mget_some
