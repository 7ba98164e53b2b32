"""The words a check speaks: what was promised, what happened, and which misconception it looks like.

Check files use `exercise` to say which exercise a test belongs to, and `expect` or `broken` where a plain
`assert` would not teach enough. A plain `assert` with a message is welcome where it does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar, cast

import pytest

from grader.inside.answer import PassesThrough
from grader.inside.show import show

__all__ = ["Broken", "broken", "exercise", "expect", "show"]

_Test = TypeVar("_Test")


class Broken(PassesThrough):
    """A promise that the answer does not keep.

    `expected` and `happened` are sentences or values as text, shown to the learner side by side;
    `misconception` is a name from the exercise's list, or None where the cause is not known.
    """

    def __init__(self, expected: str, happened: str, misconception: str | None = None) -> None:
        super().__init__(f"expected {expected}; {happened}")
        self.expected = expected
        self.happened = happened
        self.misconception = misconception


def exercise(slug: str) -> Callable[[_Test], _Test]:
    """Mark a test function or class as a promise of the exercise `slug` (for example ``week1.page-views``)."""
    return cast(Callable[[_Test], _Test], pytest.mark.exercise(slug))


def broken(expected: str, happened: str, misconception: str | None = None) -> NoReturn:
    """Say that a promise is broken.

    Raises:
        Broken: always.
    """
    raise Broken(expected, happened, misconception)


def _equal(actual: object, wanted: object) -> bool:
    """Whether two values of different types compare equal; what a learner's ``__eq__`` raises is no equality."""
    try:
        return bool(actual == wanted)
    except Exception:
        return False


def expect(
    actual: object,
    wanted: object,
    call: str,
    *,
    known: dict[object, str] | None = None,
    because: str | None = None,
) -> None:
    """Compare a result with what was promised, type included (``True`` is not ``1``, ``"5"`` is not ``5``).

    Args:
        actual: what the answer returned.
        wanted: what it should have returned.
        call: the call as the learner would write it, for example ``page_view(r, "home")``.
        known: wrong results that betray a misconception, result -> its name.
        because: the misconception to name for any other wrong result.

    Raises:
        Broken: where they differ.
    """
    if type(actual) is type(wanted) and actual == wanted:
        return
    misconception = because
    for value, name in (known or {}).items():
        if type(actual) is type(value) and actual == value:
            misconception = name
    happened = f"{call} returned {show(actual)}"
    if _equal(actual, wanted):
        happened += f", a {type(actual).__name__} where a {type(wanted).__name__} was promised"
    raise Broken(f"{call} returns {show(wanted)}", happened, misconception)
