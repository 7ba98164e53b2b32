"""writes the time and -0 where the client leaves the id to it, whatever the last id is"""

from miniredis.values import Stream
from miniredis.values.stream_groups import Id

STAGE = "mini.xadd-auto"


def spoil() -> None:
    def by_the_clock(self: Stream, now: int) -> Id:
        return now, 0

    Stream.next_id = by_the_clock
