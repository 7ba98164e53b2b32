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
    raise NotImplementedError("mini.keys")  # course hint mini.keys


def _one_of(pattern: bytes, at: int) -> tuple[bytes, int]:
    """Read the inside of ``[…]`` from `at` on: its expression, and the place behind it."""
    raise NotImplementedError("mini.keys")  # course hint mini.keys
