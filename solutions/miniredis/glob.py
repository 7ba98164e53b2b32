"""Patterns of names as KEYS, SCAN, PSUBSCRIBE and CONFIG GET take them: ``*``, ``?``, ``[a-z]``, ``[^a]``, ``\\*``.

A pattern becomes a regular expression once and is then as fast as Python's. It is Redis's own kind of pattern
(util.c, stringmatchlen), down to what it makes of a bracket that nobody closes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_BACKSLASH, _STAR, _ASK, _OPEN, _CLOSE, _CARET, _DASH = b"\\*?[]^-"


@lru_cache(maxsize=256)
def matcher(pattern: bytes) -> Callable[[bytes], object]:
    """Return a function that tells whether a name matches, by something true or None."""
    return re.compile(translate(pattern), re.DOTALL).fullmatch


def matches(pattern: bytes, name: bytes) -> bool:
    """Whether a name matches a pattern."""
    return matcher(pattern)(name) is not None


def translate(pattern: bytes) -> bytes:
    """Return the regular expression that a pattern stands for.

    What follows a star is looked for from the left, and where it is found it stays: trying other places would not
    find more, but would take time that doubles with every star. That is what ``(?>…)`` says.
    """
    ### BEGIN SOLUTION mini.keys
    pieces = [b""]  # between the stars
    at = 0
    while at < len(pattern):
        byte = pattern[at]
        if byte == _STAR:
            pieces.append(b"")
            at += 1
        elif byte == _OPEN:
            piece, at = _one_of(pattern, at + 1)
            pieces[-1] += piece
        elif byte == _ASK:
            pieces[-1] += b"."
            at += 1
        else:
            if byte == _BACKSLASH and at + 1 < len(pattern):
                at += 1
            pieces[-1] += re.escape(pattern[at : at + 1])
            at += 1
    first, *middle = pieces
    if not middle:
        return first
    last = middle.pop()
    something = b"(?=.)"  # to Redis a star matches no empty name
    return something + first + b"".join(b"(?>.*?%b)" % piece for piece in middle if piece) + b".*" + last
    ### END SOLUTION


def _one_of(pattern: bytes, at: int) -> tuple[bytes, int]:
    """Read the inside of ``[…]`` from `at` on: its expression, and the place behind it."""
    ### BEGIN SOLUTION mini.keys
    negated = pattern[at : at + 1] == b"^"
    at += negated
    wanted: set[int] = set()
    while at < len(pattern) and pattern[at] != _CLOSE:
        if pattern[at] == _BACKSLASH and at + 1 < len(pattern):
            wanted.add(pattern[at + 1])
            at += 2
        elif at + 2 < len(pattern) and pattern[at + 1] == _DASH:
            low, high = sorted((pattern[at], pattern[at + 2]))
            wanted.update(range(low, high + 1))
            at += 3
        else:
            wanted.add(pattern[at])
            at += 1
    chosen = wanted if not negated else set(range(256)) - wanted
    inside = b"".join(b"\\x%02x" % byte for byte in sorted(chosen))
    return (b"[%b]" % inside if inside else b"(?!)"), at + 1
    ### END SOLUTION
