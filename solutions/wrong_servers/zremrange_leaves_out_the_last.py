"""removes ranges of ranks as Python slices them: without the last one"""

from miniredis.commands import sorted_set_ranges
from miniredis.commands.arguments import integer
from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values import SortedSet
from miniredis.values.sorted_sets import RankSpan

STAGE = "mini.zremrange"


class _Sliced(RankSpan):
    """Ranks whose last one is left out."""

    def ranks(self, value: SortedSet) -> tuple[int, int]:
        start, stop = super().ranks(value)
        return start, max(start, stop - 1)


def spoil() -> None:
    def sliced(client: Client, args: Args) -> Reply:
        span = _Sliced(integer(args[2]), integer(args[3]))
        return sorted_set_ranges._remove(client, args[1], span, "zremrangebyrank")

    COMMANDS[b"ZREMRANGEBYRANK"].handler = sliced
