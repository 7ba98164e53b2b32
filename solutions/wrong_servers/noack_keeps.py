"""keeps entries as pending that were read with NOACK"""

from miniredis.commands import stream_groups
from miniredis.connection import Client
from miniredis.resp import Reply
from miniredis.values.stream_groups import Id

STAGE = "mini.xreadgroup-history"


def spoil() -> None:
    take = stream_groups._take

    def keep(client: Client, key: bytes, last: Id | None, reading: stream_groups._Reading) -> Reply | None:
        reading.keep = True
        return take(client, key, last, reading)

    stream_groups._take = keep
