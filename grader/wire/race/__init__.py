"""Races are found, not hoped for: copies of a piece of code meet at Redis in every order that matters.

`race` is the door; `Race` is the same for one server, as the checks' fixture hands it out.
"""

from grader.wire.race.race import (
    BOUND,
    ActorFailed,
    End,
    InvariantFailed,
    NeverEnds,
    NotReproducible,
    Outcome,
    Race,
    RaceFound,
    race,
)
from grader.wire.race.stage import StuckError
from grader.wire.race.timeline import NOT_ENDED, Row, Timeline

__all__ = [
    "BOUND",
    "NOT_ENDED",
    "ActorFailed",
    "End",
    "InvariantFailed",
    "NeverEnds",
    "NotReproducible",
    "Outcome",
    "Race",
    "RaceFound",
    "Row",
    "StuckError",
    "Timeline",
    "race",
]
