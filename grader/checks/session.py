"""The pytest plugin under every check: the fixtures it asks for, and a record of each promise.

`grader.marking` makes one `CheckSession` for an exercise and hands it to pytest. Fixtures:

- ``answer``: the learner's names, guarded (`grader.inside.answer`);
- ``redis``: a recorded client on a fresh, empty server, ``decode_responses=True``; give it to the answer;
- ``wire``: what the answer sent through ``redis`` (`grader.wire`): commands, round trips, bytes;
- ``peek``: a second client on the same server for the check's own looks, which is not recorded;
- ``server``: the server itself (version, address);
- ``race``: lets copies of the answer meet in every order that matters (`grader.wire.race`);
- ``faults``: breaks the connection at an exact command, or at every one in turn (`grader.wire.faults`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

import pytest
from redis import AuthenticationError, OutOfMemoryError, ReadOnlyError, Redis, RedisError, ResponseError
from redis.exceptions import AuthorizationError, NoPermissionError

from grader.checks.catalog import Exercise
from grader.checks.verdict import Broken
from grader.inside.answer import Answer, AnswerProblem, is_learner_file
from grader.inside.deadline import DeadlineError, deadline
from grader.servers import Server
from grader.wire import Wire
from grader.wire.faults import FaultFound, Faults
from grader.wire.race import ActorFailed, Race, RaceFound, StuckError

PROMISE_SECONDS = 2.0
# A race runs the answer hundreds of times; each copy has its own patience.
_MANY_RUNS = 5
# Errors that a check's own commands get on a server whose settings somebody has changed.
_CHANGED = (NoPermissionError, AuthenticationError, AuthorizationError, OutOfMemoryError, ReadOnlyError)
_STOPPERS = {"todo", "missing", "syntax", "deadline"}


@dataclass(slots=True)
class Promise:
    """One promise and what became of it.

    `status` is ``kept``, ``broken``, ``untried``, ``skipped`` or ``error`` (the check itself failed, which is never
    the learner's fault); `kind` refines ``broken``: ``todo``, ``missing``, ``raised``, ``syntax``, ``deadline``,
    ``redis-away``, ``wrong``.
    `sent` holds the commands the answer sent, as redis-cli would show them; `timeline` the order of steps that broke it
    (`grader.wire.race.Timeline.to_dict`), where a race did; `proofs` in how many orders a promise was
    kept (`Outcome.to_dict`).
    """

    name: str
    text: str
    status: str
    kind: str = ""
    expected: str = ""
    happened: str = ""
    misconception: str | None = None
    where: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    timeline: dict[str, Any] | None = None
    proofs: list[dict[str, Any]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


@dataclass(slots=True)
class CheckRun:
    """One exercise that a session checks, and what it found.

    `answer` and `server` are asked for when a promise first needs them, outside of any promise's time. `planned` are
    the promises in order, ``(name, text)``; `began` and `ended` are readings of `time.perf_counter`.
    """

    exercise: Exercise
    answer: Callable[[], Answer]
    server: Callable[[], Server]
    promises: list[Promise] = field(default_factory=list)
    planned: list[tuple[str, str]] = field(default_factory=list)
    stopped: bool = False
    began: float = 0.0
    ended: float = 0.0


class CheckSession:
    """The plugin for exercises of one check file; after the run each `CheckRun` holds what was found.

    Args:
        runs: what to check, in this order.
        seconds: the deadline of each promise.
        on_end: called with each run when its promises are through.
    """

    def __init__(
        self,
        runs: Sequence[CheckRun],
        seconds: float = PROMISE_SECONDS,
        on_end: Callable[[CheckRun], object] = lambda run: None,
    ) -> None:
        self.collection_errors: list[str] = []
        self._runs = {run.exercise.slug: run for run in runs}
        self._run: CheckRun | None = None
        self._seconds = seconds
        self._on_end = on_end
        self._wire: Wire | None = None
        self._race: Race | None = None
        self._faults: Faults | None = None

    @property
    def _now(self) -> CheckRun:
        """The exercise whose promise is being checked."""
        assert self._run is not None
        return self._run

    # Fixtures

    @pytest.fixture
    def answer(self) -> Answer:
        return self._now.answer()

    @pytest.fixture
    def server(self) -> Server:
        found = self._now.server()
        found.reset()
        return found

    @pytest.fixture
    def wire(self, server: Server) -> Iterator[Wire]:
        self._wire = Wire(server.url)
        yield self._wire
        self._wire.close()

    @pytest.fixture
    def redis(self, wire: Wire) -> Redis:
        client: Redis = wire.client(decode_responses=True)
        return client

    @pytest.fixture
    def peek(self, server: Server) -> Iterator[Redis]:
        client = server.client()
        yield client
        client.close()

    @pytest.fixture
    def race(self, server: Server) -> Race:
        self._race = Race(server.url)
        return self._race

    @pytest.fixture
    def faults(self, server: Server) -> Iterator[Faults]:
        self._faults = Faults(server.url)
        yield self._faults
        self._faults.close()

    # Hooks

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "exercise(slug): a promise of that exercise")

    def pytest_pycollect_makeitem(self, name: str, obj: object) -> list[pytest.Item] | None:
        """Do not even look into the classes of other exercises: a file has ten."""
        marks = [m for m in getattr(obj, "pytestmark", ()) if m.name == "exercise"]
        others = marks and not any(m.args and m.args[0] in self._runs for m in marks)
        return [] if isinstance(obj, type) and others else None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the promises of these exercises: exercise by exercise, each in the order of the file."""
        kept: list[pytest.Item] = []
        for slug, run in self._runs.items():
            mine = [i for i in items if any(m.args == (slug,) for m in i.iter_markers("exercise"))]
            run.planned = [(i.name, _promise_text(i)) for i in mine]
            kept += mine
        items[:] = kept

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Begin the next exercise where one ends."""
        run = next(self._runs[m.args[0]] for m in item.iter_markers("exercise") if m.args[0] in self._runs)
        if run is not self._run:
            self._end_run()
            self._run = run
            run.began = time.perf_counter()

    def _end_run(self) -> None:
        """Promises that were not reached are listed as untried."""
        run = self._run
        if run is not None:
            told = {p.name for p in run.promises}
            run.promises += [Promise(name, text, "untried") for name, text in run.planned if name not in told]
            run.ended = time.perf_counter()
            self._on_end(run)

    def pytest_sessionfinish(self) -> None:
        self._end_run()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.collection_errors.append(str(report.longrepr))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        try:
            with deadline(self._seconds * _runs(item), is_learner_file):
                return (yield)
        except DeadlineError as late:
            at = f" ({late.line} was running)" if late.line else ""
            raise AnswerProblem(
                "deadline",
                f"It had not ended after {late.seconds:g} s{at}. Is there a loop whose condition never becomes false, "
                "or a blocking command without a timeout?",
            ) from None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Leave out what would only say the same again."""
        if self._now.stopped:
            pytest.skip("the other promises would only say the same")
        self._wire = self._faults = self._race = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Judge, and report without pytest's own picture of the traceback: it takes 50 ms and nobody looks at it."""
        run = self._now
        if not run.stopped and ((call.when == "setup" and call.excinfo is not None) or call.when == "call"):
            run.promises.append(self._judge(item, call.excinfo, call.when))
        run.stopped = run.stopped or bool(run.promises and run.promises[-1].kind in _STOPPERS)
        return pytest.TestReport(
            item.nodeid,
            item.location,
            keywords={},
            outcome=_outcome(call.excinfo),
            longrepr=None,
            when=cast(Literal["setup", "call", "teardown"], call.when),
            duration=call.duration,
        )

    def _judge(self, item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException] | None, when: str) -> Promise:
        promise = Promise(item.name, _promise_text(item), "kept")
        if excinfo is None and self._wire is not None and any(_wipes(e.command) for e in self._wire.exchanges):
            promise.status, promise.kind, promise.sent = "broken", "wrong", self._wire.lines()
            promise.expected = "the server's statistics stay as they are"
            promise.happened = "CONFIG RESETSTAT was sent: what the promise is judged by is gone"
            return promise
        if excinfo is None:
            promise.proofs = [outcome.to_dict() for outcome in self._race.outcomes] if self._race is not None else []
            return promise
        error = excinfo.value
        if isinstance(error, pytest.skip.Exception):
            promise.status, promise.happened = "skipped", str(error)
            return promise
        promise.status = "broken"
        promise.sent = self._wire.lines() if self._wire is not None else []
        if self._faults is not None:
            promise.sent += self._faults.lines()
        fallback, told = None, ""
        if isinstance(error, RaceFound | ActorFailed):
            promise.timeline = error.timeline.to_dict()
            promise.sent = error.timeline.lines()
        if isinstance(error, ActorFailed):
            error = error.error
        elif isinstance(error, RaceFound):
            fallback = error.misconception
            error = error.cause if isinstance(error.cause, Broken) else error
        elif isinstance(error, FaultFound):
            promise.sent, fallback = error.lines, error.misconception
            if error.order is not None:
                told = f"{error.fault[0].upper()}{error.fault[1:]}. Afterwards: "
            error = AssertionError(error.cause) if isinstance(error.cause, str) else error.cause
        match error:
            case Broken():
                promise.kind, promise.misconception = "wrong", error.misconception or fallback
                promise.expected, promise.happened = error.expected, told + error.happened
            case AnswerProblem():
                promise.kind, promise.happened, promise.where = error.kind, error.sentence, list(error.where)
            case StuckError():
                promise.kind, promise.happened = "deadline", f"One of the copies had no end: {error}."
            case RedisError() if self._server_is_gone(error):
                promise.kind = "redis-away"
                promise.happened = f"Redis cannot be asked any more ({type(error).__name__}: {error}). "
                promise.happened += "Does the answer shut it down, hang it, or change its settings?"
            case RedisError() if promise.timeline is not None:
                promise.kind, promise.happened = "wrong", f"Another client got an error: {error}"
            case AssertionError() if when == "call":
                promise.kind, promise.misconception = "wrong", fallback
                promise.happened = told + str(error).partition("\nassert ")[0]
            case _:
                promise.status, promise.kind = "error", "grader"
                promise.happened = f"The check itself failed: {type(error).__name__}: {error}"
                promise.where = [str(excinfo.traceback[-1])]
        return promise

    def _server_is_gone(self, error: RedisError) -> bool:
        """Whether a check's own command failed because the server, which answered when the promise began, does not.

        Only an answer can have done that: the server is nobody else's. What a busy machine does for a moment is told
        apart by asking once more.
        """
        if isinstance(error, _CHANGED) or str(error).startswith(("BUSY", "MISCONF", "MASTERDOWN", "DENIED")):
            return True
        return not isinstance(error, ResponseError) and _is_gone(self._now.server().client(socket_timeout=1.0))


def _wipes(command: tuple[bytes, ...]) -> bool:
    """Whether a command forgets which commands ran; no exercise asks for that."""
    return [word.upper() for word in command[:2]] == [b"CONFIG", b"RESETSTAT"]


def _is_gone(client: Redis) -> bool:
    try:
        client.ping()
    except (RedisError, OSError):
        return True
    finally:
        client.close()
    return False


def _runs(item: pytest.Item) -> int:
    """By how much a promise may take longer than one that calls the answer once or twice."""
    return _MANY_RUNS if {"race", "faults"} & set(getattr(item, "fixturenames", ())) else 1


def _outcome(excinfo: pytest.ExceptionInfo[BaseException] | None) -> Literal["passed", "failed", "skipped"]:
    if excinfo is None:
        return "passed"
    return "skipped" if excinfo.errisinstance(pytest.skip.Exception) else "failed"


def _promise_text(item: pytest.Item) -> str:
    return " ".join((getattr(getattr(item, "obj", None), "__doc__", None) or item.name).split())
