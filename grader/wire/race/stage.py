"""Runs actors one command at a time, in an order that somebody else chooses.

Every actor is a thread with a redis-py client whose commands stop at a gate. Exactly one thread moves at any time:
the one that was let through, until it stands at the gate again, waits inside the server, sleeps, or is done. So a
schedule is a list of actors' numbers, and the same list gives the same run.

Time costs nothing here. `time.sleep` in an actor is a step at which the stage's clock moves on, and keys whose time is
over are gone; a command that blocks times out as soon as nobody else can move. Random numbers, `uuid` and `secrets`
begin anew in every run.
"""

from __future__ import annotations

import ctypes
import os
import random
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis

from grader.resp import INCOMPLETE, Push, Reader
from grader.wire.race.footprint import EVERYTHING, NOTHING, Command, Footprint, Footprints, Session, steps_of
from grader.wire.race.lifetimes import Lifetimes
from grader.wire.recorder import GatedConnection, Wire

Choose = Callable[[int, dict[int, Footprint]], int | None]
Actor = Callable[[redis.Redis], Any]

#: An actor that repeats the same few commands with the same replies so often, while nobody else moves, is spinning.
_SPINS = 3
_LONGEST_CYCLE = 6
_BLOCKING = frozenset(
    b"BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP BZPOPMIN BZPOPMAX BZMPOP XREAD XREADGROUP WAIT WAITAOF".split()
)


class Abandoned(BaseException):
    """Ends an actor whose run is given up. Not an `Exception`, so that ``except Exception`` does not keep it."""


class StuckError(RuntimeError):
    """An actor neither sent a command nor ended; `line` is where it was, as far as is known, `run` how far all got."""

    def __init__(self, actor: int, seconds: float, line: str, run: Run) -> None:
        super().__init__(f"it sent no command for {seconds:g} s and did not end" + (f"; {line}" if line else ""))
        self.actor = actor
        self.seconds = seconds
        self.line = line
        self.run = run


@dataclass(slots=True, eq=False)
class Step:
    """What one actor does at once: one command, a transaction sent at once, or a sleep of `slept` seconds."""

    actor: int
    commands: list[Command] = field(default_factory=list)
    footprint: Footprint = NOTHING
    replies: list[Any] = field(default_factory=list)
    blocked: bool = False
    slept: float | None = None


@dataclass(slots=True)
class Run:
    """One schedule from beginning to end.

    `steps` are in the order in which they happened; `enabled` holds, for each, who could have moved instead and with
    what footprint. `results` and `errors` belong to the actors, `finished` says who came to its end. `ending` is
    ``done``, ``abandoned`` (the chooser gave up), ``deadlock`` (everybody left waits for ever), ``stopped`` (whoever
    looked after a step said so) or ``cut`` (too many steps).
    """

    steps: list[Step] = field(default_factory=list)
    enabled: list[dict[int, Footprint]] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    errors: list[BaseException | None] = field(default_factory=list)
    finished: list[bool] = field(default_factory=list)
    ending: str = "done"
    waiting: list[int] = field(default_factory=list)

    @property
    def schedule(self) -> list[int]:
        """Who moved, step by step."""
        return [step.actor for step in self.steps]


class _Player:
    """One actor on the stage; also the gate of its connections."""

    def __init__(self, stage: Stage, number: int, function: Actor, client: redis.Redis) -> None:
        self.stage = stage
        self.number = number
        self.function = function
        self.client = client
        self.go = threading.Lock()
        self.go.acquire()
        self.state = "new"
        self.pending: Step | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self.wakes_at = 0.0
        self.deadline: float | None = None
        self.waiting_on: GatedConnection | None = None
        self.abandoned = False
        self.sessions: dict[int, tuple[Session, Reader, Any]] = {}
        self.seen: list[int] = []
        self.alone: list[tuple[list[Command], list[Any]]] = []
        self.thread = threading.Thread(target=self._play, name=f"actor {number}", daemon=True)

    def _play(self) -> None:
        _here.player, _here.chance = self, self.stage.random
        self.go.acquire()
        try:
            if not self.abandoned:
                self.result = self.function(self.client)
        except Abandoned:
            pass
        except BaseException as error:
            # Who was abandoned may have wrapped that in an error of its own: it is none of the answer's.
            self.error = None if self.abandoned else error
        finally:
            self.state = "done"
            self.stage.back.release()

    def park(self, state: str) -> None:
        """Stand still until the stage says go. Called in the actor's thread."""
        self.state = state
        self.stage.back.release()
        self.go.acquire()
        if self.abandoned:
            raise Abandoned
        self.state = "moving"

    def pass_through(self, connection: GatedConnection, commands: list[Command]) -> None:
        """The gate: each step of `commands` waits for its turn, and for its replies."""
        if self.abandoned:
            raise Abandoned
        sock = connection.tapped()
        known = self.sessions.get(id(connection))
        if known is None or known[2] is not sock:
            known = self.sessions[id(connection)] = (Session(self.stage.footprints), Reader(), sock)
        session, reader, _ = known
        for together in steps_of(commands):
            step = Step(self.number, together, session.step(together))
            self.pending = step
            self.park("ready")
            self.pending = None
            connection.put(together)
            if len(together) == 1 and together[0][0].upper() in _BLOCKING:
                self._wait_in_server(connection, step)
            while len(step.replies) < len(together):
                value = reader.read()
                if value is INCOMPLETE:
                    data = sock.read_ahead()
                    if not data:
                        return  # The client will see the closed connection itself.
                    reader.feed(data)
                elif not isinstance(value, Push):
                    step.replies.append(value)
            self._note(step)

    def _wait_in_server(self, connection: GatedConnection, step: Step) -> None:
        self.stage.sync()
        if _readable(connection):
            return
        step.blocked = True
        self.waiting_on = connection
        timeout = _timeout_of(step.commands[0])
        self.deadline = None if timeout is None else self.stage.now + timeout
        self.park("blocked")
        self.waiting_on = None

    def _note(self, step: Step) -> None:
        """Remember what was done without effect while nobody else moved."""
        moves = self.stage.moves_of_others(self.number)
        if moves != self.seen:
            self.alone = []
        self.seen = moves
        effective = step.footprint.writes and any(reply not in (None, 0, b"") for reply in step.replies)
        self.alone = [] if effective else [*self.alone, (step.commands, step.replies)]

    @property
    def spinning(self) -> bool:
        """Whether it does the same few things again and again, with the same replies and no effect."""
        if self.pending is None or self.stage.moves_of_others(self.number) != self.seen:
            return False
        for period in range(1, _LONGEST_CYCLE + 1):
            last = self.alone[-_SPINS * period :]
            if len(last) == _SPINS * period and last == last[:period] * _SPINS:
                return last[0][0] == self.pending.commands
        return False

    def sleep(self, seconds: float) -> None:
        """`time.sleep` in the actor's thread."""
        self.wakes_at = self.stage.now + max(0.0, seconds)
        self.seen = self.stage.moves_of_others(self.number)
        self.pending = Step(self.number, slept=seconds)
        self.park("sleeping")
        self.pending = None

    @property
    def may_move(self) -> bool:
        """Whether it stands at the gate and is not spinning there.

        Who sleeps goes on when everybody who could move has moved meanwhile, or when keys end in that time: so waiting
        in a loop ends, and two who sleep do not let time pass for a third who does not.
        """
        if self.state == "sleeping":
            return self.stage.all_moved_since(self) or self.stage.ends_keys(self.wakes_at)
        return self.state == "ready" and not self.spinning


class Stage:
    """Runs one schedule of actors.

    Args:
        actors: what each of them does, given its client.
        clients: their gated clients; made by `gated_clients`.
        control: an unrecorded client of the same server.
        footprints: shared by all runs.
        seed: of the actors' random numbers.
        patience: seconds an actor may compute without sending anything.
        most_steps: a schedule that is longer is cut.
        timed: whether sleeps and expiries meet, so that the order of sleeps can be seen. A run in which they do and
            which was not told so leaves `time_matters` true.
    """

    def __init__(
        self,
        actors: Sequence[Actor],
        clients: Sequence[ActorClient],
        control: redis.Redis,
        footprints: Footprints,
        *,
        seed: int = 0,
        patience: float = 2.0,
        most_steps: int = 200,
        timed: bool = False,
    ) -> None:
        self.footprints = footprints
        self.back = threading.Semaphore(0)
        self.now = 0.0
        self._clients = clients
        self._control = control
        self._patience = patience
        self._most_steps = most_steps
        self.random = random.Random(seed)
        self._lifetimes = Lifetimes(control)
        self._timed = timed
        self.time_matters = False
        self.process = os.getpid()
        self._seed = seed
        self._run = Run()
        self._moves = [0] * len(actors)
        self.players = [
            _Player(self, n, actor, c.client) for n, (actor, c) in enumerate(zip(actors, clients, strict=True))
        ]
        for player, client in zip(self.players, clients, strict=True):
            client.gate.player = player

    def run(self, choose: Choose, go_on: Callable[[Step], bool] = lambda step: True) -> Run:
        """Play from the beginning; `choose` is asked before every step, `go_on` behind every step.

        Raises:
            StuckError: when an actor computes or waits outside of Redis for too long.
        """
        run = self._run = Run()
        random.seed(self._seed)
        try:
            for player in self.players:
                player.thread.start()
                self._let(player)
            self._play(run, choose, go_on)
        finally:
            self._end()
            run.results = [p.result for p in self.players]
            run.errors = [p.error for p in self.players]
            run.finished = [p.state == "done" and not p.abandoned for p in self.players]
        return run

    def _play(self, run: Run, choose: Choose, go_on: Callable[[Step], bool]) -> None:
        while True:
            self._wake()
            enabled = self._offers([p for p in self.players if p.may_move])
            if not enabled:
                who = self._let_time_pass()
                if who == "served":
                    continue
                if isinstance(who, int):
                    enabled = self._offers([self.players[who]])
                elif spinning := [p for p in self.players if p.state == "ready"]:
                    enabled = self._offers(spinning)
                else:
                    run.waiting = [p.number for p in self.players if p.state == "blocked"]
                    run.ending = "deadlock" if run.waiting else "done"
                    return
            if len(run.steps) >= self._most_steps:
                run.ending = "cut"
                return
            chosen = choose(len(run.steps), enabled)
            if chosen is None:
                run.ending = "abandoned"
                return
            player = self.players[chosen]
            step = player.pending
            assert step is not None
            step.footprint = enabled[chosen]
            if step.slept is not None:
                self._end_waits(player.wakes_at)
                self._move_clock(player.wakes_at)
            run.steps.append(step)
            run.enabled.append(enabled)
            self._moves[chosen] += 1
            self._let(player)
            self._wake()
            if self._timed:
                self._lifetimes.note(step.commands, self.now)
            if not go_on(step):
                run.ending = "stopped"
                return

    def _offers(self, players: list[_Player]) -> dict[int, Footprint]:
        """What each of them would do next: its step's footprint, or the keys whose time is over when it wakes."""
        return {
            p.number: p.pending.footprint if p.pending.slept is None else self._ended_by(p.wakes_at)
            for p in players
            if p.pending is not None
        }

    def ends_keys(self, moment: float) -> bool:
        """Whether keys end until `moment`."""
        return bool(self._lifetimes.over(moment, self.now))

    def _ended_by(self, moment: float) -> Footprint:
        ended = self._lifetimes.over(moment, self.now)
        self.time_matters |= self._lifetimes.any or any(p.deadline is not None for p in self.players)
        if self._timed:
            return EVERYTHING
        return Footprint(written=frozenset(ended))

    def _move_clock(self, moment: float) -> None:
        """Let the stage's time be `moment`: keys that have ended by then are gone."""
        ended = self._lifetimes.over(moment, self.now)
        if ended:
            self._control.delete(*ended)
        self.now = max(self.now, moment)

    def _end_waits(self, moment: float) -> None:
        """Let the waits be over whose time ends before `moment`."""
        for player in sorted(self.players, key=lambda p: p.deadline or 0.0):
            if player.state == "blocked" and player.deadline is not None and player.deadline <= moment:
                self._move_clock(player.deadline)
                self._time_out(player)
                self._wake()

    def _time_out(self, player: _Player) -> None:
        if self._clients[player.number].unblock(self._control) or player.waiting_on is None:
            return
        # A wait of a few milliseconds may have ended by itself.
        self.sync()
        if not _readable(player.waiting_on):
            raise StuckError(player.number, 0.0, "it waits on a connection that cannot be found", self._run)

    def moves_of_others(self, number: int) -> list[int]:
        """How many steps each of the other actors has made."""
        return [moves for actor, moves in enumerate(self._moves) if actor != number]

    def all_moved_since(self, sleeper: _Player) -> bool:
        """Whether, since `sleeper` fell asleep, all the others who stand ready have moved, and at least one has."""
        now = self.moves_of_others(sleeper.number)
        others = [player for player in self.players if player is not sleeper]
        moved = [after > before for before, after in zip(sleeper.seen, now, strict=True)]
        return any(moved) and all(
            m or player.state != "ready" or player.spinning for m, player in zip(moved, others, strict=True)
        )

    def sync(self) -> None:
        """Return when the server has dealt with everything that was sent to it before."""
        self._control.ping()

    def _let(self, player: _Player) -> None:
        """Let one actor move until it stands still again."""
        player.go.release()
        if not self.back.acquire(timeout=self._patience):
            line = _line_of(player.thread)
            player.abandoned = True
            _raise_in(player.thread)
            self.back.acquire(timeout=1.0)
            raise StuckError(player.number, self._patience, line, self._run)

    def _wake(self) -> None:
        """Let those go on who were served by the server."""
        if any(p.state == "blocked" for p in self.players):
            self.sync()
        for player in self.players:
            if player.state == "blocked" and player.waiting_on is not None and _readable(player.waiting_on):
                self._let(player)

    def _let_time_pass(self) -> int | str:
        """Nobody can move: go on to the next moment at which somebody can.

        Returns:
            The sleeper who wakes next; or "served" when a wait has ended; or "" when there is no such moment.
        """
        moments = [(p.wakes_at, p.number) for p in self.players if p.state == "sleeping"]
        moments += [(p.deadline, p.number) for p in self.players if p.state == "blocked" and p.deadline is not None]
        if not moments:
            return ""
        moment, number = min(moments)
        if self.players[number].state == "sleeping":
            return number
        self._move_clock(moment)
        self._time_out(self.players[number])
        return "served"

    def _end(self) -> None:
        """Give up the actors that are not done; their connections are in an unknown state."""
        for player, client in zip(self.players, self._clients, strict=True):
            if player.state != "done":
                player.abandoned = True
                client.close()
                for _ in range(20):  # An answer may catch everything and go on; each time it is told again.
                    if player.state == "done" or not player.thread.is_alive():
                        break
                    if player.go.locked():
                        player.go.release()
                    if not self.back.acquire(timeout=0.05) and player.thread.is_alive():
                        _raise_in(player.thread)
            elif player.error is not None or not all(s.clean for s, _, _ in player.sessions.values()):
                client.close()
            client.gate.player = None
        for player in self.players:
            if player.thread.ident is not None:
                player.thread.join(timeout=0.5)


class _Gate:
    """The gate of one client; who stands at it changes from run to run."""

    def __init__(self) -> None:
        self.player: _Player | None = None

    def pass_through(self, connection: GatedConnection, commands: list[Command]) -> None:
        if self.player is None:
            raise redis.ConnectionError("the race is over")
        if self.player.abandoned:
            raise Abandoned
        if os.getpid() != self.player.stage.process or _here.player is None:
            raise RuntimeError("in a race a function may not use threads or processes of its own")
        # A client may have been kept by the other actor, for instance by a script registered with it.
        _here.player.pass_through(connection, commands)


@dataclass
class ActorClient:
    """An actor's client, its gate, and the name by which the server knows it."""

    client: redis.Redis
    gate: _Gate
    name: str

    def unblock(self, control: redis.Redis) -> bool:
        """Let the time of the command it waits in be over; False when its connection is not there."""
        waiting = [each for each in control.client_list() if "b" in each["flags"]]
        mine = [each for each in waiting if each["name"] == self.name]
        # Code may have given its connection another name.
        renamed = [each for each in waiting if not each["name"].startswith("actor-")]
        for each in mine or renamed[:1]:
            control.client_unblock(int(each["id"]))
        return bool(mine or renamed)

    def close(self) -> None:
        """Close its connections."""
        self.client.connection_pool.disconnect()


def gated_clients(wire: Wire, names: Sequence[str]) -> list[ActorClient]:
    """One gated client an actor."""
    clients = []
    for number, label in enumerate(names):
        gate = _Gate()
        name = f"actor-{number}"
        client = wire.client(label, decode_responses=True, gate=gate, client_name=name, socket_timeout=None)
        clients.append(ActorClient(client, gate, name))
    return clients


class _Here(threading.local):
    player: _Player | None = None
    chance: random.Random | None = None


_here = _Here()
_replacing = threading.Lock()


@contextmanager
def no_time_no_chance() -> Iterator[None]:
    """While it lasts, actors' clocks are the stage's and their random numbers the seed's; nobody else notices."""
    real_sleep = time.sleep
    clocks: dict[str, Any] = {name: getattr(time, name) for name in ("time", "monotonic", "perf_counter")}
    clocks_ns: dict[str, Any] = {name: getattr(time, name) for name in ("time_ns", "monotonic_ns", "perf_counter_ns")}

    def sleep(seconds: Any) -> None:
        if _here.player is None:
            real_sleep(seconds)
        else:
            _here.player.sleep(float(seconds))

    def clock(read: Callable[[], float]) -> Callable[[], float]:
        return lambda: read() + (0.0 if _here.player is None else _here.player.stage.now)

    def clock_ns(read: Callable[[], int]) -> Callable[[], int]:
        return lambda: read() + (0 if _here.player is None else int(_here.player.stage.now * 1e9))

    replaced: dict[Any, Any] = {real_sleep: sleep}
    replaced |= {read: clock(read) for read in clocks.values()}
    replaced |= {read: clock_ns(read) for read in clocks_ns.values()}

    def random_bytes(count: int) -> bytes:
        return urandom(count) if _here.chance is None else _here.chance.randbytes(count)

    with _replacing:
        urandom, state = os.urandom, random.getstate()
        places = [(names, name) for names in _namespaces() for name in _bound(names, replaced)]
        before = [names[name] for names, name in places]
        for names, name in places:
            names[name] = replaced[names[name]]
        os.urandom = random_bytes
        random._urandom = random_bytes  # type: ignore[attr-defined]
        unraisable = sys.unraisablehook
        sys.unraisablehook = lambda told: None if told.exc_type is Abandoned else unraisable(told)
        try:
            yield
        finally:
            sys.unraisablehook = unraisable
            for (names, name), value in zip(places, before, strict=True):
                names[name] = value
            os.urandom = urandom
            random._urandom = urandom  # type: ignore[attr-defined]
            random.setstate(state)


def _namespaces() -> list[dict[str, Any]]:
    """Where code may have got at the functions of `time`: the module, and where learners' names live.

    ``from time import sleep`` binds the function itself.
    """
    found = (sys.modules.get(name) for name in ("time", "__main__", "__answers__"))
    return [vars(module) for module in found if module is not None]


def _bound(names: dict[str, Any], functions: dict[Any, Any]) -> list[str]:
    """The names that are bound to one of `functions`."""
    known = {id(function) for function in functions}
    return [name for name, value in list(names.items()) if id(value) in known]


def staged() -> tuple[bool, bool]:
    """Whether this thread's time is a stage's, and whether its chance is (see `no_time_no_chance`)."""
    return _here.player is not None, _here.chance is not None


def same_every_time(seed: int, prepare: Callable[[redis.Redis], object], client: redis.Redis) -> None:
    """Prepare a database with random numbers, uuids and secrets that are the same every time, and not the actors'."""
    random.seed(f"preparation {seed}")
    _here.chance = random.Random(f"preparation {seed}")
    try:
        prepare(client)
    finally:
        _here.chance = None


def _readable(connection: GatedConnection) -> bool:
    # Not `select.select`, which refuses descriptors above 1,023.
    looking = select.poll()
    looking.register(connection.tapped(), select.POLLIN)
    return bool(looking.poll(0))


def _timeout_of(command: Command) -> float | None:
    """The seconds after which a blocking command gives up; None for never."""
    name = command[0].upper()
    words = [word.upper() for word in command]
    try:
        if name in {b"XREAD", b"XREADGROUP"}:
            seconds = float(command[words.index(b"BLOCK") + 1]) / 1000 if b"BLOCK" in words else 0.0
        elif name in {b"WAIT", b"WAITAOF"}:
            seconds = float(command[-1]) / 1000
        elif name in {b"BLMPOP", b"BZMPOP"}:
            seconds = float(command[1])
        else:
            seconds = float(command[-1])
    except (ValueError, IndexError):
        return None
    return seconds or None


def _line_of(thread: threading.Thread) -> str:
    """The innermost line outside of libraries that a thread is at."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if "site-packages" not in frame.f_code.co_filename and "grader" not in frame.f_code.co_filename:
            return f"line {frame.f_lineno} in {frame.f_code.co_name}"
        frame = frame.f_back
    return ""


def _raise_in(thread: threading.Thread) -> None:
    """Interrupt a thread that computes for ever."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Abandoned))
