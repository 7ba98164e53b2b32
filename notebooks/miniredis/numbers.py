"""Numbers as Redis reads and writes them: strictly, so that a text is a number in one way only.

Redis has three kinds: 64-bit integers (INCR), doubles (scores of sorted sets) and the `long double` of C (INCRBYFLOAT),
which on x86 has 64 bits of mantissa where a double has 53. Python has no such number, so the few steps that INCRBYFLOAT
takes are done here with fractions, rounded as the processor would.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction

from miniredis.doubles import write_double

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

_HEX = r"0[xX](?=\.?[0-9a-fA-F])[0-9a-fA-F]*\.?[0-9a-fA-F]*(?:[pP][+-]?[0-9]+)?"
_DECIMAL = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEXADECIMAL = re.compile(rb"[+-]?" + _HEX.encode())
_INFINITE = re.compile(rb"[+-]?inf(?:inity)?", re.IGNORECASE)

LONG_DOUBLE_BITS = 64
MAX_LONG_DOUBLE = 5 * 1024  # characters
LONG_DOUBLE_MAX = Fraction((2**64 - 1) * 2 ** (16384 - 64))
# Half of the smallest number above zero: what is not more than that becomes zero.
_LONG_DOUBLE_ZERO = Fraction(1, 2**16446)
# Beyond these exponents there is no need to work the number out.
_FAR = 6000


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


def parse_double(text: bytes) -> float | None:
    """Return the double that `text` is, or None: "3", "-.5", "1e3", "0x10", "inf"; no spaces, no "nan".

    A number that is too large for a double or too close to zero is none.
    """
    if text.isdigit() and len(text) < 16:  # most scores are; the rest of this takes four times as long
        return float(text)
    if _DECIMAL.fullmatch(text):
        value = float(text)
        mantissa = text.lower().partition(b"e")[0]
        zero = not mantissa.strip(b"+-0.")
    elif _INFINITE.fullmatch(text):
        return -math.inf if text[:1] == b"-" else math.inf
    elif _HEXADECIMAL.fullmatch(text):
        try:
            value = float.fromhex(text.decode())
        except OverflowError:
            return None
        zero = value == 0
    else:
        return None
    return None if math.isinf(value) or (value == 0 and not zero) else value


def parse_weight(text: bytes) -> float | None:
    """Return the double that SORT takes a text for: as `parse_double`, but nothing is 0, and any size is right.

    What follows a zero byte is not looked at, as everywhere where Redis uses a string of C.
    """
    shown = text.partition(b"\0")[0]
    if not shown:
        return 0.0
    return float(shown) if _DECIMAL.fullmatch(shown) or _INFINITE.fullmatch(shown) else None


def format_double(value: float) -> bytes:
    """Return the shortest text that reads back as `value`, as Redis replies it: 3, 0.1, 1e+20, inf (`doubles`)."""
    if math.isinf(value):
        return b"inf" if value > 0 else b"-inf"
    if math.isnan(value):
        return b"nan"
    if value == int(value) and abs(value) <= 2**62:
        return b"-0" if value == 0 and math.copysign(1.0, value) < 0 else b"%d" % int(value)
    return write_double(value)


def parse_long_double(text: bytes) -> Fraction | float | None:
    """Return the long double that `text` is, or None; an infinite one as a float."""
    if not 0 < len(text) < MAX_LONG_DOUBLE:
        return None
    if _INFINITE.fullmatch(text):
        return -math.inf if text[:1] == b"-" else math.inf
    if _DECIMAL.fullmatch(text):
        mantissa, _, exponent = text.lower().partition(b"e")
        power = int(Decimal((exponent or b"0").decode()))
        if abs(power) > _FAR:
            return None if mantissa.strip(b"+-0.") else Fraction(0)
        exact = Fraction(Decimal(mantissa.decode())) * Fraction(10) ** power
    elif _HEXADECIMAL.fullmatch(text):
        exact = _from_hex(text.lower())
    else:
        return None
    rounded = round_to_long_double(exact)
    return None if abs(rounded) > LONG_DOUBLE_MAX or (exact and abs(exact) <= _LONG_DOUBLE_ZERO) else rounded


def round_to_long_double(exact: Fraction) -> Fraction:
    """Return the long double nearest to a number; of two equally near ones that with an even last bit."""
    if exact == 0:
        return exact
    numerator, denominator = abs(exact.numerator), exact.denominator
    exponent = numerator.bit_length() - denominator.bit_length() - LONG_DOUBLE_BITS
    while True:
        unit = Fraction(2) ** exponent
        mantissa = round(Fraction(numerator, denominator) / unit)
        if mantissa.bit_length() <= LONG_DOUBLE_BITS:
            break
        exponent += 1
    return mantissa * unit if exact > 0 else -mantissa * unit


def format_long_double(value: Fraction) -> bytes:
    """Return `value` as INCRBYFLOAT replies it: up to 17 digits behind the point, no zeros at the end, no exponent."""
    scaled = round(abs(value) * 10**17)
    whole, rest = divmod(scaled, 10**17)
    # Decimal, here and above: Python reads and writes no int of more than 4300 digits; a long double can have 4933.
    text = f"{Decimal(whole)}.{rest:017d}".rstrip("0").rstrip(".")
    return f"-{text}".encode() if value < 0 and scaled else text.encode()


def _from_hex(text: bytes) -> Fraction:
    digits, _, power = text.lstrip(b"+-")[2:].partition(b"p")
    whole, _, rest = digits.partition(b".")
    exact = Fraction(int(whole + rest, 16), 16 ** len(rest)) * Fraction(2) ** max(
        -40000, min(int(power or b"0"), 40000)
    )
    return -exact if text.startswith(b"-") else exact
