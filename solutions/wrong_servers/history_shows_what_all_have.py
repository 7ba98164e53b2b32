"""shows a consumer what any consumer of its group has not acknowledged"""

from miniredis.commands import stream_groups
from miniredis.connection import Client
from miniredis.resp import Reply
from miniredis.values import Stream
from miniredis.values.stream_groups import Consumer, Id

STAGE = "mini.xreadgroup-history"


def spoil() -> None:
    history = stream_groups._history

    def of_all(client: Client, stream: Stream, consumer: Consumer, last: Id, count: int) -> Reply:
        group = next(g for g in stream.groups.values() if consumer in g.consumers.values())
        return history(client, stream, Consumer(consumer.name, 0, pending=group.pending), last, count)

    stream_groups._history = of_all
