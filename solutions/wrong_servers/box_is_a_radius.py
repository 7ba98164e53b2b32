"""takes the whole width and height of a box to each side"""

from miniredis.commands.geo import Search
from miniredis.resp import Args

STAGE = "mini.geosearch"


def spoil() -> None:
    read_box = Search.read_box

    def twice_as_large(self: Search, args: Args, at: int) -> None:
        read_box(self, args, at)
        assert self.width is not None
        self.width, self.height = 2 * self.width, 2 * self.height

    Search.read_box = twice_as_large
