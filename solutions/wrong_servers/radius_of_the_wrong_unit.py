"""searches in metres whatever unit was said"""

from miniredis.commands.geo import Search
from miniredis.resp import Args

STAGE = "mini.geosearch"


def spoil() -> None:
    read_radius = Search.read_radius

    def in_metres(self: Search, args: Args, at: int) -> None:
        read_radius(self, args, at)
        assert self.width is not None
        self.width /= self.unit

    Search.read_radius = in_metres
