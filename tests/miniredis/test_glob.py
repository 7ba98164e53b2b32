"""Patterns of names: the same answers as the few lines of C they come from, but not their time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniredis.glob import matches, translate

ALPHABET = st.sampled_from("ab*?[]^-\\c")


def plainly(pattern: bytes, name: bytes) -> bool:
    """Redis's own way of matching, byte by byte, trying every place for a star."""
    at = 0
    while at < len(pattern) and name:
        byte = pattern[at : at + 1]
        if byte == b"*":
            rest = pattern[at:].lstrip(b"*")
            return not rest or any(plainly(rest, name[start:]) for start in range(len(name)))
        if byte == b"[":
            found, at = inside(pattern, at + 1, name[0])
            if not found:
                return False
        elif byte != b"?":
            if byte == b"\\" and at + 1 < len(pattern):
                at += 1
            if pattern[at] != name[0]:
                return False
        at += 1
        name = name[1:]
    return not name and not pattern[at:].strip(b"*" if at else b"")


def inside(pattern: bytes, at: int, byte: int) -> tuple[bool, int]:
    """Whether a byte is one of those in brackets, and where these end."""
    negated = pattern[at : at + 1] == b"^"
    at += negated
    found = False
    while at < len(pattern) and pattern[at] != ord("]"):
        if pattern[at] == ord("\\") and at + 1 < len(pattern):
            at += 1
            found |= pattern[at] == byte
        elif at + 2 < len(pattern) and pattern[at + 1] == ord("-"):
            low, high = sorted((pattern[at], pattern[at + 2]))
            found |= low <= byte <= high
            at += 2
        else:
            found |= pattern[at] == byte
        at += 1
    return found != negated, at


@given(st.text(ALPHABET, max_size=8), st.text(ALPHABET, max_size=6))
def test_patterns_match_what_redis_matches(pattern: str, name: str) -> None:
    assert matches(pattern.encode(), name.encode()) == plainly(pattern.encode(), name.encode())


@given(st.binary(max_size=20))
def test_every_pattern_is_one(pattern: bytes) -> None:
    re.compile(translate(pattern))


@pytest.mark.parametrize("stars", [2, 30, 300])
def test_many_stars_cost_no_more_than_few(stars: int) -> None:
    """Tried at every place, each star would multiply the time: this would not end."""
    assert not matches(b"*a" * stars + b"b", b"a" * 2000)
