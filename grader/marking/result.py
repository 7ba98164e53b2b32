"""What marking an exercise found, as plain data that travels as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from grader.checks.session import Promise


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
