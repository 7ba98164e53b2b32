"""takes 5 for 5-0 where it is the end of a range"""

from miniredis.commands import streams
from miniredis.values.stream_groups import Id

STAGE = "mini.xrange"


def spoil() -> None:
    read_end = streams.read_end

    def first_of_it(arg: bytes) -> Id:
        return read_end(arg if b"-" in arg or not arg[-1:].isdigit() else arg + b"-0")

    streams.read_end = first_of_it
