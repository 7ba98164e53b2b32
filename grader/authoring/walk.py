"""Walk the whole way as a learner who makes no mistake: stage by stage the starter is filled from the reference.

Before its code is there a stage has to be red, and right behind that green: with nothing but the stages in front of it.
A stage that quietly needs a later one is found here and nowhere else.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grader.checks.stages.catalog import Stage, stages
from grader.checks.stages.reference import PACKAGE, Reference
from grader.marking.own_server import fill
from grader.marking.stages import Effort, StageOutcome, StageRun, stage_run

_CHUNK = 8
# A stage that needs a later one fails at its first scripts; `course check stages --solutions` tries all.
_BEFORE = Effort(scripts=0.25, seconds=3.0, shrink_seconds=0.0, timeout=0.5)
_AFTER = Effort(scripts=0.25)


@dataclass(slots=True)
class Step:
    """One stage on the way: what it was before its code was there, and after. `built` says whether there was any."""

    before: StageOutcome
    after: StageOutcome
    built: bool

    @property
    def trouble(self) -> str:
        """What is wrong with it, in a sentence; nothing where it is as it should be."""
        if self.after.status != "done":
            told = self.after.note or self.after.text
            return f"{self.after.slug} is {self.after.status} when all stages up to it are built:\n{told}"
        if self.built and self.before.status != "wrong":
            return f"{self.before.slug} is {self.before.status} before it is built"
        return ""


def walk(
    root: Path, wanted: Sequence[Stage], tell: Callable[[Step], None] = lambda _: None, jobs: int | None = None
) -> list[Step]:
    """Take the steps `wanted`; each with a starter in which all stages in front of it are filled.

    Args:
        root: the course folder, for its reference.
        wanted: open stages.
        tell: told each step, in order.
        jobs: how many processes; as many as there are processors if None.
    """
    slugs = [s.slug for s in wanted if not s.locked]
    chunks = [slugs[i : i + _CHUNK] for i in range(0, len(slugs), _CHUNK)]
    steps = []
    with ProcessPoolExecutor(jobs or os.cpu_count() or 1, multiprocessing.get_context("spawn")) as pool:
        for piece in [pool.submit(_walk_chunk, root, chunk) for chunk in chunks]:
            for step in piece.result():
                steps.append(step)
                tell(step)
    return steps


def _walk_chunk(root: Path, slugs: list[str]) -> list[Step]:
    reference = Reference.read(root)
    texts = {path: reference.starter(path) for path in reference.texts}
    for stage in stages().before(stages()[slugs[0]]):
        texts |= fill(texts, reference, stage.slug)
    steps = []
    with tempfile.TemporaryDirectory(prefix="course-walk-") as temporary:
        home = Path(temporary) / "notebooks"
        write_package(home, texts)
        with stage_run(home) as run:
            for slug in slugs:
                texts |= fill(texts, reference, slug)
                steps.append(_step(run, home, texts, stages()[slug], slug in reference.regions))
    return steps


def _step(run: StageRun, home: Path, texts: dict[str, str], stage: Stage, built: bool) -> Step:
    before = run.check(stage, _BEFORE) if built else StageOutcome(stage.slug, stage.title, "done")
    write_package(home, texts)
    run.fresh()
    after = run.check(stage, _AFTER)
    before.result = after.result = None
    return Step(before, after, built)


def write_package(home: Path, texts: dict[str, str]) -> None:
    """Write the package's files below `home`, those that are new or changed."""
    for path, text in texts.items():
        file = home / PACKAGE / path
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
