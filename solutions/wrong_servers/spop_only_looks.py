"""returns members with SPOP and leaves them in the set"""

from miniredis.commands import sets
from miniredis.commands.table import COMMANDS

STAGE = "mini.spop"


def spoil() -> None:
    COMMANDS[b"SPOP"].handler = sets.srandmember
