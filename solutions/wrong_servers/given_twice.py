"""gives every consumer of a group all entries"""

from miniredis.commands import stream_groups
from miniredis.connection import Client
from miniredis.resp import Reply
from miniredis.values import Stream
from miniredis.values.stream_groups import Consumer, Group, Id
from miniredis.values.streams import after

STAGE = "mini.xreadgroup"


def spoil() -> None:
    new_entries = stream_groups._new_entries
    positions: dict[int, Id] = {}

    def to_each(
        client: Client, key: bytes, stream: Stream, group: Group, consumer: Consumer, start: Id, reading: object
    ) -> Reply:
        mine = after(positions.get(id(consumer), (0, 0)))
        reply = new_entries(client, key, stream, group, consumer, mine, reading)
        positions[id(consumer)] = group.last_id
        group.last_id = (0, 0)
        return reply

    stream_groups._new_entries = to_each
