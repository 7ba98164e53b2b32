"""Reading the ids of stream entries, and the options that say how a stream is trimmed."""

from __future__ import annotations

from dataclasses import dataclass

from miniredis.commands.arguments import integer, integer_from, syntax_error
from miniredis.numbers import parse_int
from miniredis.resp import Args, CommandError
from miniredis.values.stream_groups import Id
from miniredis.values.streams import FIRST, LAST, UINT64_MAX, Node, after, before

BAD_ID = "ERR Invalid stream ID specified as stream command argument"
NO_BOTH = "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
# What becomes of the references that groups hold to an entry that goes.
REFERENCES = (b"KEEPREF", b"DELREF", b"ACKED")
_LONGEST_ID = 127


def read_id(arg: bytes, missing: int = 0) -> Id:
    """Return the id that `arg` is, "5-1" or "5" (then with the sequence number `missing`), or raise `BAD_ID`."""
    id = parse_id(arg, missing)
    if id is None:
        raise CommandError(BAD_ID)
    return id


def parse_id(arg: bytes, missing: int = 0) -> Id | None:
    """Return the id that `arg` is, or None."""
    raise NotImplementedError("mini.xadd")  # course hint mini.xadd


def _unsigned(text: bytes) -> int | None:
    """A number of 64 bits without sign, read as C's strtoull does where it is not written in Redis's strict way."""
    strict = parse_int(text)
    if strict is not None:
        return strict if strict >= 0 else None
    digits = text.lstrip(b" \t\n\v\f\r")
    negative = digits[:1] == b"-"
    digits = digits[1:] if digits[:1] in (b"+", b"-") else digits
    if not digits.isdigit() or int(digits) > UINT64_MAX:
        return None
    return -int(digits) & UINT64_MAX if negative else int(digits)


def read_start(arg: bytes) -> Id:
    """Return the first id of a range: "-", "5", "5-1" or, without that one itself, "(5-1"."""
    raise NotImplementedError("mini.xrange")  # course hint mini.xrange


def read_end(arg: bytes) -> Id:
    """Return the last id of a range: "+", "5" (all of that millisecond), "5-1" or, without that one, "(5-1"."""
    raise NotImplementedError("mini.xrange")  # course hint mini.xrange


@dataclass(slots=True)
class Trim:
    """How a stream is to be trimmed.

    Attributes:
        by: "MAXLEN", "MINID", or nothing.
        most: with MAXLEN, how many entries may stay.
        least: with MINID, the first id that may stay.
        roughly: only whole nodes go ("~").
        limit: how many entries may go at most; 0 for any number.
        references: KEEPREF, DELREF or ACKED.
        argument: where the threshold stands.
    """

    by: bytes = b""
    most: int = 0
    least: Id = FIRST
    roughly: bool = False
    limit: int | None = None
    references: bytes = b""
    argument: int = 0

    def read(self, args: Args, at: int) -> int:
        """Read the option at `at`; the place behind it, or `at` where it is none of these.

        Raises:
            CommandError: for a threshold that is none, and for a second one.
        """
        raise NotImplementedError("mini.xtrim")  # course hint mini.xtrim

    def _read_threshold(self, args: Args, at: int, word: bytes) -> int:
        raise NotImplementedError("mini.xtrim")  # course hint mini.xtrim

    def check(self) -> None:
        """Raise for options that do not go together, and choose the limit where none is given."""
        raise NotImplementedError("mini.xtrim")  # course hint mini.xtrim


def named_ids(args: Args, at: int) -> tuple[Args, bytes]:
    """Read [KEEPREF | DELREF | ACKED] IDS numids id [id …], in either order; the ids as text, and which word."""
    raise NotImplementedError("mini.xdelex")  # course hint mini.xdelex
