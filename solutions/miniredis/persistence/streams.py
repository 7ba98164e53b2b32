"""Streams in RDB files: listpacks of entries, then what the stream and its groups remember."""

from __future__ import annotations

from miniredis.persistence.encodings import Reader
from miniredis.values import Stream

STREAM_1, STREAM_2, STREAM_3 = 15, 19, 21


def write_stream(out: bytearray, value: Stream) -> None:
    """Append a stream in the form `STREAM_2`."""
    raise NotImplementedError("streams are being written")


def read_stream(reader: Reader, form: int) -> Stream:
    """Return a stream in any of its forms."""
    raise NotImplementedError("streams are being written")
