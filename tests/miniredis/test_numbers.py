"""Numbers as Redis reads and writes them, where the scripts that compare with Redis seldom come."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniredis.numbers import (
    INT64_MAX,
    INT64_MIN,
    LONG_DOUBLE_BITS,
    format_long_double,
    parse_double,
    parse_int,
    parse_long_double,
    round_to_long_double,
)


@given(st.integers(2 * INT64_MIN, 2 * INT64_MAX))
def test_an_integer_has_exactly_one_writing(number: int) -> None:
    within = INT64_MIN <= number <= INT64_MAX
    assert parse_int(b"%d" % number) == (number if within else None)
    for other in (b"+%d" % number, b" %d" % number, b"%d " % number, b"0%d" % number, b"%d.0" % number):
        assert parse_int(other) is None


@given(st.binary(max_size=24))
def test_no_text_is_another_integer_than_it_says(text: bytes) -> None:
    number = parse_int(text)
    assert number is None or b"%d" % number == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_reads_back(number: float) -> None:
    assert parse_double(repr(number).encode()) == number
    assert parse_double(number.hex().encode()) == number


@pytest.mark.parametrize(
    "text", [b"", b"nan", b" 1", b"1 ", b"1_0", b"0x", b"1e", b".", b"1e400", b"1e-400", b"0x1p2000"]
)
def test_what_is_no_double(text: bytes) -> None:
    assert parse_double(text) is None


@given(st.fractions())
def test_a_long_double_is_the_nearest_number_of_64_bits(exact: Fraction) -> None:
    rounded = round_to_long_double(exact)
    if exact:
        assert abs(rounded - exact) <= abs(exact) / 2**LONG_DOUBLE_BITS
    assert round_to_long_double(rounded) == rounded
    assert round_to_long_double(-exact) == -rounded


@given(st.decimals(-9, 9, places=9))
def test_small_numbers_of_few_digits_come_out_as_they_went_in(amount: object) -> None:
    one = parse_long_double(str(amount).encode())
    assert isinstance(one, Fraction)
    text = format_long_double(one)
    assert b"e" not in text
    assert Fraction(text.decode()) == Fraction(str(amount))


@pytest.mark.parametrize("text", [b"9" * 5119, b"1e-999999999", b"1e" + b"0" * 4400 + b"1", b"0." + b"1" * 5000])
def test_texts_too_long_for_an_int_of_python_are_read(text: bytes) -> None:
    """Python reads at most 4300 digits into an int, and a client may send more."""
    assert parse_long_double(text) is None or isinstance(parse_long_double(text), Fraction)
