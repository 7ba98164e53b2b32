"""knows commands in capitals only: a person at a keyboard is told that `ping` does not exist"""

from miniredis import server
from miniredis.commands import table

STAGE = "mini.case"


def spoil() -> None:
    right = table.lookup
    server.lookup = lambda args: right(args) if args[0] in table.COMMANDS else None
