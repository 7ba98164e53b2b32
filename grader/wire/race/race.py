"""`race`: let copies of some code meet at Redis in every order that matters, and say which order breaks a promise.

Called by the checks' `race` fixture and by notebooks. The promise is an invariant on the end: what is in Redis and
what the actors returned.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import redis

from grader.wire.race.explore import Explorer
from grader.wire.race.footprint import Footprint, Footprints
from grader.wire.race.stage import (
    Actor,
    ActorClient,
    Choose,
    Run,
    Stage,
    Step,
    StuckError,
    gated_clients,
    no_time_no_chance,
    same_every_time,
)
from grader.wire.race.timeline import NOT_ENDED, State, Timeline, row_of, schedule_numbers, schedule_text, state_of
from grader.wire.recorder import Wire

BOUND = 2000
#: Once one schedule broke the invariant, so many more are tried to find a shorter one.
_TRIES_FOR_SHORTER = 40
_PRUNED_FOR_EACH = 8
_SECONDS_IN_A_CHECK = 4.0


@dataclass(slots=True)
class End:
    """The end of one schedule, for the invariant.

    `redis` is a client that is not recorded (``decode_responses=True``); `results` holds what each actor returned;
    `schedule` says who moved, step by step.
    """

    redis: redis.Redis
    results: list[Any]
    schedule: str


Invariant = Callable[[End], Any]


@dataclass(slots=True)
class Outcome:
    """The invariant held.

    `schedules` were run to their end; `complete` says whether these are all that matter, up to orders of steps that
    commute; otherwise the bound was reached. `seconds` is wall-clock time.
    """

    schedules: int
    complete: bool
    seconds: float
    bound: int
    pruned: int = 0
    cut: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; ``Outcome(**data)`` is the inverse."""
        return asdict(self)

    def __str__(self) -> str:
        many = f"{self.schedules} schedule{'s' * (self.schedules != 1)}"
        if self.complete:
            return f"held in every order that matters ({many}, {self.seconds * 1000:.0f} ms)"
        if self.cut:
            return f"held in {many}; {self.cut} more had no end and were cut"
        limit = f"bound of {self.bound}" if self.schedules >= self.bound else "time limit"
        return f"held in the first {many}; the {limit} was reached before all were tried"


class RaceFound(AssertionError):
    """An order of steps breaks the invariant.

    `timeline` shows the shortest such order found; `cause` is what the invariant raised, if it raised; `schedules`
    is how many were run until the first broke; `misconception` is passed through for the caller.
    """

    def __init__(
        self,
        timeline: Timeline,
        cause: BaseException | None = None,
        schedules: int = 0,
        seconds: float = 0.0,
        misconception: str | None = None,
    ) -> None:
        super().__init__(timeline.why)
        self.timeline = timeline
        self.cause = cause
        self.schedules = schedules
        self.seconds = seconds
        self.misconception = misconception


class ActorFailed(AssertionError):
    """An actor raised, or did not end; `error` is what it raised, and `timeline` shows the schedule."""

    def __init__(self, name: str, error: BaseException, timeline: Timeline) -> None:
        super().__init__(f"{name} raised {type(error).__name__}: {error}")
        self.name = name
        self.error = error
        self.timeline = timeline


class NotReproducible(AssertionError):
    """The same order of steps did not give the same run, so nothing was proved; the message says what to look at."""


class NeverEnds(NotReproducible):
    """No schedule came to its end within the steps allowed; the message says so."""


class InvariantFailed(RuntimeError):
    """The invariant could not be asked: it raised something other than an `AssertionError`."""


@dataclass(slots=True)
class _Broken:
    run: Run
    why: str
    cause: BaseException | None

    @property
    def length(self) -> tuple[int, int]:
        """Steps, then how often the actors take turns."""
        order = self.run.schedule
        return len(order), sum(a != b for a, b in pairwise(order))


@dataclass(slots=True)
class _Ring:
    """All that stays the same from run to run."""

    actors: Sequence[Actor]
    names: Sequence[str]
    clients: list[ActorClient]
    control: redis.Redis
    footprints: Footprints
    setup: Callable[[redis.Redis], object] | None
    invariant: Invariant | None
    always: Invariant | None
    seed: int
    patience: float
    most_steps: int
    timed: bool = False
    time_matters: bool = False
    states: list[State] = field(default_factory=list)
    between: tuple[str, BaseException | None] = "", None

    def play(self, choose: Choose, watch: bool = False) -> Run:
        """One run on an emptied database; with `watch`, `states` holds what was in Redis before and between."""
        self.control.flushdb()
        # Scripts outlive FLUSHDB; a schedule has to begin without those an earlier one loaded.
        self.control.script_flush()
        if self.setup is not None:
            same_every_time(self.seed, self.setup, self.control)
        stage = Stage(
            self.actors,
            self.clients,
            self.control,
            self.footprints,
            seed=self.seed,
            patience=self.patience,
            most_steps=self.most_steps,
            timed=self.timed,
        )
        self.states = [state_of(self.control)] if watch else []
        self.between = "", None

        def still_holds(step: Step) -> bool:
            if watch:
                self.states.append(state_of(self.control))
            if self.always is not None:
                self.between = _verdict(self.always, End(self.control, [], ""))
            return not self.between[0]

        run = stage.run(choose, still_holds)
        self.time_matters |= stage.time_matters
        return run

    def judge(self, run: Run) -> _Broken | None:
        """Whether the run that was just played breaks the promise."""
        if run.ending == "stopped":
            return _Broken(run, *self.between)
        if run.ending == "deadlock":
            who = " and ".join(self.names[n] for n in run.waiting)
            return _Broken(run, f"{who} would wait for ever: nobody is left who could wake it", None)
        if self.invariant is None:
            return None
        why, cause = _verdict(self.invariant, End(self.control, run.results, schedule_text(run, self.names)))
        return _Broken(run, why, cause) if why else None

    def timeline(self, run: Run, why: str = "") -> Timeline:
        """The picture of a run of which only the steps are known: without states."""
        rows = [row_of(step, {}, {}) for step in run.steps]
        ends = zip(run.results, run.errors, run.finished, strict=True)
        results = [_told(result, error) if finished else NOT_ENDED for result, error, finished in ends]
        return Timeline(list(self.names), rows, {}, results, why, schedule_text(run, self.names))

    def watched(self, run: Run, why: str) -> Timeline:
        """The picture of the run that `play(watch=True)` has just made."""
        timeline = self.timeline(run, why)
        timeline.start = self.states[0]
        timeline.rows = [
            row_of(step, before, after)
            for step, before, after in zip(run.steps, self.states, self.states[1:], strict=False)
        ]
        return timeline


def race(
    url: str,
    *actors: Actor,
    invariant: Invariant | None = None,
    setup: Callable[[redis.Redis], object] | None = None,
    always: Invariant | None = None,
    names: Sequence[str] | None = None,
    bound: int = BOUND,
    seconds: float = 10.0,
    seed: int = 0,
    replay: str | None = None,
    reduce: bool = True,
    patience: float = 2.0,
    most_steps: int = 200,
    misconception: str | None = None,
) -> Outcome:
    """Run `actors` against one another in every order of their commands that matters, up to a bound.

    A step is one command. The commands of a pipeline are steps of their own, because other clients' commands can come
    between them; MULTI … EXEC sent at once and a script are one step. Blocking commands wait until another actor
    serves them, and time out when nobody can. `time.sleep` takes no time.

    Args:
        url: a Redis of our own. **Its database is emptied before every schedule**, and the cache of scripts too.
        actors: called with a client each; two or three.
        invariant: called with the `End` of every schedule. It breaks the promise by returning False or a sentence, or
            by raising an `AssertionError`.
        setup: prepares the emptied database, given an unrecorded client.
        always: like `invariant`, but asked after every step (then no order of writes is skipped).
        names: the actors', one letter each; A, B, C … by default.
        bound: the most schedules to run.
        seconds: no further schedule is begun after so long.
        seed: of the actors' random numbers, uuids and secrets.
        replay: run only this schedule (the `schedule` of a timeline).
        reduce: False to run every interleaving, also those that cannot differ.
        patience: seconds an actor may compute without sending a command.
        most_steps: a longer schedule is cut, and does not count.
        misconception: passed on with what is raised.

    Raises:
        RaceFound: the invariant broke; the shortest schedule found is in its timeline.
        ActorFailed: an actor raised or got stuck.
        NotReproducible: a schedule gave different runs, or a client of the actor's own was used.
        NeverEnds: no schedule came to its end.
        InvariantFailed: the invariant raised something other than an AssertionError.
        ValueError: when `replay` is not a schedule.
    """
    names = list(names or [chr(ord("A") + n) for n in range(len(actors))])
    started = time.perf_counter()
    with Wire(url) as wire, _control(url) as control, no_time_no_chance():
        ring = _Ring(
            actors,
            names,
            gated_clients(wire, names),
            control,
            Footprints(control),
            setup,
            invariant,
            always,
            seed,
            patience,
            most_steps,
        )
        try:
            if replay is not None:
                return _replay(ring, schedule_numbers(replay, names), misconception, started)
            try:
                return _explore(ring, wire, (bound, started + seconds), reduce, misconception, started)
            except NeverEnds:
                raise
            except NotReproducible:
                # Once more: a minute that ended in the middle is no reason to doubt somebody's code.
                return _explore(ring, wire, (bound, started + seconds), reduce, misconception, started)
        except StuckError as stuck:
            name = names[stuck.actor]
            raise ActorFailed(name, stuck, ring.timeline(stuck.run, f"{name} got stuck")) from None


def _explore(
    ring: _Ring, wire: Wire, limits: tuple[int, float], reduce: bool, misconception: str | None, started: float
) -> Outcome:
    explorer = Explorer(reduce, _all_writes_conflict if ring.always is not None else Footprint.conflicts)
    bound, until = limits
    outcome = Outcome(0, False, 0.0, bound)
    shortest: _Broken | None = None
    opening: Run | None = None
    found_after = 0.0
    first = 0

    def play(choose: Choose) -> Run:
        wire.clear()
        return ring.play(choose)

    strangers = _connections(ring.control)
    for run in explorer.runs(play):
        if ring.time_matters and not ring.timed:
            # Sleeps and expiries meet: from the beginning, with sleeps as steps whose order can be seen.
            ring.timed = True
            return _explore(ring, wire, limits, reduce, misconception, started)
        if opening is None and _connections(ring.control) - strangers > wire.connections:
            raise NotReproducible(
                "A client of its own was used, which cannot be held back: give every command to the client that race() "
                "passes to the function."
            )
        if run.ending in {"abandoned", "cut"}:
            outcome.pruned += run.ending == "abandoned"
            outcome.cut += run.ending == "cut"
            if outcome.pruned + outcome.cut > _PRUNED_FOR_EACH * bound or time.perf_counter() > until:
                break
            continue
        outcome.schedules += 1
        opening = opening or run
        _stop_at_errors(ring, run)
        broken = ring.judge(run)
        if broken is not None and (shortest is None or broken.length < shortest.length):
            if shortest is None:
                first, found_after = outcome.schedules, time.perf_counter() - started
            shortest = broken
        if outcome.schedules >= bound or time.perf_counter() > until:
            break
        if shortest is not None and outcome.schedules >= first + _TRIES_FOR_SHORTER:
            break
    if shortest is not None:
        timeline = _confirm(ring, shortest)
        timeline.schedules = first
        raise RaceFound(timeline, shortest.cause, first, found_after, misconception)
    if outcome.cut and not outcome.schedules:
        raise NeverEnds(
            f"No order came to its end within {ring.most_steps} commands. Is there a loop that waits for something "
            "that never comes?"
        )
    diverged = explorer.diverged
    if opening is not None and not diverged:
        wire.clear()
        diverged = _deeds(ring.play(_following(opening.schedule))) != _deeds(opening)
    if diverged:
        raise NotReproducible(
            "A schedule went another way when it was run again. What the code does next must depend on the replies of "
            "Redis only, not on the clock, on chance or on what an earlier call left in a variable."
        )
    outcome.complete = explorer.exhausted and not outcome.cut
    outcome.seconds = time.perf_counter() - started
    return outcome


def _replay(ring: _Ring, order: list[int], misconception: str | None, started: float) -> Outcome:
    run = ring.play(_following(order), watch=True)
    if run.ending == "abandoned":
        raise NotReproducible(
            f"After {len(run.steps)} steps the schedule cannot go on as written: that actor has nothing to do there."
        )
    _stop_at_errors(ring, run)
    broken = ring.judge(run)
    if broken is not None:
        raise RaceFound(ring.watched(run, broken.why), broken.cause, 1, time.perf_counter() - started, misconception)
    return Outcome(1, False, time.perf_counter() - started, 1)


def _confirm(ring: _Ring, broken: _Broken) -> Timeline:
    """Run the schedule again, looking into Redis after every step; say so when it does not break again."""
    order = broken.run.schedule
    timeline = ring.timeline(broken.run, broken.why)
    for _ in range(2):
        run = ring.play(_following(order), watch=True)
        again = ring.judge(run) if run.schedule == order else None
        if again is not None:
            return ring.watched(run, again.why)
    timeline.reproduced = False
    return timeline


def _connections(control: redis.Redis) -> int:
    """How many connections the server has taken so far."""
    stats: Any = control.info("stats")
    return int(stats["total_connections_received"])


def _deeds(run: Run) -> list[tuple[int, list[bytes]]]:
    """Who did what kind of thing, step by step."""
    return [(step.actor, [command[0].upper() for command in step.commands]) for step in run.steps]


def _following(order: list[int]) -> Choose:
    """Chooses as `order` says, and behind its end whoever can move."""

    def choose(depth: int, pending: dict[int, Footprint]) -> int | None:
        if depth >= len(order):
            return min(pending)
        return order[depth] if order[depth] in pending else None

    return choose


def _stop_at_errors(ring: _Ring, run: Run) -> None:
    for number, error in enumerate(run.errors):
        if error is not None:
            raise ActorFailed(ring.names[number], error, ring.timeline(run, f"{ring.names[number]} raised"))


def _verdict(invariant: Invariant, end: End) -> tuple[str, BaseException | None]:
    """Why the invariant is broken, in words, and what it raised; an empty text when it holds."""
    try:
        said = invariant(end)
    except AssertionError as error:
        return str(error) or "the invariant does not hold", error
    except Exception as error:
        told = f"the invariant itself raised {type(error).__name__}: {error}"
        raise InvariantFailed(f"{told} (after {end.schedule})" if end.schedule else told) from error
    if isinstance(said, str):
        return said, None
    return ("the invariant does not hold" if said is False else ""), None


def _all_writes_conflict(one: Footprint, other: Footprint) -> bool:
    return (one.writes and other.writes) or one.conflicts(other)


def _told(result: Any, error: BaseException | None) -> str:
    try:
        text = repr(result) if error is None else f"{type(error).__name__}: {error}"
    except Exception as odd:
        text = f"a {type(result).__name__} whose repr() raises {type(odd).__name__}"
    return text if len(text) <= 200 else f"{text[:200]}…"


@contextmanager
def _control(url: str) -> Iterator[redis.Redis]:
    """An unrecorded client for setting up and looking."""
    client = redis.Redis.from_url(
        url, decode_responses=True, encoding_errors="surrogateescape", protocol=2, retry=None, socket_timeout=5.0
    )
    try:
        yield client
    finally:
        client.close()


class Race:
    """`race` on one server; what the checks' fixture hands out. `outcomes` keeps what held."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.outcomes: list[Outcome] = []

    def __call__(self, *actors: Actor, **options: Any) -> Outcome:
        """See `race`; `options` are its keywords."""
        outcome = race(self.url, *actors, **{"seconds": _SECONDS_IN_A_CHECK, **options})
        self.outcomes.append(outcome)
        return outcome
