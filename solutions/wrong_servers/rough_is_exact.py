"""trims to the very entry where "~" asks for whole nodes only"""

from miniredis.commands import streams
from miniredis.commands.stream_arguments import Trim
from miniredis.values import Stream

STAGE = "mini.xtrim"


def spoil() -> None:
    trim = streams.trim

    def exact(stream: Stream, how: Trim) -> int:
        roughly, how.roughly = how.roughly, False
        removed = trim(stream, how)
        how.roughly = roughly
        return removed

    streams.trim = exact
