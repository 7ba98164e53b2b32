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
    ### BEGIN SOLUTION mini.zcount
    return ScoreSpan(
        least=_score_bound(least),
        most=_score_bound(most),
        open_least=least[:1] == b"(",
        open_most=most[:1] == b"(",
    )
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.zlex
    for arg in (least, most):
        if arg not in (b"-", b"+") and arg[:1] not in (b"(", b"["):
            raise CommandError(BAD_LEX_BOUND)
    return LexSpan(
        least=None if least == b"-" else least[1:],
        most=None if most == b"+" else most[1:],
        open_least=least[:1] == b"(",
        open_most=most[:1] == b"(",
        empty=least == b"+" or most == b"-",
    )
    ### END SOLUTION
