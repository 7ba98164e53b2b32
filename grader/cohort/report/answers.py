"""The text of each answer in a submission, for comparing: found by `grader.marking.intake`, as marking finds it.

A release read with `handed_out` tells what everybody was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.checks.catalog import Exercise
from grader.marking import intake
from grader.marking.intake.released import released
from grader.marking.submission import Submission

TEXT_LIMIT = 20_000
"""Characters of an answer that are looked at."""
_NOTHING = Submission("nobody", {})


def answers_of(
    submission: Submission, exercises: Iterable[Exercise], release: Submission | None = None
) -> dict[str, str]:
    """Slug to text of each answer that was worked on: an untouched starter is none, nor is what cannot be found.

    Args:
        submission: what a learner handed in, of any state; nothing in it raises.
        exercises: whose answers are wanted.
        release: what the learner was given; without it a starter cannot be told from an answer.
    """
    given = (release or _NOTHING).files
    found: dict[str, str] = {}
    by_notebook: dict[str, list[Exercise]] = {}
    for e in exercises:
        if e.file is None:
            by_notebook.setdefault(f"{e.notebook}.ipynb", []).append(e)
            continue
        name = f"{e.week}/{e.file}"
        if name in submission.files:
            answer = intake.file_answer(submission.files[name], given.get(name))
            if not answer.untouched:
                found[e.slug] = answer.text[:TEXT_LIMIT]
    for name, asked in by_notebook.items():
        if name in submission.files:
            repaired = intake.answers(submission.files[name], given.get(name), asked, name)
            sources = repaired.sources.items()
            found |= {slug: text[:TEXT_LIMIT] for slug, text in sources if slug not in repaired.untouched}
    return found


def given_code(release: Submission, exercises: Sequence[Exercise]) -> dict[str, list[str]]:
    """Slug to all code that a learner was given in the same notebook or file: starters, examples and check cells."""
    by_notebook: dict[str, list[Exercise]] = {}
    for e in exercises:
        by_notebook.setdefault(e.notebook, []).append(e)
    given: dict[str, list[str]] = {}
    for notebook, asked in by_notebook.items():
        cells = list(released(release.files.get(f"{notebook}.ipynb"), asked).text.values())
        for e in asked:
            file = release.files.get(f"{e.week}/{e.file}") if e.file is not None else None
            given[e.slug] = [*cells, intake.file_answer(file, None).text] if file is not None else cells
    return given


def handed_out(notebooks: Path) -> Submission:
    """What a learner was given: the notebooks and Python files below the course's own ``notebooks/``."""
    paths = sorted(p for p in notebooks.rglob("*") if p.suffix in {".ipynb", ".py"} and p.is_file())
    return Submission("release", {p.relative_to(notebooks).as_posix(): p.read_bytes() for p in paths})
