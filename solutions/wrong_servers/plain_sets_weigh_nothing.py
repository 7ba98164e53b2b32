"""counts the members of plain sets as 1, whatever WEIGHTS says"""

from miniredis.commands import sorted_set_algebra
from miniredis.commands.sorted_set_algebra import Source, Sources
from miniredis.values import SortedSet

STAGE = "mini.zunion"


def spoil() -> None:
    smallest_first = sorted_set_algebra._smallest_first

    def unweighed(sources: Sources) -> list[tuple[Source, float]]:
        return [(s, weight if isinstance(s, SortedSet) else 1.0) for s, weight in smallest_first(sources)]

    sorted_set_algebra._smallest_first = unweighed
