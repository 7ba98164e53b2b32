"""names streams without news in the reply of XREAD, with an empty list"""

from miniredis.commands import streams
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.values.stream_groups import Id

STAGE = "mini.xread"


def spoil() -> None:
    above = streams._above

    def all_of_them(client: Client, keys: Args, lasts: list[Id], count: int | None) -> list[tuple[bytes, Reply]]:
        found = dict(above(client, keys, lasts, count))
        return [(key, found.get(key, [])) for key in keys] if found else []

    streams._above = all_of_them
