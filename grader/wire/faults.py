"""What can go wrong between a client and its Redis, on purpose and at an exact command.

`Faults` stands on a `Proxy` and cuts, hangs, delays, drips, refuses or resets connections. Checks have it as the
fixture `faults`, notebooks as `grader.notebook.faults`. Most of all it answers the question that no test by hand
answers: what if the program dies *here*, for every "here" there is (`everywhere`).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal, cast

import redis
from redis.exceptions import ConnectionError, TimeoutError

from grader.wire.proxy import Proxy, Strike
from grader.wire.race.stage import no_time_no_chance, same_every_time
from grader.wire.redis_cli import format_command
from grader.wire.transcript import Exchange, Hook, Match

When = Literal["before", "after", "mid-reply"]
Deed = Literal["cut", "reset", "hang", "delay", "drip", "refuse"]

_DEEDS = {
    "cut": "the connection was cut",
    "reset": "the connection was reset",
    "hang": "the connection hung",
    "delay": "the network became slow",
    "drip": "the bytes came in small pieces",
    "refuse": "new connections were refused",
}
_MEANINGS = {
    "before": "it never reached the server",
    "after": "it ran, but its reply never came",
    "mid-reply": "it ran, but half of its reply is missing",
}
# A client that meets a hang gives up after so many seconds: below the deadline of a promise.
CLIENT_SECONDS = 1.0
# At so many commands an actor dies at most; see `Faults.everywhere`.
MOST_PLACES = 60


@dataclass(frozen=True, slots=True, repr=False)
class Fault:
    """Something to go wrong, and at which command: the `at`-th from 1, or the first that matches, or at once.

    Its text is a sentence about what happened, its repr the call that orders it.
    """

    deed: Deed
    at: int | None = None
    match: str | Callable[[tuple[bytes, ...]], bool] | None = None
    when: When = "before"
    client: str | None = None
    options: tuple[tuple[str, Any], ...] = ()
    command: str = field(default="", compare=False)

    @property
    def waits(self) -> bool:
        """Whether it waits for a command; otherwise it is there at once."""
        return self.at is not None or self.match is not None

    def __str__(self) -> str:
        if not self.waits:
            return _DEEDS[self.deed]
        which = f"command {self.at}" if self.at is not None else "a command"
        if self.command:
            which = f"{self.command} ({which})" if self.at is not None else self.command
        elif isinstance(self.match, str):
            which = self.match
        if self.deed in ("cut", "reset", "hang"):
            return (
                f"{_DEEDS[self.deed]} {self.when.replace('mid-reply', 'in the middle of the reply to')} {which}: "
                + (_MEANINGS[self.when])
            )
        return f"{_DEEDS[self.deed]} from {which} on"

    def __repr__(self) -> str:
        given = [f"{name}={value!r}" for name, value in self.options]
        for name in ("at", "match", "client"):
            if (value := getattr(self, name)) is not None:
                given.append(f"{name}={value!r}")
        if self.waits and self.deed in ("cut", "reset", "hang"):
            given.append(f"when={self.when!r}")
        return f"{self.deed}({', '.join(given)})"


@dataclass(frozen=True, slots=True)
class End:
    """How things stand when a run is over, for the invariant of `Faults.everywhere`.

    `redis` is a client of its own, past the proxy; `fault` a sentence about what went wrong (`no fault` in the
    run where nothing did); `result` what the actor returned; `error` the connection error that ended it, or None.
    """

    redis: redis.Redis
    fault: str
    result: Any = None
    error: ConnectionError | TimeoutError | None = None


class FaultFound(AssertionError):
    """An invariant did not hold after a fault.

    `fault` is the sentence about it, `order` the fault itself (None if nothing went wrong in that run), `lines`
    what was sent, `cause` what the invariant raised or said, `misconception` the name it was given.
    """

    def __init__(
        self,
        fault: str,
        order: Fault | None,
        lines: list[str],
        cause: AssertionError | str,
        misconception: str | None,
    ) -> None:
        super().__init__(f"{fault}: {cause}")
        self.fault = fault
        self.order = order
        self.lines = lines
        self.cause = cause
        self.misconception = misconception


class NotRepeatable(AssertionError):
    """An actor did not come to the place where it was to die: run again, it went another way."""


class Died(BaseException):
    """Ends an actor that is dead and goes on trying to connect. No `except Exception` holds it up."""


def _bury(client: redis.Redis, dead: Callable[[], bool], attempts: int = 3) -> None:
    """Let so many failed attempts of a dead client to get a connection be its last."""
    pool, connect = client.connection_pool, client.connection_pool.get_connection
    failed = 0

    def get_connection(*args: Any, **options: Any) -> Any:
        nonlocal failed
        try:
            return connect(*args, **options)
        except ConnectionError as error:
            failed += dead()
            if failed >= attempts:
                raise Died from error
            raise

    pool.get_connection = get_connection  # type: ignore[method-assign]


@contextmanager
def _sleep_takes_no_time(control: redis.Redis, dead: Callable[[], bool]) -> Iterator[None]:
    """While it lasts, `time.sleep` in this thread returns at once; other threads do not notice.

    The thread's clocks move on by what it slept, and keys that end meanwhile are gone, unless whoever sleeps is dead.
    """
    me = threading.get_ident()
    real_sleep = time.sleep
    names = ("time", "monotonic", "perf_counter")
    clocks: dict[str, Any] = {f"{name}{unit}": getattr(time, f"{name}{unit}") for name in names for unit in ("", "_ns")}
    now = 0.0
    # For every key the expiry it has, and when that is on the clock of this thread.
    ends: dict[bytes, tuple[int, float]] = {}

    def sleep(seconds: Any) -> None:
        nonlocal now
        if threading.get_ident() != me:
            real_sleep(seconds)
            return
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        before, now = now, now + float(seconds)
        if dead():
            return
        keys = cast(Any, control).execute_command("KEYS", "*", NEVER_DECODE=True)
        for key in keys:
            at: Any = control.pexpiretime(key)
            if at < 0:
                continue
            if key not in ends or ends[key][0] != at:
                left: Any = control.pttl(key)
                ends[key] = (at, before + left / 1000)
            if ends[key][1] <= now:
                control.delete(key)

    def clock(name: str, read: Any) -> Any:
        def passed() -> Any:
            return read() + (0 if threading.get_ident() != me else int(now * 1e9) if name.endswith("_ns") else now)

        return passed

    time.sleep = sleep
    for name, read in clocks.items():
        setattr(time, name, clock(name, read))
    try:
        yield
    finally:
        time.sleep = real_sleep
        for name, read in clocks.items():
            setattr(time, name, read)


@dataclass(slots=True)
class _Armed:
    fault: Fault
    hook: Hook


class Faults:
    """A way to the Redis at `url` on which things go wrong.

    Faults are ordered by methods (`cut`, `hang` …), which return what was ordered as a `Fault`. `at=n` is the
    n-th command from now, from 1; `match` the first command of that name (`"LREM"`, `"CONFIG SET"`) or for which
    a predicate on its arguments is true; `client` restricts both to the clients of one name. Commands that set a
    connection up do not count. `log` has the faults that happened, each with the number of its command since the
    beginning: `script(faults.log)` on another `Faults` lets the same happen again.
    """

    def __init__(self, url: str, listen: Literal["unix", "tcp"] | None = None, *, seed: int = 0) -> None:
        self.proxy = Proxy(url, listen, seed=seed)
        self.redis: redis.Redis = redis.Redis.from_url(
            url, decode_responses=True, protocol=2, retry=None, socket_timeout=5.0, driver_info=None
        )
        self.log: list[Fault] = []
        self._armed: list[_Armed] = []
        self._seed = seed
        self._lock = threading.Lock()
        self._origin = 0
        self._delay: tuple[float, float] | None = None
        self._drip: tuple[int, float] | None = None
        self._hung = False
        # Whether whoever meets a cut is dead; see `everywhere`.
        self._fatal = False

    @property
    def url(self) -> str:
        """The address on which things go wrong, for any client."""
        return self.proxy.url

    def client(self, name: str = "", **options: Any) -> redis.Redis:
        """A client whose connection may break: text is decoded, nothing is retried, it gives up after 1 s."""
        return self.proxy.client(name, **{"decode_responses": True, "socket_timeout": CLIENT_SECONDS, **options})

    def lines(self, limit: int | None = 200) -> list[str]:
        """What was sent, and where it broke: command, reply, command, reply …"""
        return self.proxy.lines(limit)

    def close(self) -> None:
        """End everything: the proxy, its connections, and the faults with them."""
        self.proxy.close()
        self.redis.close()

    def __enter__(self) -> Faults:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        with self._lock:
            waiting = [repr(armed.fault) for armed in self._armed]
        return f"<Faults: {', '.join(waiting) or 'none waiting'}; {len(self.log)} happened>"

    # Orders

    def cut(
        self, at: int | None = None, match: Match | None = None, when: When = "before", *, client: str | None = None
    ) -> Fault:
        """Close a connection, once: `before` the command arrives, `after` it ran, or amid its reply.

        The next command unless `at` or `match` says which. The client sees the end of the connection when the
        server has let go of it, so the data is as the cut left it.
        """
        return self._order(self._fault("cut", at, match, when, client, next_command=True))

    def reset(
        self, at: int | None = None, match: Match | None = None, when: When = "before", *, client: str | None = None
    ) -> Fault:
        """Like `cut`, but on TCP the client gets a reset (ECONNRESET) instead of an orderly end."""
        return self._order(self._fault("reset", at, match, when, client, next_command=True))

    def hang(
        self, at: int | None = None, match: Match | None = None, when: When = "before", *, client: str | None = None
    ) -> Fault:
        """Let nothing through any more, without closing: on every connection, or on one from a command on.

        The client waits until its own timeout. `clear` lets what was held go on.
        """
        return self._order(self._fault("hang", at, match, when, client))

    def delay(self, seconds: float, jitter: float = 0.0, *, at: int | None = None, match: Match | None = None) -> Fault:
        """Let everything take `seconds` longer, each way, and up to `jitter` seconds more at random.

        As on a long way: what is sent together arrives together, so a pipeline waits once. Order is kept.
        """
        if seconds < 0 or jitter < 0:
            raise ValueError("a delay is 0 seconds or more")
        return self._order(self._fault("delay", at, match, "before", None, seconds=seconds, jitter=jitter))

    def drip(
        self,
        chunk: int = 1,
        bytes_per_second: float | None = None,
        *,
        at: int | None = None,
        match: Match | None = None,
    ) -> Fault:
        """Pass bytes on in pieces of at most `chunk`, and at most `bytes_per_second` each way if given."""
        if chunk < 1 or (bytes_per_second is not None and bytes_per_second <= 0):
            raise ValueError("a piece has at least one byte, and more than none pass in a second")
        return self._order(
            self._fault("drip", at, match, "before", None, chunk=chunk, bytes_per_second=bytes_per_second)
        )

    def refuse(self, at: int | None = None, match: Match | None = None) -> Fault:
        """Refuse new connections, as if no Redis ran there; those that are open go on."""
        return self._order(self._fault("refuse", at, match, "before", None))

    def script(self, faults: Iterable[Fault]) -> None:
        """Order several faults at once; for example the `log` of an earlier run. Commands count from now."""
        self._origin = self.proxy.commands
        self.log = []
        for fault in faults:
            self._order(fault)

    def clear(self) -> None:
        """Heal everything: no fault waits any more, what was held goes on, new connections are taken."""
        with self._lock:
            self._armed = []
            self.proxy._inspect = None
            self._delay, self._drip, self._hung = None, None, False
        self.proxy._heal()

    def _fault(
        self,
        deed: Deed,
        at: int | None,
        match: Match | None,
        when: When,
        client: str | None,
        next_command: bool = False,
        **options: Any,
    ) -> Fault:
        if isinstance(match, int):
            at, match = match, None
        if at is not None and (match is not None or at < 1):
            raise ValueError("say at which command (`at`, from 1) or which one (`match`), not both")
        if when not in _MEANINGS or (deed == "hang" and when == "mid-reply"):
            raise ValueError(
                f"{deed} can happen {'before or after' if deed == 'hang' else 'before, after or mid-reply'}"
            )
        if at is None and match is None and next_command:
            at = 1
        given = tuple((name, value) for name, value in options.items() if value not in (None, 0.0) or name == "seconds")
        return Fault(deed, at, match, when, client, given)

    def _order(self, fault: Fault) -> Fault:
        if not fault.waits:
            self._begin(fault)
            with self._lock:
                self.log.append(replace(fault, at=self.proxy.commands - self._origin + 1))
            return fault
        match = cast(Match, fault.match if fault.at is None else fault.at - 1)
        with self._lock:
            # What was sent before the order does not count.
            self.proxy.resolve()
            self._armed.append(_Armed(fault, Hook(match, lambda: None, fault.client, 1)))
            self.proxy._inspect = self._inspect
        return fault

    def _begin(self, fault: Fault) -> None:
        """Let a fault that lasts begin."""
        options = dict(fault.options)
        with self._lock:
            if fault.deed == "delay":
                self._delay = (options["seconds"], options.get("jitter", 0.0))
            elif fault.deed == "drip":
                rate = options.get("bytes_per_second")
                self._drip = (options["chunk"], options["chunk"] / rate if rate else 0.0)
            elif fault.deed == "hang":
                self._hung = True
            shape = self._delay, self._drip, self._hung
        if fault.deed == "refuse":
            self.proxy._refuse()
        else:
            self.proxy._shape(*shape)

    def _inspect(self, exchange: Exchange) -> Strike | None:
        """Asked by the proxy's thread before a command is passed on: whether something happens at it."""
        with self._lock:
            due = [armed for armed in self._armed if armed.hook.claims(exchange.command, exchange.client)]
            self._armed = [armed for armed in self._armed if armed not in due]
            if not self._armed:
                self.proxy._inspect = None
            number = self.proxy._commands - self._origin
        strike = None
        typed = format_command(exchange.command, 60)
        for armed in due:
            fault = armed.fault
            if fault.deed in ("cut", "reset", "hang"):
                if strike is not None:
                    continue
                strike = Strike(cast(Any, fault.deed), fault.when, self._fatal)
            else:
                self._begin(fault)
            with self._lock:
                self.log.append(replace(fault, at=number, match=None, command=typed))
        return strike

    # Everywhere

    def everywhere(
        self,
        actor: Callable[[redis.Redis], object],
        *,
        setup: Callable[[redis.Redis], object] | None = None,
        then: Callable[[End], object],
        whens: Sequence[When] = ("before", "after"),
        dies: bool = True,
        misconception: str | None = None,
    ) -> int:
        """Let `actor` die at each of its commands in turn, and look what is left.

        First it runs unharmed, to count its commands; then once for each of them and each of `whens`, with the
        connection cut there. Of an actor that sends more than 60 commands, 60 are cut: the first 20, the last 20,
        and 20 spread over those between, the same ones every time. Every run begins with an emptied database, no
        script loaded, and `setup(client)`. Who has died has no other connection and gets none (its third attempt ends
        it), unless `dies` is false: then the network was cut, and an actor that handles it may go on. Afterwards
        `then(end)` is called, unharmed run included: it raises an AssertionError, or returns False or a sentence,
        where something that must always hold does not.

        Time and chance: in the calling thread `time.sleep` takes no time, and random numbers, `uuid4` and `secrets`
        are the same in every run. A SystemExit after a cut is an end like any other.

        Returns the number of runs. Raises `FaultFound` for the first run after which `then` does not hold,
        `NotRepeatable` if the actor sent something else than in the unharmed run before it was to die, and whatever
        else `actor` or `then` raises.
        """
        self._once(actor, setup, then, None, False, misconception, [])
        names = self.proxy.names
        places = _places(len(names))
        for number in places:
            for when in whens:
                fault = self._fault("cut", number, None, when, None)
                self._once(actor, setup, then, fault, dies, misconception, names[:number])
        return 1 + len(places) * len(whens)

    def _once(
        self,
        actor: Callable[[redis.Redis], object],
        setup: Callable[[redis.Redis], object] | None,
        then: Callable[[End], object],
        fault: Fault | None,
        dies: bool,
        misconception: str | None,
        names: list[str],
    ) -> None:
        """One run; `names` are the commands up to the cut, as the unharmed run sent them."""
        result, error = self._run(actor, setup, fault, dies)
        struck = self.log[0] if self.log else None
        sent = self.proxy.names[: len(names)]
        if fault is not None and struck is None:
            raise NotRepeatable(_another_way(names, sent))
        sentence = str(struck) if struck is not None else "no fault"
        try:
            verdict = then(End(self.redis, sentence, result, error))
        except AssertionError as cause:
            raise FaultFound(sentence, struck, self.lines(), cause, misconception) from cause
        if verdict is False or isinstance(verdict, str):
            said = verdict if isinstance(verdict, str) else "what must always hold does not"
            raise FaultFound(sentence, struck, self.lines(), said, misconception)
        if sent != names:
            raise NotRepeatable(_another_way(names, sent))

    def _run(
        self,
        actor: Callable[[redis.Redis], object],
        setup: Callable[[redis.Redis], object] | None,
        fault: Fault | None,
        dies: bool,
    ) -> tuple[object, ConnectionError | TimeoutError | None]:
        """Run the actor from a clean beginning: what it returned, and the connection error that ended it."""
        self.clear()
        # A script that is there already would make a run shorter than the one whose commands were counted.
        self.redis.flushdb()
        self.redis.script_flush()
        result: object = None
        error = None

        def dead() -> bool:
            return dies and bool(self.log)

        def act(client: redis.Redis) -> None:
            nonlocal result
            result = actor(client)

        with no_time_no_chance():
            if setup is not None:
                same_every_time(self._seed, setup, self.redis)
            self.proxy.clear()
            self.script([] if fault is None else [fault])
            self._fatal = dies
            # Nothing hangs here, so a busy machine may take its time.
            client = self.client(socket_timeout=5.0)
            if dies:
                _bury(client, dead)
            try:
                with _sleep_takes_no_time(self.redis, dead):
                    # Not the random numbers of the set-up: what both draw is not to be equal.
                    same_every_time(self._seed + 1, act, client)
            except (Exception, Died, SystemExit) as raised:
                chain = list(_chain(raised))
                error = next((each for each in chain if isinstance(each, ConnectionError | TimeoutError)), None)
                exited = any(isinstance(each, SystemExit) for each in chain)
                if not self.log or (error is None and not exited):
                    raise
            finally:
                self._fatal = False
                client.close()
                self.proxy.settle()
        return result, error


def _places(count: int) -> list[int]:
    """The commands at which to die, of `count`: all, or the first, the last, and some of those between them.

    Those between are drawn, one from each stretch: equal distances would meet the same command of a loop each time.
    """
    if count <= MOST_PLACES:
        return list(range(1, count + 1))
    third = MOST_PLACES // 3
    first, last = range(1, third + 1), range(count - third + 1, count + 1)
    between, chance = range(third + 1, count - third + 1), random.Random(0)
    bounds = [len(between) * number // third for number in range(third + 1)]
    return [*first, *(between[chance.randrange(a, b)] for a, b in pairwise(bounds)), *last]


def _another_way(names: list[str], sent: list[str]) -> str:
    """The sentence for an actor that was to send `names`, and has sent something else or less."""
    place = next((n for n, pair in enumerate(zip(names, sent, strict=False)) if pair[0] != pair[1]), len(sent))
    instead = sent[place] if place < len(sent) else "nothing more"
    return (
        f"Run again from the same data, the code went another way: command {place + 1} was {names[place]}, and now "
        f"it sent {instead}. What it does must depend on the replies of Redis only, not on chance, the clock or what "
        "an earlier call left in a variable"
    )


def _chain(raised: BaseException | None) -> Iterator[BaseException]:
    """An exception, and those that it was raised because of."""
    seen: set[int] = set()
    while raised is not None and id(raised) not in seen:
        yield raised
        seen.add(id(raised))
        raised = raised.__cause__ or raised.__context__
