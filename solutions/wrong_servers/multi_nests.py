"""begins anew at a MULTI inside a MULTI"""

from miniredis import transactions
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import OK

STAGE = "mini.multi"


def spoil() -> None:
    def begin_again(client: Client, args: list[bytes]) -> object:
        transactions.begin(client)
        return OK

    COMMANDS[b"MULTI"].handler = begin_again
