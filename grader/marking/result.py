"""What marking an exercise found, as plain data that travels as JSON."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from grader.checks.session import Promise


def credit(promises: Sequence[Promise], points: int) -> float:
    """What a wrong answer earns where there is partial credit: the share that its promises in front of the first broken
    one are of all, rounded down to half points.

    Promises are in the order of the work, the first is what the answer is for. One that is kept behind a broken one
    counts for nothing: that nothing was lost and nothing was slow is kept by code that does nothing.
    """
    tried = [p.status for p in promises if p.status != "skipped"]
    kept = sum(1 for _ in itertools.takewhile(lambda status: status == "kept", tried))
    return 2 * points * kept // len(tried) / 2 if kept < len(tried) else 0.0


@dataclass(slots=True)
class ExerciseResult:
    """The outcome of one exercise.

    `status` is ``solved``, ``wrong``, ``todo`` (not written yet), ``skipped`` (this Redis cannot do it) or ``error``
    (the grader failed: never a zero; `note` says how). `earned` and `points` are points; `seconds` is wall-clock.
    """

    slug: str
    title: str
    status: str
    earned: float
    points: int
    promises: list[Promise] = field(default_factory=list)
    seconds: float = 0.0
    printed: str = ""
    note: str = ""

    @property
    def kept(self) -> int:
        """How many promises were kept."""
        return sum(p.status == "kept" for p in self.promises)

    @property
    def misconception(self) -> str | None:
        """The first misconception that was recognised."""
        return next((p.misconception for p in self.promises if p.misconception), None)

    @property
    def first_broken(self) -> Promise | None:
        """The first promise that was not kept."""
        return next((p for p in self.promises if p.status == "broken"), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ExerciseResult:
        """The inverse of `to_dict`."""
        return cls(**{**data, "promises": [Promise(**p) for p in data.get("promises", [])]})
