"""looks up "$" again when a waiting XREAD is run again: by then the last id is that of the new entry"""

from miniredis.commands import streams
from miniredis.connection import Client
from miniredis.resp import NULL_ARRAY, Args, Reply
from miniredis.values.stream_groups import Id

STAGE = "mini.xread-block"


def spoil() -> None:
    def as_typed(client: Client, args: Args, keys: Args, lasts: list[Id], end: int | None) -> Reply:
        return client.block(keys, end, NULL_ARRAY)

    streams._wait_for_more = as_typed
