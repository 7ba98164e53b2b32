"""compares scores as text: 10 comes before 9"""

from miniredis.numbers import format_double
from miniredis.values.sorted_blocks import SortedBlocks
from miniredis.values.sorted_sets import SortedSet

STAGE = "mini.zrange"


class _ByText(SortedBlocks):
    """Pairs behind the text of their score."""

    def add(self, item: tuple) -> None:
        super().add((format_double(item[0]), item))

    def remove(self, item: tuple) -> None:
        super().remove((format_double(item[0]), item))

    def between(self, start: int, stop: int) -> list:
        return [item for _, item in super().between(start, stop)]


def spoil() -> None:
    begin = SortedSet.__init__

    def by_text(self: SortedSet, pairs: object = (), encoding: str = "listpack") -> None:
        begin(self, (), encoding)
        self._order = _ByText()
        for member, score in pairs:
            self.put(member, score)

    SortedSet.__init__ = by_text
