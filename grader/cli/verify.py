"""`course verify`: can a receipt be believed, and does marking again give the same?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from grader.checks import Exercise, catalog
from grader.checks.stages.catalog import stages
from grader.checks.stages.reference import PACKAGE
from grader.cli.outcome import CallError
from grader.cli.screen import errors, out
from grader.marking.printable import printable
from grader.marking.receipts import are_stages, course_key
from grader.marking.submission import Submission

if TYPE_CHECKING:
    from grader.marking.sandbox import Sandbox

KeyFile = Annotated[Path | None, typer.Option("--key", help="The file of the course key; COURSE_KEY if none.")]
SandboxKind = Annotated[
    str | None,
    typer.Option("--sandbox", help="bubblewrap, docker, none, or any: any but none."),
]
Partial = Annotated[
    bool,
    typer.Option(
        "--partial",
        help="Partial credit: a wrong answer earns its share for the promises it keeps before the first broken one.",
    ),
]
_MARKS = {
    "agrees": ("✔", "green"), "differs": ("✘", "red"), "refused": ("✘", "red"), "unchecked": ("–", "yellow"),
    "error": ("!", "yellow"),
}  # fmt: skip
# The worst of several receipts decides.
_STATUS = (("refused", 1), ("differs", 1), ("error", 3), ("unchecked", 2))
_PATTERNS = ("receipt.json", "*.receipt.json")
_ENDINGS = ("", ".git", ".zip", ".tar.gz")


def verify(
    receipt: Annotated[Path, typer.Argument(help="A receipt, or a folder with receipt.json and NAME.receipt.json")],
    submission: Annotated[
        Path | None,
        typer.Option(help="The submission, to mark it again; for a folder of receipts a folder of learners."),
    ] = None,
    commit: Annotated[str, typer.Option(help="Read this commit of the submission's repository.")] = "",
    key: Annotated[
        Path | None,
        typer.Option("--key", help="The file of the course key; COURSE_KEY if none, and in a cohort's folder its own."),
    ] = None,
    sandbox: SandboxKind = None,
) -> int:
    """Verify receipts. Status 0 when all agree, 1 when one is refused or differs, 2 when one cannot be verified."""
    from grader.cohort.classroom import key_around
    from grader.marking.grade import NothingToGradeError, release_for, submission_of
    from grader.marking.verify import Verifier

    held = chosen_sandbox(sandbox)
    many = receipt.is_dir()
    files = sorted({f for p in _PATTERNS for f in receipt.rglob(p)}) if many else [receipt]
    if not files:
        raise CallError(f"There is no receipt.json and no NAME.receipt.json in {printable(str(receipt))}.")

    if submission is not None and not submission.exists():
        raise CallError(f"{printable(str(submission))} does not exist.")

    def find(learner: str, slugs: list[str]) -> Iterator[Submission]:
        # A learner's name from a receipt is a stranger's word: it must not lead out of the folder.
        if submission is None or (many and (learner in {"", ".", ".."} or "/" in learner or "\0" in learner)):
            return
        for ending in _ENDINGS if many else ("",):
            place = submission / f"{learner}{ending}" if many else submission
            for below, exercises in ((place, list(catalog())), *_weeks(place, slugs)):
                try:
                    release = release_for(submission)
                    yield submission_of(below, exercises, learner=learner, commit=commit, release=release)
                except NothingToGradeError:
                    if below.exists():
                        yield Submission(learner, {})  # an empty one can have been marked, too

    outcomes = []
    secret = course_key(key)
    if not secret and (of_cohort := key_around(receipt, Path.cwd(), submission)) is not None:
        secret = course_key(of_cohort)
        out().print(Text(f"The course key is {printable(str(of_cohort))}.", "dim"), soft_wrap=True)
    with Verifier(catalog(), secret, find, held, release_for(submission or receipt)) as verifier:
        for file in files:
            verdict = verifier.verify(file)
            outcomes.append(verdict.outcome)
            mark, colour = _MARKS[verdict.outcome]
            name = printable(str(file.relative_to(receipt)) if many else file.name)
            line = Text.assemble((f" {mark} ", colour), (name, "bold"), f"  {printable(verdict.sentence)}")
            out().print(line, soft_wrap=True)
            for each in verdict.differences:
                out().print(Text(f"     {printable(each)}", colour), soft_wrap=True)
    if many:
        out().print(Text(f"{outcomes.count('agrees')} of {len(outcomes)} receipts agree", "bold"))
    return next((status for outcome, status in _STATUS if outcome in outcomes), 0)


def _weeks(place: Path, slugs: list[str]) -> Iterator[tuple[Path, list[Exercise]]]:
    """Where nbgrader keeps what a receipt of one assignment is about: ``NAME/week1``, and what was looked for there."""
    if are_stages(slugs):
        servers = {place / f"{PACKAGE}-{stages()[slug].week}" for slug in slugs}
        yield from ((folder, []) for folder in servers if len(servers) == 1 and folder.is_dir())
        return
    folders = {catalog()[slug].notebook.partition("/")[0] for slug in slugs}
    if len(folders) == 1 and (place / (week := folders.pop())).is_dir():
        yield place / week, [e for e in catalog() if e.notebook.startswith(f"{week}/")]
        yield place / week, [catalog()[slug] for slug in slugs]


def chosen_sandbox(kind: str | None) -> Sandbox:
    """The sandbox that was asked for, or the best there is; where there is none, that is said loudly.

    Raises:
        SandboxMissing: where it cannot be had, as ``any`` where there is none: then nothing is run.
    """
    from grader.marking.sandbox import asked_for

    held = asked_for(kind)
    if not held.trusted:
        loudly(held.words)
    return held


def loudly(words: str) -> None:
    """Say what nobody may miss: that there is no sandbox."""
    errors().print(Text(words, "bold red"), soft_wrap=True)
