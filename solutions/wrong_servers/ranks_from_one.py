"""counts ranks from 1"""

from miniredis.values.sorted_sets import SortedSet

STAGE = "mini.zrank"


def spoil() -> None:
    rank = SortedSet.rank

    def from_one(self: SortedSet, member: bytes) -> int | None:
        found = rank(self, member)
        return None if found is None else found + 1

    SortedSet.rank = from_one
