"""Run stages: the learner's server (or the reference, or a wrong one) beside a real Redis, one stage after the other.

`course check stages`, `course watch`, the notebooks' ``check("mini.…")``, the linter and the zoo come here. What a
stage is checked with stands in `grader.checks.stages`; here servers are started, kept and ended around it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis import RedisError

from grader.checks.stages.catalog import Stage, stages
from grader.checks.stages.zoo import WrongServer, near, zoo
from grader.marking.missing import missing_before, sentence_about
from grader.marking.own_server import OwnServer, Place
from grader.servers import Binary, LocalServer, ServerError, binaries, standalone
from grader.servers.enclosure import Enclosure
from grader.servers.miniredis import CLAIMS, MiniServer, miniredis

if TYPE_CHECKING:
    from grader.checks.stages.check import StageResult

MODULE = ("miniredis",)
_LAST_BREATH = 0.05  # seconds a dying server may take
_CHUNK = 6  # stages that one process runs on one pair of servers


@dataclass(frozen=True, slots=True)
class Effort:
    """What a check may cost: `scripts` as a multiple of what the stage asks for, `seconds` for each of its generators
    and `shrink_seconds` for looking for the shortest script; a server that is silent for `timeout` seconds is silent.
    The same `seed` draws the same scripts.
    """

    scripts: float = 1.0
    seconds: float = 10.0
    shrink_seconds: float = 4.0
    timeout: float = 1.0
    seed: int = 0


THOROUGH = Effort()


@dataclass(slots=True)
class StageOutcome:
    """What became of one stage.

    `status` is ``done``, ``wrong``, ``todo`` (its stub is still there), ``locked`` (a later part), ``unchecked``
    (nobody has written its check) or ``error`` (the check failed, not the server). `note` is a sentence, `text` what
    the check shows as plain text; `places` are the stubs still there, ``notebooks/miniredis/…:12``; `missing` the
    stages before it that are not built, `lacks` the sentence that says so; `misconception` the wrong server it behaves
    like and `resembles` the sentence that says so. `result` is what the check found, only in the process that ran it.
    """

    slug: str
    title: str
    status: str
    note: str = ""
    text: str = ""
    places: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    lacks: str = ""
    misconception: str = ""
    resembles: str = ""
    seconds: float = 0.0
    result: StageResult | None = field(default=None, repr=False, compare=False)

    @property
    def green(self) -> bool:
        """Whether the way goes on behind it."""
        return self.status in {"done", "locked", "unchecked"}

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "result"}


class StageRun:
    """A server under test and a real Redis, both running while stages are checked. `close()` it.

    Args:
        home: the folder the server runs from: ``notebooks/`` or ``solutions/``.
        module: what ``python -m`` is given there.
        enclosed: makes a sandbox for the server under test, one for each time it is started.
        redis: starts the real Redis of a program; a plain process by default.

    Raises:
        ServerError: when there is no real Redis. That the server under test does not start is a stage's outcome.
    """

    def __init__(
        self,
        home: Path,
        module: Sequence[str] = MODULE,
        enclosed: Callable[[], Enclosure | None] = lambda: None,
        redis: Callable[[Binary], AbstractContextManager[LocalServer]] = lambda binary: standalone(binary=binary),
    ) -> None:
        self.home = home
        self.module = tuple(module)
        self._enclosed = enclosed
        self._redis = redis
        self.theirs: MiniServer | None = None
        self._stack = ExitStack()
        self._real: LocalServer | None = None

    @property
    def real(self) -> LocalServer:
        """The real Redis, started when it is first asked for: the newest one here, 8.2 where there is one."""
        if self._real is None or not self._real.running:
            best = max(binaries(), key=lambda b: (b.version[:2] == CLAIMS[:2], b.version))
            self._real = self._stack.enter_context(self._redis(best))
        return self._real

    def note(self) -> str:
        """What has to be said about the Redis that is compared with; nothing where it is the right one."""
        version = self.real.version
        if version[:2] == CLAIMS[:2]:
            return ""
        wanted, found = (".".join(map(str, v[:2])) for v in (CLAIMS, version))
        return f"Compared with Redis {found}: miniredis follows {wanted}, which is not installed here."

    def fresh(self) -> None:
        """End the server under test, so that the next stage starts it anew: its files have changed."""
        if self.theirs is not None:
            self.theirs.close()
            self.theirs = None

    def check(self, stage: Stage, effort: Effort | None = None) -> StageOutcome:
        """Check one stage. Whatever the server under test does is an outcome; nothing is raised for it.

        `effort` is what it may cost; `THOROUGH` by default.
        """
        from grader.checks.stages.registry import checks_of

        outcome = StageOutcome(stage.slug, stage.title, "wrong")
        if stage.locked:
            outcome.status, outcome.note = "locked", stage.locked
            return outcome
        checks = checks_of(stage.slug)
        if not checks.generators and not checks.probes:
            outcome.status, outcome.note = "unchecked", "Nobody has written its check yet."
            return outcome
        started = time.monotonic()
        try:
            self._check(stage, outcome, effort or THOROUGH)
        finally:
            outcome.seconds = time.monotonic() - started
        return outcome

    def _check(self, stage: Stage, outcome: StageOutcome, effort: Effort) -> None:
        from grader.checks.stages.check import check_stage

        try:
            theirs = self._running()
        except ServerError as error:
            outcome.note = str(error)
            return
        known = stages().commands_before(stage)
        result = check_stage(
            stage.slug, theirs, self.real, known, built=_built(stage), effort=effort.scripts,
            seconds=effort.seconds, shrink_seconds=effort.shrink_seconds, timeout=effort.timeout, seed=effort.seed,
        )  # fmt: skip
        if result.passed:
            outcome.status = "done"
            return
        outcome.result = result
        if result.finding is not None:
            outcome.text = result.finding.text
            outcome.misconception = result.finding.misconception or ""
        # What it has become by a failure is nobody's business: the next stage gets a new process.
        if (crash := theirs.crash(_LAST_BREATH)) is not None:
            outcome.note = str(crash)
        elif complaint := theirs.complaint():
            outcome.note = f"Your server met an error of its own: {complaint}"
        self.fresh()
        self.put_back()

    def put_back(self) -> None:
        """Make the real Redis as new behind a check that broke off: a CLIENT PAUSE of a minute, for one, would cost the
        next stage its green. One that does not answer is left as it is: that is for whoever judges."""
        with suppress(RedisError, OSError, ServerError):
            if self._real is not None and self._real.running and self._real.client(socket_timeout=1.0).ping():
                self._real.reset()

    def _running(self) -> MiniServer:
        if self.theirs is None or not self.theirs.running:
            self.fresh()
            self.theirs = MiniServer(self.home, module=self.module, enclosure=self._enclosed())
        return self.theirs

    def close(self) -> None:
        """End both servers."""
        self.fresh()
        self._stack.close()


@contextmanager
def stage_run(home: Path, module: Sequence[str] = MODULE) -> Iterator[StageRun]:
    """A `StageRun` for the length of a `with` block."""
    run = StageRun(home, module)
    try:
        yield run
    finally:
        run.close()


def resembling(run: StageRun, root: Path, stage: Stage, outcome: StageOutcome) -> WrongServer | None:
    """The wrong server of the zoo that does in this stage just what the failed one did, if there is one.

    Only those that have to do with this stage are asked, and each is sent the shortest script that was found.
    """
    if outcome.result is None or outcome.result.finding is None:
        return None
    # Those that this very stage has to catch go first.
    for wrong in sorted(near(root, stage), key=lambda w: w.stage != stage.slug):
        with suppress(ServerError), miniredis(root / "solutions", module=wrong.module) as server:
            if _alike(outcome.result, server, run.real, stage):
                return wrong
    return None


def _alike(result: StageResult, server: MiniServer, real: LocalServer, stage: Stage) -> bool:
    from grader.checks.agreement.duel import Duel
    from grader.checks.stages.check import BrokenPromise, check_stage

    known = stages().commands_before(stage)
    if isinstance(result.finding, BrokenPromise):
        return check_stage(stage.slug, server, real, known, built=_built(stage)).finding == result.finding
    if result.disagreement is None or (theirs := result.disagreement.meeting.difference) is None:
        return False
    meeting = result.disagreement.meeting
    with Duel(server, real, known=known, timeout=0.5) as duel:
        found = duel.meet(result.disagreement.script, meeting.manner, cut=meeting.cut, bare=True)
    mine = found.difference
    return (
        mine is not None
        and (found.in_state, mine.place) == (meeting.in_state, theirs.place)
        and (mine.theirs.raw, mine.theirs.end) == (theirs.theirs.raw, theirs.theirs.end)
        and mine.theirs.elsewhere == theirs.theirs.elsewhere
    )


def _built(stage: Stage) -> list[str]:
    """The stages up to and with `stage`."""
    return [s.slug for s in [*stages().before(stage), stage] if not s.locked]


def check_own(run: StageRun, root: Path, stage: Stage) -> StageOutcome:
    """Check `stage` of the learner's server in the course `root`: red is "to do" while its stub stands there."""
    outcome = run.check(stage)
    if outcome.status == "wrong":
        own = OwnServer(root)
        mark_to_do(outcome, own.places().get(stage.slug, ()))
        mark_missing(outcome, root, own, stage)
    return outcome


def mark_missing(outcome: StageOutcome, root: Path, own: OwnServer, stage: Stage) -> None:
    """Note the stages before a red one that are not built: all of them, or they would be found one at a time."""
    found = missing_before(root, own, stage)
    outcome.missing = tuple(s.slug for s in found)
    outcome.lacks = sentence_about(root, stage, found)


def mark_to_do(outcome: StageOutcome, places: Sequence[Place]) -> None:
    """Note the stubs of a red stage. A comment may stay when it is built; ``raise NotImplementedError`` may not."""
    outcome.places = tuple(map(str, places))
    if any(place.stub.raises for place in places):
        outcome.status = "todo"


def name_it(run: StageRun, root: Path, stage: Stage, outcome: StageOutcome) -> None:
    """Say in `outcome` which wrong server the learner's behaves like, where one does."""
    known = {wrong.name: wrong for wrong in zoo(root)}
    found = known.get(outcome.misconception) or resembling(run, root, stage, outcome)
    if found is not None:
        outcome.misconception = found.name
        told = stage.misconceptions.get(found.name, "")
        outcome.resembles = f"This is how a server behaves that {found.sentence}. {told}".strip()


def check_many(
    wanted: Sequence[Stage],
    home: Path,
    module: Sequence[str] = MODULE,
    tell: Callable[[StageOutcome], None] = lambda _: None,
    jobs: int = 2,
) -> list[StageOutcome]:
    """Check all of `wanted`, on as many pairs of servers at a time as there are `jobs`; in their order.

    Args:
        wanted: the stages.
        home, module: as for `StageRun`.
        tell: told each outcome, in order.
        jobs: processes.
    """
    chunks = [list(wanted[i : i + _CHUNK]) for i in range(0, len(wanted), _CHUNK)]
    outcomes = []
    if jobs < 2 or len(chunks) < 2:
        with stage_run(home, module) as run:
            for stage in wanted:
                outcomes.append(run.check(stage))
                tell(outcomes[-1])
        return outcomes
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        work = [pool.submit(_check_chunk, [s.slug for s in chunk], home, tuple(module)) for chunk in chunks]
        for piece in work:
            for outcome in piece.result():
                outcomes.append(outcome)
                tell(outcome)
    return outcomes


def _check_chunk(slugs: list[str], home: Path, module: tuple[str, ...]) -> list[StageOutcome]:
    with stage_run(home, module) as run:
        outcomes = [run.check(stages()[slug]) for slug in slugs]
    for outcome in outcomes:
        outcome.result = None  # it stays with its process
    return outcomes
