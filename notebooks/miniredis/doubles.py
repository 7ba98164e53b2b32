"""The digits of a double, as Redis writes scores and distances.

A double has many texts that read back as the same number, and one would like the shortest. Python's `repr` always finds
it. Redis uses Grisu2 (Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers", 2010),
which works with 64-bit integers alone and finds the shortest in all but a few of a thousand cases: 86.3520168861399 is
86.35201688613989 for it. Whoever wants the same bytes has to do the same steps. Nothing here is a stage.
"""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from functools import lru_cache

_HIDDEN = 1 << 52
_BIAS = 1023 + 52
# Cached powers of ten are eight apart; one of them brings the exponent into this window.
_FIRST_POWER, _STEP, _POWERS = -348, 8, 87
_LEAST_EXPONENT, _MOST_EXPONENT = -60, -32


def write_double(value: float) -> bytes:
    """Return a finite double that is not zero as text: 0.1, 2.5477e+4 after many digits, 1e-7."""
    sign = "-" if value < 0 else ""
    digits, power = _digits(abs(value))
    point = len(digits) + power  # how many digits stand before the point
    exponent = point - 1
    if power >= 0 and exponent < len(digits) + 7:
        return f"{sign}{digits}{'0' * power}".encode()
    if power < 0 and (power > -7 or abs(exponent) < 4):
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}".encode()
        return f"{sign}{digits[:point]}.{digits[point:]}".encode()
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{exponent:+d}".encode()


@lru_cache(maxsize=4096)
def _digits(value: float) -> tuple[str, int]:
    """Digits and the power of ten they are to be multiplied by. Grisu2."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    fraction, exponent = bits & (_HIDDEN - 1), bits >> 52
    if exponent:
        fraction, exponent = fraction + _HIDDEN, exponent - _BIAS
    else:
        exponent = 1 - _BIAS
    # Half way to the next double above and to the next one below; whatever lies between reads back as this one.
    # All three are brought to 64 bits and one exponent.
    above, above_exponent = _normalized(2 * fraction + 1, exponent - 1)
    closer = 2 if fraction == _HIDDEN else 1
    below = ((fraction << closer) - 1) << (exponent - closer - above_exponent)
    exact = fraction << (exponent - above_exponent)
    ten, ten_exponent, power = _power_for(above_exponent)
    exact, above, below = (_multiplied(number, ten) for number in (exact, above, below))
    return _shortest(exact, above - 1, below + 1, -(above_exponent + ten_exponent + 64), -power)


def _normalized(number: int, exponent: int) -> tuple[int, int]:
    shift = 64 - number.bit_length()
    return number << shift, exponent - shift


def _multiplied(one: int, other: int) -> int:
    """The upper 64 bits of a product, rounded."""
    return (one * other + (1 << 63)) >> 64


@lru_cache(maxsize=_POWERS)
def _power_of_ten(power: int) -> tuple[int, int]:
    """10 to a power, as 64 bits and a binary exponent."""
    exact = Fraction(10) ** power
    exponent = exact.numerator.bit_length() - exact.denominator.bit_length() - 64
    if exact >= Fraction(2) ** (exponent + 64):
        exponent += 1
    return round(exact / Fraction(2) ** exponent), exponent


def _power_for(exponent: int) -> tuple[int, int, int]:
    """A power of ten that brings a number of this exponent into the window: its bits, its exponent, the power."""
    at = (int(-(exponent + _POWERS) * math.log10(2)) - _FIRST_POWER) // _STEP
    while True:
        power = _FIRST_POWER + _STEP * at
        number, ten_exponent = _power_of_ten(power)
        reached = exponent + ten_exponent + 64
        if reached < _LEAST_EXPONENT:
            at += 1
        elif reached > _MOST_EXPONENT:
            at -= 1
        else:
            return number, ten_exponent, power


def _shortest(exact: int, above: int, below: int, shift: int, power: int) -> tuple[str, int]:
    """Write down digits of `above` until what is left is less than the way down to `below`."""
    room, wanted = above - below, above - exact
    whole, rest = above >> shift, above & ((1 << shift) - 1)
    digits: list[int] = []
    for left in range(9, -1, -1):
        unit = 10**left
        digit, whole = divmod(whole, unit)
        if digit or digits:
            digits.append(digit)
        remainder = (whole << shift) + rest
        if remainder <= room:
            return _rounded(digits, room, remainder, unit << shift, wanted), power + left
    left = 0
    while True:
        rest, room, wanted, left = 10 * rest, 10 * room, 10 * wanted, left - 1
        digit = rest >> shift
        if digit or digits:
            digits.append(digit)
        rest &= (1 << shift) - 1
        if rest < room:
            return _rounded(digits, room, rest, 1 << shift, wanted), power + left


def _rounded(digits: list[int], room: int, remainder: int, unit: int, wanted: int) -> str:
    """Count the last digit down as long as that comes nearer to the number itself."""
    while (
        remainder < wanted
        and room - remainder >= unit
        and (remainder + unit < wanted or wanted - remainder > remainder + unit - wanted)
    ):
        digits[-1] -= 1
        remainder += unit
    return "".join(map(str, digits))
