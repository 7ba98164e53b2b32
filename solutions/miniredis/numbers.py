"""Numbers as Redis reads and writes them: strictly, so that a text is a number in one way only."""

from __future__ import annotations

import math

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def parse_int(text: bytes) -> int | None:
    """Return the 64-bit integer that `text` is, or None.

    Only Redis's own way of writing it counts (util.c, string2ll): no sign "+", no spaces, no leading zeros, no "-0".
    """
    if len(text) > 20 or not text:
        return None
    digits = text[1:] if text[0] == 45 else text
    if not digits.isdigit() or (digits[0] == 48 and text != b"0"):
        return None
    value = int(text)
    return value if INT64_MIN <= value <= INT64_MAX else None


def format_double(value: float) -> bytes:
    """Return the shortest text that reads back as `value`, as Redis replies it: 3, 0.1, 1e+21, inf."""
    if math.isinf(value):
        return b"inf" if value > 0 else b"-inf"
    if math.isnan(value):
        return b"nan"
    if value == int(value) and abs(value) < 1e17:
        return b"-0" if value == 0 and math.copysign(1.0, value) < 0 else b"%d" % int(value)
    return repr(value).encode()
