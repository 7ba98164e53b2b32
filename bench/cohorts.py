"""Synthetic cohorts, and the course folders they are graded in; for `grading.py` beside it.

A cohort is mixed as one is: right answers, some wrong ones (each a misconception of the course's), half of the work,
nothing touched, files that broke, and somebody hostile. The same seed gives the same cohort.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.authoring.build import expand_sources
from grader.checks import Exercise, catalog

ROOT = Path(__file__).resolve().parents[1]
#: How often a kind comes, of ten.
MIX = ("right", "right", "right", "wrong", "wrong", "wrong", "half", "untouched", "broken", "hostile")
_HOSTILE = "import os\ndef {name}(*args, **kwargs):\n    os._exit(0)\n"


@dataclass(frozen=True, slots=True)
class Student:
    """One of a cohort: a name, and what kind of work they hand in."""

    name: str
    kind: str


def students(count: int, seed: int = 0) -> list[Student]:
    """`count` students in the mix of `MIX`, shuffled by `seed`."""
    kinds = [MIX[n % len(MIX)] for n in range(count)]
    random.Random(seed).shuffle(kinds)
    return [Student(f"student-{n:04}", kind) for n, kind in enumerate(kinds)]


class Works:
    """Makes what students hand in, week by week, from the course's sources.

    Args:
        weeks: which weeks.
        folder: for what is made on the way.
    """

    def __init__(self, weeks: Sequence[str], folder: Path) -> None:
        self._weeks = list(weeks)
        self._exercises = [e for e in catalog() if any(e.notebook.startswith(f"{w}/") for w in weeks)]
        expand_sources(ROOT, folder, catalog())
        self._solutions: dict[str, str] = {}
        for e in self._exercises:
            if e.file is None:
                cells = json.loads((folder / f"{e.notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
                self._solutions[e.slug] = next(c["source"] for c in cells if c["id"] == e.cell_id)
        self._files = {e.slug: folder / e.notebook for e in self._exercises if e.file is not None}

    def hand_in(self, student: Student, submitted: Path, seed: int = 0) -> None:
        """Write what `student` hands in below nbgrader's folder `submitted`."""
        dice = random.Random(f"{seed} {student.name}")
        for week in self._weeks:
            folder = submitted / student.name / week
            shutil.copytree(ROOT / "notebooks" / week, folder)
            if student.kind == "untouched":
                continue
            mine = [e for e in self._exercises if e.notebook.startswith(f"{week}/")]
            texts = dict(self._answers(mine, student.kind, dice))
            for path in sorted(folder.glob("*.ipynb")):
                self._fill(path, texts)
            for e in mine:
                if e.file is not None and student.kind != "half":
                    source = (self._files[e.slug].parent / e.file).read_text(encoding="utf-8")
                    (folder / e.file).write_text(source, encoding="utf-8")
            if student.kind == "broken":
                path = dice.choice(sorted(folder.glob("*.ipynb")))
                data = path.read_bytes()
                path.write_bytes(data[: len(data) * 2 // 3])

    def _answers(self, mine: list[Exercise], kind: str, dice: random.Random) -> Iterator[tuple[str, str]]:
        for number, e in enumerate(mine):
            if e.file is not None or (kind == "half" and number % 2):
                continue
            text = self._solutions[e.slug]
            if kind == "wrong" and dice.random() < 0.3:
                wrong = sorted((ROOT / "solutions" / e.week / "wrong" / e.name).glob("*.py"))
                text = dice.choice(wrong).read_text(encoding="utf-8") if wrong else text
            if kind == "hostile" and number == len(mine) // 2:
                text = _HOSTILE.format(name=e.names[0])
            yield e.cell_id, text

    @staticmethod
    def _fill(path: Path, texts: Mapping[str, str]) -> None:
        notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["id"] in texts:
                cell["source"] = texts[cell["id"]]
        path.write_text(json.dumps(notebook), encoding="utf-8")


def course_folder(folder: Path, weeks: Sequence[str]) -> Path:
    """A course folder of its own with its gradebook: what git has, released. Returns `folder`."""
    folder.mkdir(parents=True)
    for name in ("solutions", "modules", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    subprocess.run(
        [sys.executable, "-m", "grader.cli", "cohort", "release", *weeks],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder
