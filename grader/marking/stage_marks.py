"""Grade a stranger's own server, stage by stage: `course grade PATH --stages` and whoever has many submissions.

The files of ``miniredis/`` are data until they lie in a fresh folder that only the sandbox runs from. What asks the
server is a process of its own (`grader.marking.stage_process`), with bounds on time, memory and disk: what goes beyond
them through a server's answers makes its stage red.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

import grader
from grader.checks.session import Promise
from grader.checks.stages.catalog import Stage, stages
from grader.checks.stages.reference import PACKAGE
from grader.checks.stages.regions import standing
from grader.checks.stages.registry import checks_of
from grader.marking.answer_lines import Place
from grader.marking.intake.limits import MEGABYTE
from grader.marking.marks import Marks
from grader.marking.receipts import STAGE_POINTS, receipt_of, seed_of, seed_of_stage
from grader.marking.reports import GradeReport
from grader.marking.result import ExerciseResult
from grader.marking.sandbox import Sandbox, SandboxMissing, choose
from grader.marking.sandbox.bubblewrap import Bubblewrap
from grader.marking.stage_process import Order, serve
from grader.marking.stages import THOROUGH, Effort, StageOutcome
from grader.marking.submission import Submission

_START = 60.0  # seconds until the process has both servers it needs
_ORDERLY = 5.0  # seconds that process has to end its servers
_REMOVAL = 5.0  # seconds that removing what it left may take
_LOOK = 0.2  # seconds between two looks at time and disk
_MOST_FILES = 20_000
_DEEPEST = 50
_LONGEST_FILE = MEGABYTE  # of a learner's, to be looked through for stubs
_WHERE_IT_STARTS = "__main__.py"
_UNBUILT = re.compile(r"(mini\.[a-z0-9-]+) is not built yet|not built yet: (mini\.[a-z0-9-]+)", re.IGNORECASE)
_Stubs: TypeAlias = "dict[str, list[tuple[Place, bool]]]"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What checking a server may cost.

    `seconds` for one stage (None: what its generators and probes ask for, and half a minute); bytes of `memory` for
    the process that asks, bytes of `disk` for all that is written meanwhile. Behind `in_a_row` stages that had to be
    ended by force the others are not tried.
    """

    seconds: float | None = None
    memory: int = 2 << 30
    disk: int = 512 * MEGABYTE
    in_a_row: int = 4


def grade_stages(
    submission: Submission,
    wanted: Iterable[Stage] | None = None,
    sandbox: Sandbox | None = None,
    *,
    key: bytes = b"",
    on_result: Callable[[ExerciseResult], None] = lambda _: None,
    bounds: Bounds | None = None,
    effort: Effort = THOROUGH,
) -> Marks:
    """Check the stages of the server in a submission, each beside a real Redis. Nothing of the learner's is imported.

    Args:
        submission: as intake has it.
        wanted: the stages; all open ones if None. Locked ones are skipped.
        sandbox: what holds the server; the best there is if None.
        key: the course key, which the scripts that are sent come from; empty for none.
        on_result: called with each result as it comes.
        bounds: what it may cost.
        effort: what each check may cost.

    Returns:
        Marks with a result for each stage, a point each: ``todo`` where its stub stands, ``error`` where the check
        itself failed.

    Raises:
        SandboxMissing: when `sandbox` is one that cannot hold a server, as Docker: rather nothing than without one.
    """
    sandbox = sandbox or choose()
    must_hold_servers(sandbox)
    started = time.monotonic()
    asked = stages().open if wanted is None else list(wanted)
    marks = Marks(submission.learner, submission.digest(), notes=list(submission.notes))
    marks.course, marks.python = grader.__version__, platform.python_version()
    marks.sandbox, marks.advisory = sandbox.name, not sandbox.trusted
    marks.seed = seed_of(key, submission.learner, marks.digest)
    files = package_of(submission)
    stubs = places_of(files)
    for outcome in _outcomes(files, asked, marks, sandbox.name, bounds or Bounds(), effort):
        result = _result(stages()[outcome.slug], outcome, stubs)
        marks.results.append(result)
        on_result(result)
    marks.seconds = time.monotonic() - started
    return marks


def must_hold_servers(sandbox: Sandbox) -> None:
    """See that `sandbox` can hold a server.

    Raises:
        SandboxMissing: when it cannot, as Docker.
    """
    if sandbox.name != "none" and not isinstance(sandbox, Bubblewrap):
        raise SandboxMissing(
            f"A learner's server is held by bubblewrap only, not by {sandbox.name}: install bubblewrap (Debian and "
            "Ubuntu: sudo apt install bubblewrap). `--sandbox none` runs it without any protection."
        )


def report_of(submission: Submission, marks: Marks, commit: str = "", *, key: bytes = b"") -> GradeReport:
    """`marks` with a receipt, and the line of each stage: its first stub, else the first of its files.

    Args:
        submission: what was marked.
        marks: what `grade_stages` gave.
        commit: which of the repository's it is.
        key: the course key that signs the receipt; empty for none.
    """
    files = package_of(submission)
    stubs = places_of(files)
    places = {}
    for result in marks.results:
        name = next((f for f in stages()[result.slug].files if f in files), _WHERE_IT_STARTS)
        found = [place for place, _ in stubs.get(result.slug, [])]
        places[result.slug] = found[0] if found else Place(f"notebooks/{PACKAGE}/{name}")
    named = commit if len(commit) in {40, 64} and not commit.strip("0123456789abcdef") else ""
    return GradeReport(marks, places, named, receipt_of(marks, key=key, files=len(submission.files)))


def package_of(submission: Submission) -> dict[str, bytes]:
    """The files of the submission's ``miniredis/``, by their path below it."""
    prefix = f"{PACKAGE}/"
    return {name.removeprefix(prefix): data for name, data in submission.files.items() if name.startswith(prefix)}


def places_of(files: dict[str, bytes]) -> _Stubs:
    """stage -> its stubs, each with whether it raises. The files are looked through line by line, never parsed."""
    found: _Stubs = {}
    for name, data in sorted(files.items()):
        if len(data) <= _LONGEST_FILE:
            for stage, line, raises in standing(data.decode("utf-8", "replace")):
                found.setdefault(stage, []).append((Place(f"notebooks/{PACKAGE}/{name}", line), raises))
    return found


def _result(stage: Stage, outcome: StageOutcome, stubs: _Stubs) -> ExerciseResult:
    status = {"done": "solved", "locked": "skipped", "unchecked": "skipped"}.get(outcome.status, outcome.status)
    if status == "wrong" and _is_to_do(stage.slug, outcome, stubs):
        status = "todo"
    result = ExerciseResult(
        stage.slug, stage.title, status, 0.0, STAGE_POINTS, seconds=outcome.seconds, note=outcome.note
    )
    if status == "solved":
        result.earned = float(STAGE_POINTS)
        result.promises = [Promise(stage.name, stage.title, "kept")]
    elif status == "wrong":
        lines = [line for line in outcome.text.splitlines() if line.strip()]
        told = outcome.note or (lines[-1].strip() if lines else "")
        name = outcome.misconception or None
        result.promises = [
            Promise(stage.name, stage.title, "broken", "wrong", happened=told, misconception=name, sent=lines)
        ]
    return result


def _is_to_do(slug: str, outcome: StageOutcome, stubs: _Stubs) -> bool:
    """Whether a red stage is not built: its own stub raises, or what it met is one that does. A comment may stay."""
    met = {first or second for first, second in _UNBUILT.findall(f"{outcome.note}\n{outcome.text}")}
    return any(raises for each in {slug, *map(str.lower, met)} for _, raises in stubs.get(each, []))


def _outcomes(
    files: dict[str, bytes], asked: list[Stage], marks: Marks, sandbox: str, bounds: Bounds, effort: Effort
) -> Iterator[StageOutcome]:
    """An outcome for each stage, in order."""
    if not files:
        for stage in asked:
            yield StageOutcome(stage.slug, stage.title, "todo", f"No {PACKAGE}/ was handed in.")
        return
    with _laid_out(files) as (home, scratch):
        seeds = tuple(seed_of_stage(marks.seed, stage.slug) for stage in asked)
        at, forced = 0, 0
        while at < len(asked):
            if forced >= bounds.in_a_row:
                note = f"Not tried: {forced} stages before it had to be ended by force."
                yield StageOutcome(asked[at].slug, asked[at].title, "wrong", note)
                at += 1
                continue
            rest = tuple(s.slug for s in asked[at:])
            order = Order(rest, seeds[at:], home, sandbox, scratch, bounds.memory, bounds.disk, effort)
            for outcome, by_force in _of_one_process(order, marks, bounds):
                yield outcome
                at += 1
                forced = forced + 1 if by_force else 0
            # What the next process finds is its own, and none of its stages is judged by this.
            left = scratch.rename(scratch.with_name(f"left-{at}"))
            scratch.mkdir(mode=0o711)
            remove_left(left)


def _of_one_process(order: Order, marks: Marks, bounds: Bounds) -> Iterator[tuple[StageOutcome, bool]]:
    """The outcomes of one process, and whether it had to be ended at one: that is the last."""
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe(duplex=False)
    process = context.Process(target=serve, args=(its, order), name="stages", daemon=True)
    process.start()
    its.close()
    todo = [stages()[slug] for slug in order.slugs]
    try:
        said, _ = _heard(mine, _START, order.scratch, bounds)
        if not isinstance(said, tuple):
            note = said[0] if isinstance(said, list) else "the process for it did not come up."
            for stage in todo:
                yield StageOutcome(stage.slug, stage.title, "error", f"The check could not begin: {note}"), False
            return
        marks.redis, note = said
        if note and note not in marks.notes:
            marks.notes.append(note)
        for stage in todo:
            began = time.monotonic()
            outcome, why = _heard(mine, most_seconds(stage, bounds), order.scratch, bounds)
            if not isinstance(outcome, StageOutcome):
                seconds = time.monotonic() - began
                yield StageOutcome(stage.slug, stage.title, "wrong", why, seconds=seconds), True
                return
            yield outcome, False
    finally:
        # First in order: it ends its servers itself, better than whoever finds them without an owner.
        process.terminate()
        process.join(_ORDERLY)
        process.kill()
        process.join()
        mine.close()


def _heard(channel: Connection, seconds: float, scratch: Path, bounds: Bounds) -> tuple[object, str]:
    """What the process says next; or None and why nothing is waited for any more."""
    deadline = time.monotonic() + seconds
    while not channel.poll(_LOOK):
        if time.monotonic() > deadline:
            return None, f"It was not over after {seconds:.0f} seconds: the server kept the check waiting."
        if is_fuller(scratch, bounds.disk):
            return (
                None,
                f"The server wrote more than {bounds.disk // MEGABYTE} MB, too many files or folders, or locked them.",
            )
    try:
        return channel.recv(), ""
    except (EOFError, OSError):
        return None, "Checking it ended the process that did so: its answers took all memory."


def most_seconds(stage: Stage, bounds: Bounds) -> float:
    """How long a stage may take within `bounds`."""
    if bounds.seconds is not None:
        return bounds.seconds
    checks = checks_of(stage.slug)
    return 30.0 + 20.0 * len(checks.generators) + 20.0 * len(checks.probes)


def is_fuller(folder: Path, most: int) -> bool:
    """Whether there are more than `most` bytes, too many files or too deep folders below `folder`, in which a stranger
    writes; or some that may not be looked into."""
    held = count = 0
    waiting = [(os.fspath(folder), 0)]
    while waiting:
        at, depth = waiting.pop()
        try:
            with os.scandir(at) as entries:
                for entry in entries:
                    count += 1
                    with contextlib.suppress(FileNotFoundError):
                        held += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append((entry.path, depth + 1))
                    if held > most or count > _MOST_FILES or depth > _DEEPEST:
                        return True
        except PermissionError:
            return True
        except OSError:
            continue  # it went meanwhile
    return False


@contextlib.contextmanager
def _laid_out(files: dict[str, bytes]) -> Iterator[tuple[Path, Path]]:
    """``notebooks/`` with the package in a fresh folder, nothing of it to be written to, and a folder for the rest."""
    top = Path(tempfile.mkdtemp(prefix="stages-"))
    home, scratch = top / "notebooks", top / "s"
    try:
        for name, data in files.items():
            path = home / PACKAGE / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o444)
        for folder in (top, *(f for f in home.rglob("*") if f.is_dir()), home):
            folder.chmod(0o755 if folder == top else 0o555)
        scratch.mkdir(mode=0o711)
        yield home, scratch
    finally:
        for folder in (home, *(f for f in home.rglob("*") if f.is_dir())):
            folder.chmod(0o755)
        remove_left(top)


def remove_left(top: Path) -> None:
    """Remove the folder `top` within seconds; keepers and servers that go at this moment may still be writing there."""
    began = time.monotonic()
    while top.exists() and (seconds := time.monotonic() - began) < _REMOVAL:
        # Folders may lie deeper than Python goes, and be locked by the server that they were made by.
        if seconds > _REMOVAL / 5:
            subprocess.run(["chmod", "-R", "u+rwx", str(top)], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["rm", "-rf", str(top)], stderr=subprocess.DEVNULL, check=False)
