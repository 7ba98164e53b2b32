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
    ### BEGIN SOLUTION mini.xadd
    ms, dash, sequence = arg.partition(b"\0")[0].partition(b"-")
    first = _unsigned(ms)
    second = _unsigned(sequence) if dash else missing
    if first is None or second is None or len(arg) > _LONGEST_ID:
        return None
    return first, second
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.xrange
    if arg == b"-" or arg == b"+":
        return FIRST if arg == b"-" else LAST
    if arg[:1] != b"(" or len(arg) == 1:
        return read_id(arg)
    start = after(read_id(arg[1:]))
    if start is None:
        raise CommandError("ERR invalid start ID for the interval")
    return start
    ### END SOLUTION


def read_end(arg: bytes) -> Id:
    """Return the last id of a range: "+", "5" (all of that millisecond), "5-1" or, without that one, "(5-1"."""
    ### BEGIN SOLUTION mini.xrange
    if arg == b"-" or arg == b"+":
        return FIRST if arg == b"-" else LAST
    if arg[:1] != b"(" or len(arg) == 1:
        return read_id(arg, UINT64_MAX)
    end = before(read_id(arg[1:], UINT64_MAX))
    if end is None:
        raise CommandError("ERR invalid end ID for the interval")
    return end
    ### END SOLUTION


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
        ### BEGIN SOLUTION mini.xtrim
        word, left = args[at].upper(), len(args) - at - 1
        if word in (b"MAXLEN", b"MINID") and left:
            return self._read_threshold(args, at + 1, word)
        if word == b"LIMIT" and left:
            self.limit = integer(args[at + 1])
            if self.limit < 0:
                raise CommandError("ERR The LIMIT argument must be >= 0.")
            return at + 2
        if word in REFERENCES and not self.references:
            self.references = word
            return at + 1
        return at
        ### END SOLUTION

    def _read_threshold(self, args: Args, at: int, word: bytes) -> int:
        ### BEGIN SOLUTION mini.xtrim
        if self.by:
            raise CommandError(NO_BOTH)
        if args[at] in (b"~", b"=") and at + 1 < len(args):
            self.roughly = args[at] == b"~"
            at += 1
        if word == b"MAXLEN":
            self.most = integer(args[at])
            if self.most < 0:
                raise CommandError("ERR The MAXLEN argument must be >= 0.")
        else:
            self.least = read_id(args[at])
        self.by, self.argument = word, at
        return at + 1
        ### END SOLUTION

    def check(self) -> None:
        """Raise for options that do not go together, and choose the limit where none is given."""
        ### BEGIN SOLUTION mini.xtrim
        if self.limit is not None:
            if not self.by:
                raise CommandError("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
            if not self.roughly:
                raise CommandError("ERR syntax error, LIMIT cannot be used without the special ~ option")
        elif self.roughly:
            # One command must not trim a million entries because somebody lowered a number.
            self.limit = min(100 * Node.most_entries or 10_000, 1_000_000)
        ### END SOLUTION


def named_ids(args: Args, at: int) -> tuple[Args, bytes]:
    """Read [KEEPREF | DELREF | ACKED] IDS numids id [id …], in either order; the ids as text, and which word."""
    ### BEGIN SOLUTION mini.xdelex
    ids: Args | None = None
    references = b""
    while at < len(args):
        word = args[at].upper()
        if word in REFERENCES and not references:
            references = word
            at += 1
        elif word == b"IDS" and ids is None and at + 1 < len(args):
            number = integer_from(1, args[at + 1], "ERR Number of IDs must be a positive integer")
            ids = args[at + 2 : at + 2 + number]
            if number > len(ids):
                raise CommandError("ERR The `numids` parameter must match the number of arguments")
            at += 2 + number
        else:
            raise syntax_error()
    if ids is None:
        raise syntax_error()
    return ids, references or b"KEEPREF"
    ### END SOLUTION
