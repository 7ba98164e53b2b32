"""takes a difference of scores, not of members"""

from collections.abc import Iterator

from miniredis.commands import sorted_set_algebra
from miniredis.commands.sorted_set_algebra import Sources

STAGE = "mini.zinter"


def spoil() -> None:
    def subtract(sources: Sources) -> Iterator[tuple[bytes, float]]:
        first, *others = sources.sets
        for member, score in sorted_set_algebra._scores(first):
            yield member, score - sum(sorted_set_algebra._score_in(other, member) or 0.0 for other in others)

    sorted_set_algebra._difference = subtract
