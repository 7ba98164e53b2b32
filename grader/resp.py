"""The Redis serialization protocol, RESP2 and RESP3: encode commands and replies, read them from a stream.

Floor 0 of the grader. The wire uses it to split what was sent and received, the differential checks to
compare a learner's server with a real Redis, and the sandboxed checks to talk to untrusted programs: so the
reader tells *incomplete* from *invalid*, has hard limits, and never recurses. It follows
https://redis.io/docs/latest/develop/reference/protocol-spec/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class SimpleString(str):
    """A status reply, `+OK`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error reply, `-ERR …`: a value to look at, never raised by the reader."""

    text: str

    @property
    def code(self) -> str:
        """The first word: ERR, WRONGTYPE, MOVED …"""
        return self.text.partition(" ")[0]

    def __str__(self) -> str:
        return self.text


class BigNumber(int):
    """A RESP3 big number, `(123…`."""

    __slots__ = ()


class Double(float):
    """A RESP3 double, `,1.5`, with the digits that came over the wire in `text`."""

    text: str

    def __new__(cls, text: str) -> Double:
        self = super().__new__(cls, text)
        self.text = text
        return self

    @classmethod
    def of(cls, value: float) -> Double:
        """The double Redis 8 would send for `value`: the shortest digits that read back the same."""
        text = f"{value:.17g}"
        short = repr(value)
        if short.endswith(".0"):
            short = short[:-2]
        return cls(min(text, short, key=len))


class Map(list[tuple[Any, Any]]):
    """A RESP3 map as its pairs in the order sent: keys may be aggregates and may repeat."""


class SetReply(list[Any]):
    """A RESP3 set as its members in the order sent."""


class Push(list[Any]):
    """A RESP3 out-of-band message."""


class Verbatim:
    """A RESP3 verbatim string: three letters of format (`txt`, `mkd`) and the data."""

    __slots__ = ("data", "format")

    def __init__(self, format: str, data: bytes) -> None:
        self.format = format
        self.data = data
