"""The checks of the stages of `miniredis`: what each one is (`catalog`), and how it is held against real Redis.

A family's module registers generators with `@stage(slug)` and probes with `@stage_probe(slug)` (`registry`).
Whoever runs stages calls

    from grader.checks.stages.check import check_stage

    result = check_stage(slug, theirs, real, known_commands, built=slugs)

with the learner's running server (`UnderTest`), a running real Redis 8.2 (`grader.servers.Server`, the check's own:
it is flushed), the commands that the stages up to this one make work, and the slugs of these stages. `result.passed`
tells; `result.finding.text` is what to print, `result.finding.renderable()` the same for rich, and
`result.finding.misconception` names the wrong server it looks like where the check knows.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.checks.agreement.manners import Manner
    from grader.checks.agreement.script import Script, Scripts
    from grader.checks.stages.registry import UnderTest, stage, stage_probe

__all__ = ["Manner", "Script", "Scripts", "UnderTest", "stage", "stage_probe"]

_PLACES = {
    "Manner": "grader.checks.agreement.manners",
    "Script": "grader.checks.agreement.script",
    "Scripts": "grader.checks.agreement.script",
    "UnderTest": "grader.checks.stages.registry",
    "stage": "grader.checks.stages.registry",
    "stage_probe": "grader.checks.stages.registry",
}


def __getattr__(name: str) -> Any:
    # The list of stages (`catalog`) is asked for often, and by those who have no use for Hypothesis.
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
