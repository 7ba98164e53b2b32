"""What marking a submission gave, as plain data that travels as JSON and is kept in receipts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from grader.marking.result import ExerciseResult


@dataclass(slots=True)
class Marks:
    """The results of one submission, and all that is needed to get them again.

    `digest` is the submission's (`Submission.digest`), `seed` the hexadecimal seed its hidden checks were made from,
    `sandbox` names what held the learner's code, `advisory` says that nothing did. `repairs` holds, slug by slug,
    what had to be put right to find the answer; `notes` what was refused altogether. `partial` says that there was
    partial credit, also where nobody got any. `seconds` is wall-clock.
    """

    learner: str
    digest: str
    results: list[ExerciseResult] = field(default_factory=list)
    repairs: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seed: str = ""
    sandbox: str = "none"
    advisory: bool = True
    partial: bool = False
    course: str = ""
    python: str = ""
    redis: str = ""
    seconds: float = 0.0

    @property
    def earned(self) -> float:
        """Points earned."""
        return sum(r.earned for r in self.results)

    @property
    def possible(self) -> int:
        """Points that could be judged: skipped exercises and grader errors are left out."""
        return sum(r.points for r in self.results if r.status not in {"skipped", "error"})

    @property
    def uncertain(self) -> int:
        """Points of exercises whose check failed through no fault of the answer: never a zero, somebody must look."""
        return sum(r.points for r in self.results if r.status == "error")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Marks:
        """The inverse of `to_dict`."""
        return cls(**{**data, "results": [ExerciseResult.from_dict(r) for r in data["results"]]})
