"""trims the new end of a stream and keeps the oldest entries"""

from miniredis.commands import streams
from miniredis.commands.stream_arguments import Trim
from miniredis.values import Stream
from miniredis.values.streams import FIRST, LAST

STAGE = "mini.xtrim"


def spoil() -> None:
    def newest(stream: Stream, how: Trim) -> int:
        ids = [id for id, _ in stream.range(FIRST, LAST)]
        gone = ids[how.most :] if how.by == b"MAXLEN" else [id for id in ids if id >= how.least]
        for id in gone:
            stream.delete(id)
        return len(gone)

    streams.trim = newest
