"""A small cohort for tests: a course folder that is released, a few exercises of week 1, learners of every kind.

Run as a program it grades the folder it is given, and says each name as it reaches the gradebook: what tests kill.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Generator, Iterable
from functools import lru_cache
from pathlib import Path

from grader.authoring.exercises import read_sources
from grader.checks import Catalog, Exercise, catalog
from grader.cohort import grading
from grader.cohort.classroom import Classroom
from grader.cohort.grading import Mark, grade, local
from grader.cohort.own_servers import everything
from grader.cohort.task import Finished, Task
from grader.marking.marks import Marks
from grader.marking.result import ExerciseResult

ROOT = Path(__file__).resolve().parents[2]
WEEK = "week1"
SLUGS = ("week1.page-views", "week1.bulk-read", "week1.tiny-client", "week1.right-tool")
PAGE_VIEWS, BULK_READ, TINY_CLIENT, RIGHT_TOOL = SLUGS
NOTEBOOK = "02-strings-and-counters"
LOOP = "def page_view(r, page):\n    while True:\n        pass"


def few() -> Catalog:
    """Four exercises: two of one notebook, one that is answered in a file, one beside a written answer."""
    whole = catalog()
    return Catalog(whole.notebooks, {slug: whole[slug] for slug in SLUGS})


def room(folder: Path) -> Classroom:
    """The classroom in `folder`, with few exercises."""
    return Classroom(folder, few())


@lru_cache(maxsize=1)
def solutions() -> dict[str, str]:
    """Slug to the text of a right answer."""
    sources = read_sources(ROOT, catalog(), list(few()))
    return {slug: re.sub(r"^\s*### (BEGIN|END) SOLUTION\n?", "", s.solution, flags=re.M) for slug, s in sources.items()}


def half_right() -> str:
    """A page_view with a misconception; with partial credit it earns half a point of two."""
    return (ROOT / "solutions/week1/wrong/page-views/python-variable.py").read_text(encoding="utf-8")


def work(folder: Path, answers: dict[str, str], into: Path) -> Path:
    """Write what a learner hands in to `into`: the release with `answers`, slug or cell id to text."""
    shutil.copytree(folder / "notebooks" / WEEK, into, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    texts = {slug.replace(".", "-"): text for slug, text in answers.items() if slug != TINY_CLIENT}
    for path in into.glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["id"] in texts:
                cell["source"] = texts[cell["id"]]
        path.write_text(json.dumps(notebook), encoding="utf-8")
    if TINY_CLIENT in answers:
        (into / "tinyclient.py").write_text(answers[TINY_CLIENT], encoding="utf-8")
    return into


def submit(folder: Path, student: str, answers: dict[str, str]) -> Path:
    """Put what a learner hands in into ``submitted/``."""
    return work(folder, answers, folder / "submitted" / student / WEEK)


def submit_six(folder: Path) -> None:
    """Right, half, empty, broken JSON, hostile; the sixth has handed in nothing."""
    for student, made in six(folder, folder / "downloads").items():
        made.rename(_made(folder / "submitted" / student) / WEEK)


def six(folder: Path, into: Path) -> dict[str, Path]:
    """What `submit_six` hands in, as folders below `into`, by name."""
    right = solutions()
    answers = {
        "right": right,
        "half": {PAGE_VIEWS: right[PAGE_VIEWS]},
        "empty": {},
        "broken": right,
        "hostile": {**right, PAGE_VIEWS: LOOP},
    }
    made = {student: work(folder, texts, _made(into / student) / WEEK) for student, texts in answers.items()}
    (made["broken"] / f"{NOTEBOOK}.ipynb").write_text('{"cells": [', encoding="utf-8")
    return made


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def points(slug: str) -> int:
    """What an exercise is worth."""
    return catalog()[slug].points


def result(e: Exercise, status: str = "wrong", earned: float = 0.0, note: str = "") -> ExerciseResult:
    """A result as a marker gives it."""
    return ExerciseResult(
        e.slug, e.title, status, float(e.points) if status == "solved" else earned, e.points, note=note
    )


def say(verdict: Callable[[str, Exercise], ExerciseResult], asked: list[str] | None = None) -> Mark:
    """A way to mark without running anything: `verdict` says the result of a learner's exercise.

    `asked` gets the name of each learner that is marked.
    """

    def mark(tasks: Iterable[Task]) -> Generator[Finished]:
        for task in tasks:
            if asked is not None:
                asked.append(task.learner)
            results = [verdict(task.learner, everything()[slug]) for slug in task.slugs]
            yield Finished(task, Marks(task.learner, task.submission.digest(), results, sandbox="test", advisory=False))

    return mark


def status(word: str) -> Callable[[str, Exercise], ExerciseResult]:
    """The same verdict for everything."""
    return lambda _learner, e: result(e, word)


def dump(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the gradebook that says something about learners, without the ids that nbgrader draws."""
    where = """JOIN submitted_notebook n ON x.notebook_id = n.id JOIN notebook b ON n.notebook_id = b.id
        JOIN submitted_assignment s ON n.assignment_id = s.id JOIN base_cell c ON x.cell_id = c.id"""
    asked = {
        "students": "SELECT id, first_name, last_name, email, lms_user_id FROM student",
        "submissions": """SELECT a.name, s.student_id, s.timestamp, s.extension FROM submitted_assignment s
            JOIN assignment a ON a.id = s.assignment_id""",
        "notebooks": """SELECT s.student_id, b.name, n.flagged, n.late_submission_penalty FROM submitted_notebook n
            JOIN submitted_assignment s ON n.assignment_id = s.id JOIN notebook b ON n.notebook_id = b.id""",
        "grades": f"""SELECT s.student_id, b.name, c.name, x.auto_score, x.manual_score, x.extra_credit,
            x.needs_manual_grade FROM grade x {where}""",
        "comments": f"SELECT s.student_id, b.name, c.name, x.auto_comment, x.manual_comment FROM comment x {where}",
    }
    book = sqlite3.connect(folder / "gradebook.db")
    try:
        return {name: sorted(book.execute(query), key=repr) for name, query in asked.items()}
    finally:
        book.close()


def pages(folder: Path) -> dict[str, bytes]:
    """Every file below ``autograded/``."""
    top = folder / "autograded"
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in sorted(top.rglob("*")) if p.is_file()}


def score(folder: Path, student: str) -> float:
    """What nbgrader's gradebook says a learner has."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "redis") as book:
        found: float = book.find_submission(WEEK, student).score
        return found


def main(folder: Path, version: str) -> None:
    """Grade `folder` with one job, as the version of the course that the test has: files may change while it runs."""
    grading.course_version = lambda: version
    here = room(folder)
    grade(here, [WEEK], local(here, [WEEK], 1), tell=lambda graded: print(graded.student, flush=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
