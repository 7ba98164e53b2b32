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

from grader.checks.agreement.manners import Manner
from grader.checks.agreement.script import Script, Scripts
from grader.checks.stages.registry import UnderTest, stage, stage_probe

__all__ = ["Manner", "Script", "Scripts", "UnderTest", "stage", "stage_probe"]
