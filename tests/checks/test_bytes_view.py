"""Bytes are shown as Python writes them, and the caret stands under the first byte that is wrong."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.bytes_view import compare, expect_bytes, first_difference, literal, point
from grader.checks.verdict import Broken


def told(actual: object, wanted: bytes, **options: object) -> Broken:
    with pytest.raises(Broken) as caught:
        expect_bytes(actual, wanted, "encode('GET')", **options)  # type: ignore[arg-type]
    return caught.value


def under_caret(lines: list[str]) -> tuple[str, str]:
    """The characters above the caret in the two lines."""
    column = lines[2].index("^")
    return lines[0][column:], lines[1][column:]


@given(st.binary(max_size=40))
def test_a_short_literal_can_be_pasted_into_python(data: bytes) -> None:
    assert ast.literal_eval(literal(data, width=400)) == data


def test_a_long_literal_is_cut_and_says_so() -> None:
    text = literal(b"x" * 1000, width=40)
    assert len(text) <= 40
    assert text.endswith("…")


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_the_first_difference_is_where_the_common_beginning_ends(a: bytes, b: bytes) -> None:
    at = first_difference(a, b)
    if at is None:
        assert a == b
    else:
        assert a[:at] == b[:at]
        assert a[at : at + 1] != b[at : at + 1]


def test_the_caret_stands_under_the_first_wrong_byte_of_both_lines() -> None:
    lines = compare(b"$5\r\ncaf\xc3\xa9\r\n", b"$4\r\ncaf\xc3\xa9\r\n")
    above, below = under_caret(lines)
    assert above.startswith("5\\r\\n")
    assert below.startswith("4\\r\\n")


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=300))
def test_no_line_is_too_long_and_the_caret_is_always_in_sight(same: bytes, a: bytes, b: bytes) -> None:
    lines = compare(same + a, same + b)
    assert all(len(line) <= 76 for line in lines[:2])
    if same + a != same + b:
        assert len(lines) == 3
        assert lines[2].index("^") < 76
        at = first_difference(same + a, same + b)
        assert at is not None
        above, below = under_caret(lines)
        for text, data in ((above, same + a), (below, same + b)):
            if at < len(data):
                assert text.startswith(literal(data[at : at + 1])[2:-1])
            else:
                assert text == "'"


def test_a_caret_far_inside_shows_the_neighbourhood() -> None:
    lines = compare(b"a" * 500 + b"\r\n" + b"z" * 500, b"a" * 500 + b"\n" + b"z" * 500)
    above, below = under_caret(lines)
    assert above.startswith("\\r\\nzzz")
    assert below.startswith("\\nzzz")
    assert lines[2].endswith("^ after 500 bytes that are right")


def test_missing_bytes_are_pointed_at_behind_the_end() -> None:
    lines = compare(b"+OK\r\n", b"+OK")
    assert under_caret(lines) == ("\\r\\n'", "'")


def test_a_place_in_bytes_is_pointed_at_with_a_remark() -> None:
    assert point(b"+OK\r\n:1\r\n", 5, "the next reply") == ["b'+OK\\r\\n:1\\r\\n'", "         ^ the next reply"]


def test_right_bytes_are_silent() -> None:
    expect_bytes(b"x", b"x", "encode()")


@pytest.mark.parametrize("wrong", [None, "x", 1, [b"x"], ...])
def test_what_is_no_bytes_is_said_by_its_type(wrong: object) -> None:
    assert type(wrong).__name__ in told(wrong, b"x").happened


def test_a_bytearray_is_not_bytes_and_not_called_wrong_bytes() -> None:
    assert "bytearray" in told(bytearray(b"x"), b"x").happened


def test_a_known_wrong_result_names_its_misconception_and_any_other_the_general_one() -> None:
    assert told(b"y", b"x", known={b"y": "swapped"}, because="other").misconception == "swapped"
    assert told(b"z", b"x", known={b"y": "swapped"}, because="other").misconception == "other"


def test_the_view_follows_the_sentence_on_lines_of_its_own() -> None:
    sentence, *view = told(b"y", b"xy", remark="Redis waits.").happened.split("\n")
    assert sentence == "2 bytes expected, 1 byte came. Redis waits."
    assert view == ["wanted  b'xy'", "got     b'y'", "          ^ the first byte already"]
