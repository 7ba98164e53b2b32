"""reads the number behind a ( and forgets the parenthesis"""

from dataclasses import replace

from miniredis.commands import sorted_set_ranges
from miniredis.values.sorted_sets import ScoreSpan

STAGE = "mini.zcount"


def spoil() -> None:
    score_span = sorted_set_ranges.score_span

    def closed(least: bytes, most: bytes) -> ScoreSpan:
        return replace(score_span(least, most), open_least=False, open_most=False)

    sorted_set_ranges.score_span = closed
