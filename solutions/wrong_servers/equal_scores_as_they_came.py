"""leaves members with the same score in the order in which they were added"""

import itertools

from miniredis.values.sorted_blocks import SortedBlocks
from miniredis.values.sorted_sets import SortedSet

STAGE = "mini.zrange"


class _AsTheyCame(SortedBlocks):
    """Pairs with a number of their arrival between score and member."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count()
        self._came: dict[bytes, int] = {}

    def add(self, item: tuple) -> None:
        self._came[item[1]] = next(self._numbers)
        super().add((item[0], self._came[item[1]], item[1]))

    def remove(self, item: tuple) -> None:
        super().remove((item[0], self._came.pop(item[1]), item[1]))

    def between(self, start: int, stop: int) -> list:
        return [(score, member) for score, _, member in super().between(start, stop)]


def spoil() -> None:
    begin = SortedSet.__init__

    def as_they_came(self: SortedSet, pairs: object = (), encoding: str = "listpack") -> None:
        begin(self, (), encoding)
        self._order = _AsTheyCame()
        for member, score in pairs:
            self.put(member, score)

    SortedSet.__init__ = as_they_came
