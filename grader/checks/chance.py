"""The random inputs of checks: the same every time at a learner's desk, other ones for every submission that is marked.

A check that draws its inputs asks `chance` for the generator. Whoever marks runs it inside `seeded`, so that nobody can
answer with what the course's own copy of the check happens to draw.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

_seed = ""


def chance(number: int) -> random.Random:
    """A generator of random numbers for one place in a check; `number` tells the places apart."""
    return random.Random(f"{_seed} {number}" if _seed else number)


@contextmanager
def seeded(seed: str) -> Iterator[None]:
    """While it lasts, `chance` draws from `seed`; the empty seed is the learner's desk."""
    global _seed
    before, _seed = _seed, seed
    try:
        yield
    finally:
        _seed = before
