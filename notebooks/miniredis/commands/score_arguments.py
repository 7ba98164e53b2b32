"""Reading scores and the ends of ranges, for the commands of sorted sets and places."""

from __future__ import annotations

import re

from miniredis.numbers import parse_double
from miniredis.resp import CommandError
from miniredis.values.sorted_sets import LexSpan, ScoreSpan

NOT_A_FLOAT = "ERR value is not a valid float"
BAD_SCORE_BOUND = "ERR min or max is not a float"
BAD_LEX_BOUND = "ERR min or max not valid string range item"

# The ends of a range are read by another function in Redis than scores are: this one knows no hexadecimal numbers.
_BOUND = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)


def score(arg: bytes, error: str = NOT_A_FLOAT) -> float:
    """Return the 64-bit float that `arg` is, or raise `error`."""
    value = parse_double(arg)
    if value is None:
        raise CommandError(error)
    return value


def score_span(least: bytes, most: bytes) -> ScoreSpan:
    """Return the range of scores that two arguments such as "1", "(1" and "-inf" say.

    Raises:
        CommandError: for what is no bound.
    """
    raise NotImplementedError("mini.zcount")  # course hint mini.zcount


def _score_bound(arg: bytes) -> float:
    # Redis reads up to a zero byte here, takes nothing at all as 0, and what is too large as infinite.
    number = arg.removeprefix(b"(").partition(b"\0")[0]
    if not number:
        return 0.0
    if not _BOUND.fullmatch(number):
        raise CommandError(BAD_SCORE_BOUND)
    return float(number)


def lex_span(least: bytes, most: bytes) -> LexSpan:
    """Return the range of members that two arguments such as "[a", "(a", "-" and "+" say.

    Raises:
        CommandError: for what is no bound.
    """
    raise NotImplementedError("mini.zlex")  # course hint mini.zlex
