"""takes the second number of LIMIT for the place where the page ends"""

from miniredis.commands.sorted_set_ranges import Range

STAGE = "mini.zrangebyscore"


def spoil() -> None:
    limited = Range._limited

    def to_the_end(self: Range, start: int, stop: int) -> tuple[int, int]:
        count = self.count
        if count >= 0:
            self.count = max(count - self.offset, 0)
        found = limited(self, start, stop)
        self.count = count
        return found

    Range._limited = to_the_end
