"""leaves out the stop of LTRIM's range, as a slice in Python does"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.numbers import parse_int
from miniredis.resp import Args, Reply

STAGE = "mini.ltrim"


def spoil() -> None:
    ltrim = COMMANDS[b"LTRIM"].handler

    def trim_like_a_slice(client: Client, args: Args) -> Reply:
        stop = parse_int(args[3])
        if stop is not None and stop not in (0, -(2**63)):
            args = [*args[:3], b"%d" % (stop - 1)]
        return ltrim(client, args)

    COMMANDS[b"LTRIM"].handler = trim_like_a_slice
