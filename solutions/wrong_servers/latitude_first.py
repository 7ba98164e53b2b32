"""takes the latitude first, as maps do"""

from miniredis.commands import geo
from miniredis.resp import Args
from miniredis.values.geohash import Place

STAGE = "mini.geoadd"


def spoil() -> None:
    read_place = geo.read_place

    def turned(args: Args, at: int) -> Place:
        return read_place([args[at + 1], args[at]], 0)

    geo.read_place = turned
