"""never draws a member twice with SRANDMEMBER, not even with a negative count"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply

STAGE = "mini.srandmember"


def spoil() -> None:
    srandmember = COMMANDS[b"SRANDMEMBER"].handler

    def draw_different_ones(client: Client, args: Args) -> Reply:
        return srandmember(client, [arg.removeprefix(b"-") if at == 2 else arg for at, arg in enumerate(args)])

    COMMANDS[b"SRANDMEMBER"].handler = draw_different_ones
