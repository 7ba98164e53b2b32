"""What a soak has found, and what is to be thought of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from grader.checks.soak.tally import Tally

AIM = 700_000  # operations a minute
_SETTLED, _LAST = 0.3, 0.8  # parts of the time: memory is compared between the third and the last fifth of it
_TOLERATED, _TOLERATED_MB = 0.1, 8.0
_LEAST_SECONDS = 10.0
MB = 1e6


@dataclass(frozen=True, slots=True)
class Sample:
    """A look at the soak: seconds since the start, operations so far, bytes of memory or None."""

    seconds: float
    operations: int
    memory: int | None


@dataclass(frozen=True, slots=True)
class Soak:
    """The whole of it.

    Attributes:
        seconds: how long clients were at work.
        clients: how many there were.
        seed: of their random numbers.
        tally: what they did, and the first things that were wrong.
        samples: throughput and memory over time.
        memory_before, memory_after: bytes before the first client came and after the last has gone.
        lacking: by family, the commands that the server does not have and that were left out.
        interrupted: ended by Ctrl-C.
        ended_early: no client was left to go on.
    """

    seconds: float
    clients: int
    seed: int
    tally: Tally
    samples: Sequence[Sample]
    memory_before: int | None
    memory_after: int | None
    lacking: dict[str, list[str]]
    interrupted: bool
    ended_early: bool

    @property
    def operations(self) -> int:
        """Commands that were answered."""
        return self.tally.operations.total()

    @property
    def a_minute(self) -> float:
        """Operations a minute."""
        return self.operations / self.seconds * 60 if self.seconds else 0.0

    @property
    def growth(self) -> tuple[float, float] | None:
        """Memory in bytes once things had settled, and at the end; None for a soak too short to tell, or unseen."""
        if self.seconds < _LEAST_SECONDS:
            return None
        known = [(each.seconds / self.seconds, each.memory) for each in self.samples if each.memory is not None]
        settled = [memory for part, memory in known if _SETTLED <= part < _SETTLED + 0.2]
        last = [memory for part, memory in known if part >= _LAST]
        return (median(settled), median(last)) if settled and last else None

    @property
    def leaks(self) -> bool:
        """Whether memory went on growing although the keys did not: by a tenth and 8 MB."""
        if self.growth is None:
            return False
        settled, last = self.growth
        return last - settled > max(_TOLERATED * settled, _TOLERATED_MB * MB)

    @property
    def sound(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.tally.wrong or self.leaks or self.ended_early)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "seconds": self.seconds,
            "clients": self.clients,
            "seed": self.seed,
            "operations": self.operations,
            "operations_a_minute": self.a_minute,
            "by_family": dict(self.tally.operations),
            "wrong": self.tally.wrong,
            "error_rate": self.tally.wrong / self.operations if self.operations else 0.0,
            "first_wrong": [asdict(each) for each in self.tally.first_wrong],
            "refused_on_purpose": self.tally.refused,
            "connections": self.tally.connections,
            "cut_in_mid_command": self.tally.cut,
            "hung_up_on_nonsense": self.tally.nonsense,
            "memory": {
                "before": self.memory_before,
                "settled": self.growth and self.growth[0],
                "last": self.growth and self.growth[1],
                "after": self.memory_after,
                "leaks": self.leaks,
            },
            "lacking": self.lacking,
            "interrupted": self.interrupted,
            "sound": self.sound,
            "samples": [asdict(each) for each in self.samples],
        }
