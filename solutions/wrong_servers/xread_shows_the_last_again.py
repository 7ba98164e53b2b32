"""begins with the entry whose id the reader gives"""

from miniredis.commands import streams
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values.stream_groups import Id
from miniredis.values.streams import before

STAGE = "mini.xread"


def spoil() -> None:
    above = streams._above

    def from_it_on(client: Client, keys: Args, lasts: list[Id], count: int | None) -> list[tuple[bytes, Reply]]:
        return above(client, keys, [before(last) or last for last in lasts], count)

    streams._above = from_it_on
