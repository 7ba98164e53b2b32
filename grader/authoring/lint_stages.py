"""Lint the stages of miniredis: texts whole, exchanges true on real Redis, regions and checks where they belong.

`course lint` runs this with everything else, `course lint stages` alone. That the starter is red and the reference
green in every stage is a test (tests/stages): it takes as long as the checks do.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.authoring.problems import Problem
from grader.authoring.transcripts import run_lessons
from grader.checks.stages.catalog import Stage, Stages, faults
from grader.checks.stages.reference import PACKAGE, NoReferenceError, Reference
from grader.checks.stages.regions import RegionError
from grader.servers import Binary

_SHORT = 30  # letters: less is no sentence


def lint_stages(
    root: Path,
    catalog: Stages,
    wanted: Sequence[Stage],
    binaries: Sequence[Binary],
    counts: Counter[str],
    progress: Callable[[str], None] = lambda _: None,
) -> list[Problem]:
    """Lint the stages `wanted`; `counts` is told how much was looked at."""
    chosen = {s.slug for s in wanted}
    problems = [Problem(s.path, 0, "stage", text) for s, text in faults(catalog) if s.slug in chosen]
    for stage in wanted:
        counts["stages"] += not stage.locked
        counts["locked_stages"] += bool(stage.locked)
        counts["stage_hints"] += len(stage.hints)
        problems += [Problem(stage.path, 0, "stage", f"{stage.slug}: {text}") for text in _texts(stage)]
    problems += _places(root, catalog, wanted)
    problems += [Problem(s.path, 0, "stage", f"{s.slug}: {text}") for s in wanted for text in _checks(s)]
    problems += _exchanges([s for s in wanted if s.exchange], binaries, counts, progress)
    return problems


def _texts(stage: Stage) -> list[str]:
    found = []
    texts = [stage.title, stage.why, stage.learnt, stage.locked, *stage.hints, *stage.misconceptions.values()]
    if left := sum("TODO" in text for text in texts):
        found.append(f"{left} of its texts still say TODO")
    if len(stage.why) < _SHORT:
        found.append("`why` is two or three sentences")
    if len(set(stage.hints)) < len(stage.hints):
        found.append("a hint stands there twice")
    if stage.title.endswith("."):
        found.append("a title has no full stop")
    return found


def _places(root: Path, catalog: Stages, wanted: Sequence[Stage]) -> list[Problem]:
    """Every open stage has a region and every region a stage; the files a stage names are there."""
    try:
        reference = Reference.read(root)
        regions = reference.regions
    except (NoReferenceError, RegionError) as error:
        return [Problem(root / "solutions" / PACKAGE, 0, "stage", str(error))]
    problems = []
    for stage in wanted:
        files = {path for path, _ in regions.get(stage.slug, [])}
        if not files and not stage.locked and not stage.needs:
            # A stage may ask more of what an earlier one has built; then it has to say of which.
            text = f"{stage.slug} has neither a region in solutions/{PACKAGE}/ nor a stage that it `needs`"
            problems.append(Problem(stage.path, 0, "stage", text))
        for path in sorted(files - set(stage.files)):
            problems.append(
                Problem(stage.path, 0, "stage", f"{stage.slug}: {path} has a region of it; name it in files")
            )
        for path in stage.files:
            if path not in reference.texts and not stage.locked:
                problems.append(Problem(stage.path, 0, "stage", f"{stage.slug}: there is no file {path}"))
    for slug, found in regions.items():
        if slug not in catalog.by_slug and len(wanted) == len(catalog):
            path, region = found[0]
            at = root / "solutions" / PACKAGE / path
            problems.append(Problem(at, region.first + 1, "stage", f"{slug} is no stage"))
    return problems


def _checks(stage: Stage) -> list[str]:
    from grader.checks.stages.registry import checks_of

    checks = checks_of(stage.slug)
    has = bool(checks.generators or checks.probes)
    if stage.locked:
        return ["it is locked and has a check"] if has else []
    return [] if has else ["it has no check in grader/checks/stages/"]


def _exchanges(
    wanted: Sequence[Stage], binaries: Sequence[Binary], counts: Counter[str], progress: Callable[[str], None]
) -> list[Problem]:
    """Run each exchange as a lesson's transcript is run: a server of its own, empty at first."""
    problems = []
    with tempfile.TemporaryDirectory(prefix="course-stages-") as temporary:
        for stage in wanted:
            progress(stage.slug)
            page = Path(temporary) / f"{stage.name}.md"
            page.write_text(_as_lesson(stage), encoding="utf-8")
            run = run_lessons([page], binaries)
            counts["exchanges"] += 1
            counts["exchange_commands"] += sum(run.commands.values())
            problems += [
                Problem(
                    stage.path, 0, p.kind, f"{stage.slug}, line {p.line - _first(stage)} of its exchange: {p.message}"
                )
                for p in run.problems
            ]
            if not run.blocks:
                problems.append(Problem(stage.path, 0, "stage", f"{stage.slug}: its exchange was run on no Redis"))
    return problems


def _as_lesson(stage: Stage) -> str:
    version = [f"<!-- redis: >={stage.redis} -->"] if stage.redis else []
    fence = "wire" if stage.wire else "redis"
    return "\n".join([*version, *stage.markers, f"```{fence}", stage.exchange, "```", ""])


def _first(stage: Stage) -> int:
    """The line of the lesson in front of the exchange's first."""
    return bool(stage.redis) + len(stage.markers) + 1
