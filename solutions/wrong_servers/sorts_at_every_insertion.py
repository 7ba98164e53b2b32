"""sorts all members again whenever one is added"""

from miniredis.values.sorted_blocks import SortedBlocks

STAGE = "mini.zrank"


def spoil() -> None:
    def sort(self: SortedBlocks, item: tuple) -> None:
        items = [*self, item]
        items.sort()
        self.__init__(items)

    SortedBlocks.add = sort
