"""wants the lower end of a range first, with REV too"""

from miniredis.commands.sorted_set_ranges import Range
from miniredis.values.sorted_sets import Span

STAGE = "mini.zrangebyscore"


def spoil() -> None:
    span = Range.span

    def lower_first(self: Range, first: bytes, last: bytes) -> Span:
        return span(self, last, first) if self.reverse and self.by != "rank" else span(self, first, last)

    Range.span = lower_first
