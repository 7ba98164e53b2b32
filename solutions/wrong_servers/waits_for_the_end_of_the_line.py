"""waits for the end of a line however long it gets: one stranger can fill the memory"""

from miniredis import resp

STAGE = "mini.limits"


def spoil() -> None:
    resp.MAX_LINE = 2**60
