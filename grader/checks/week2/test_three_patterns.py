"""Promises of the notebook 06-three-patterns.

No clock is read: what a command costs others is told by its size and by the round trips, and time that passes is an
end that a check moves.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from redis import OutOfMemoryError, Redis, ResponseError
from redis.exceptions import NoPermissionError

from grader.checks import Answer, AnswerProblem, broken, exercise, expect
from grader.checks.chance import chance
from grader.checks.lines import run_line
from grader.checks.verdict import show
from grader.servers import Server
from grader.wire import Exchange, Wire
from grader.wire.faults import End as FaultEnd
from grader.wire.faults import Faults
from grader.wire.race import End, Race

_SCRIPTS = {"EVAL", "EVALSHA", "FCALL"}
_SCANS = {"SCAN", "SSCAN", "HSCAN", "ZSCAN"}
_ENDS = {b"EX", b"PX", b"EXAT", b"PXAT"}
_ASKS_FOR_END = {"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"}


def _pages(exchanges: Iterable[Exchange]) -> list[int]:
    """The COUNT of each SCAN that was sent."""
    counts = []
    for exchange in exchanges:
        if exchange.name == "SCAN":
            words = [word.upper() for word in exchange.command]
            count = words[words.index(b"COUNT") + 1] if b"COUNT" in words[:-1] else b"10"
            counts.append(int(count) if count.isdigit() else 10)
    return counts


def _keys_calls(peek: Redis) -> int:
    """How often KEYS was executed so far, by a client or inside a script."""
    return int(peek.info("commandstats").get("cmdstat_keys", {"calls": 0})["calls"])


def _another_client(wire: Wire) -> Redis:
    """A client that steps in; its commands are marked in the transcript on the card."""
    client: Redis = wire.client("meanwhile", decode_responses=True)
    return client


@contextmanager
def _just_before(wire: Wire, n: int, action: Callable[[], object]) -> Iterator[None]:
    """Let `action` happen just before the n-th command of the block, if there are so many."""
    wire.clear()
    over: list[bool] = []
    wire.before(n, lambda: None if over else action())
    try:
        yield
    finally:
        over.append(True)


def _points(wire: Wire, call: Callable[[], object]) -> list[tuple[int, str]]:
    """Where one may step in between the round trips of `call`: number and name of the first command of each."""
    with wire.measure() as cost:
        call()
    firsts: dict[int, tuple[int, str]] = {}
    for n, each in enumerate(cost.exchanges):
        firsts.setdefault(each.trip, (n, each.name))
    return list(firsts.values())


def _some(names: Iterable[object], limit: int = 3) -> str:
    """The first names, and how many more there are."""
    texts = [str(name) for name in names]
    rest = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(texts[:limit]) + rest


def _units(exchanges: list[Exchange]) -> list[list[Exchange]]:
    """The commands, those from MULTI to EXEC together: what happens as one."""
    units: list[list[Exchange]] = []
    open_ = False
    for exchange in exchanges:
        if open_:
            units[-1].append(exchange)
        else:
            units.append([exchange])
        open_ = exchange.name == "MULTI" or (open_ and exchange.name not in {"EXEC", "DISCARD"})
    return units


def _replay(client: Redis, unit: list[Exchange]) -> None:
    """Send the commands of a unit again; what the server answers is not looked at."""
    with client.pipeline(transaction=len(unit) > 1) as pipe:
        for exchange in unit:
            if exchange.name not in {"MULTI", "EXEC", "WATCH", "UNWATCH"}:
                pipe.execute_command(*exchange.command)
        pipe.execute(raise_on_error=False)


def _text(key: object) -> str:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)


Log = list[tuple[str, int, int]]
_EXAMPLE: Log = [("report", 0, 70), ("shop", 5, 1), ("shop", 100, 1), ("till", 6, 2)]


def _plan(log: Log) -> list[tuple[str, int, int, int]]:
    rows, free = [], 0
    for client, arrival, takes in sorted(log, key=lambda line: line[1]):
        start = max(free, arrival)
        free = start + takes
        rows.append((client, arrival, start, free))
    return rows


def _latencies(log: Log) -> dict[str, int]:
    worst: dict[str, int] = {}
    for client, arrival, _, end in _plan(log):
        worst[client] = max(worst.get(client, 0), end - arrival)
    return worst


@exercise("week2.worst-latency")
class TestWorstLatency:
    def test_behind_the_report(self, answer: Answer) -> None:
        """The example: the report takes 70 ms, and the shop and the till wait for it."""
        self._judge(answer, _EXAMPLE)

    def test_idle_server(self, answer: Answer) -> None:
        """A command that comes to an idle server starts at once."""
        self._judge(answer, [("a", 0, 5), ("b", 50, 5), ("a", 52, 1), ("c", 200, 3), ("idle", 300, 0)])

    def test_any_order(self, answer: Answer) -> None:
        """The order of the log does not matter; commands of the same millisecond run in the order of the log."""
        self._judge(answer, [("late", 30, 4), ("report", 0, 20), ("till", 10, 20), ("shop", 12, 1)])
        self._judge(answer, [("zoe", 0, 10), ("ada", 0, 1), ("bob", 0, 5)])

    def test_log_is_left_alone(self, answer: Answer) -> None:
        """The log of the caller is not changed, and an empty log gives an empty dict."""
        log = list(reversed(_EXAMPLE))
        answer.worst_latencies(log)
        expect(log, list(reversed(_EXAMPLE)), "the log after worst_latencies(log)")
        expect(answer.worst_latencies([]), {}, "worst_latencies([])")

    def test_culprit(self, answer: Answer) -> None:
        """The culprit is the client for whose commands the slowest command waited longest."""
        for client, wanted in (("till", "report"), ("shop", "report")):
            expect(answer.culprit(_EXAMPLE, client), wanted, f'culprit(log, "{client}")')

    def test_only_after_the_arrival(self, answer: Answer) -> None:
        """Only waiting after the arrival counts: what was done before it delayed nobody."""
        log: Log = [("backup", 0, 90), ("import", 85, 30), ("shop", 88, 1)]
        self._judge_culprit(answer, log, "shop", "import", {"backup": "total-work"})
        log = [("backup", 0, 50), ("import", 50, 30), ("shop", 70, 1), ("backup", 90, 200)]
        self._judge_culprit(answer, log, "shop", "import", {"backup": "total-work"})

    def test_parts_add_up(self, answer: Answer) -> None:
        """The commands of one client count together."""
        log: Log = [("import", 0, 7), ("bot", 1, 4), ("bot", 2, 4), ("shop", 3, 1)]
        self._judge_culprit(answer, log, "shop", "bot", {"import": "total-work"})

    def test_the_slowest(self, answer: Answer) -> None:
        """The slowest command is looked at, counted until its end; of equally slow ones the first."""
        log: Log = [("a", 0, 10), ("shop", 0, 1), ("shop", 20, 30)]
        self._judge_culprit(answer, log, "shop", None, {"a": "waiting-only"})
        log = [("a", 0, 10), ("shop", 5, 1), ("b", 20, 10), ("shop", 25, 1)]
        self._judge_culprit(answer, log, "shop", "a", {})

    def test_nobody_and_oneself(self, answer: Answer) -> None:
        """Who waits for nobody has no culprit, and a client can be its own."""
        log: Log = [("a", 0, 10), ("shop", 10, 3), ("a", 13, 1)]
        self._judge_culprit(answer, log, "shop", None, {})
        log = [("shop", 0, 20), ("shop", 1, 20), ("a", 2, 1)]
        self._judge_culprit(answer, log, "shop", "shop", {})

    def test_any_log(self, answer: Answer) -> None:
        """Any log: ten random ones, for the latencies and for the culprit."""
        dice = chance(2201)
        for _ in range(10):
            arrivals = dice.sample(range(300), dice.randint(3, 12))
            log: Log = [(dice.choice("abcd"), arrival, dice.randint(1, 60)) for arrival in arrivals]
            self._judge(answer, log)
            for client in sorted({name for name, _, _ in log}):
                culprits = _culprits(log, client)
                if len(culprits) == 1:  # of several that delayed it equally nothing was promised
                    self._judge_culprit(answer, log, client, culprits[0], {})

    @staticmethod
    def _judge(answer: Answer, log: Log) -> None:
        rows = sorted(log, key=lambda line: line[1])
        backlog = [(c, sum(t for _, _, t in rows[: n + 1]) - a) for n, (c, a, _) in enumerate(rows)]
        by_name = sorted(log, key=lambda line: (line[1], line[0]))
        guesses = [
            ("all-at-once", _by_client((c, takes) for c, _, takes in rows)),
            ("queue-without-gaps", _by_client(backlog)),
            ("queue-without-gaps", _by_client((c, max(0, latency)) for c, latency in backlog)),
            ("as-written", _by_client((c, end - a) for c, a, end in _in_this_order(log))),
            ("ties-by-name", _by_client((c, end - a) for c, a, end in _in_this_order(by_name))),
            ("waiting-only", _by_client((c, start - a) for c, a, start, _ in _plan(log))),
        ]
        wanted = _latencies(log)
        got = answer.worst_latencies(list(log))
        told = got if isinstance(got, dict) else None
        name = next((name for name, guess in guesses if told == guess != wanted), None)
        expect(got, wanted, f"worst_latencies({log})", because=name)

    @staticmethod
    def _judge_culprit(answer: Answer, log: Log, client: str, wanted: str | None, known: dict[object, str]) -> None:
        expect(answer.culprit(list(log), client), wanted, f'culprit({log}, "{client}")', known=known)


def _culprits(log: Log, client: str) -> list[str | None]:
    """Whose commands the slowest command of `client` waited for longest; several that are equal, None for nobody."""
    plan = _plan(log)
    arrival, start, _ = max(((a, s, e) for c, a, s, e in plan if c == client), key=lambda row: row[2] - row[0])
    waited: dict[str, int] = {}
    for other, _, begins, ends in plan:
        overlap = min(ends, start) - max(begins, arrival)
        if overlap > 0:
            waited[other] = waited.get(other, 0) + overlap
    most = max(waited.values(), default=0)
    return [name for name, time in waited.items() if time == most] or [None]


def _by_client(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    worst: dict[str, int] = {}
    for client, latency in pairs:
        worst[client] = max(worst.get(client, latency), latency)
    return worst


def _in_this_order(log: Log) -> Iterator[tuple[str, int, int]]:
    """Client, arrival and end of each command, were they worked on in this order."""
    free = 0
    for client, arrival, takes in log:
        free = max(free, arrival) + takes
        yield client, arrival, free


@exercise("week2.count-in-steps")
class TestCountInSteps:
    CALL = 'count_step(r, "orders", "order:*")'

    def test_counts(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Called again and again, it returns None until the walk is complete, and then the number of keys."""
        peek.mset({"order:1": 1, "order:2": 1, "page:1": 1, "my:order:1": 1})
        expect(self._finish(answer, redis), 2, f"{self.CALL}, called until it is done")
        expect(self._finish(answer, redis, "none", "nothing:*"), 0, 'count_step(r, "none", "nothing:*")')

    def test_steps(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """One call walks one page of 100 to 500 keys, in three round trips at most, and KEYS is never used."""
        self._fill(peek)
        before = _keys_calls(peek)
        first = answer.count_step(redis, "orders", "order:*")
        counts = _pages(wire.exchanges)
        if (
            _keys_calls(peek) > before
            or (first is not None and len(counts) != 1)
            or len(counts) > 1
            or max(counts, default=0) > 500
        ):
            broken(
                "one SCAN with a COUNT of 500 at most, in a database of 2400 keys",
                f"the call sent {_some(wire.names)} and returned {show(first)}",
                "all-in-one-call",
            )
        if not counts:
            broken("one SCAN", f"{_some(wire.names) or 'nothing'} was sent")
        if counts[0] < 100:
            broken("a COUNT of 100 at least", f"COUNT {counts[0]}: the job would take very many calls")
        if wire.round_trips > 3:
            broken("at most three round trips in a call", f"{wire.round_trips}: {', '.join(wire.names)}")
        expect(first, None, f"the first {self.CALL} in a database of 2400 keys")

    def test_kept_in_redis(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Between the calls all that is known lies in Redis, under walk:… with the name of the job."""
        self._fill(peek)
        answer.count_step(redis, "orders", "order:*")
        kept = self._state(peek)
        strange = [key for key in kept if not key.startswith("walk:") or "orders" not in key]
        if strange:
            broken("the job's keys are walk:…orders…", f"there is {_some(strange)}")
        if not kept:
            broken(
                "a key that says how far the walk is, after a first step of several",
                "the call left nothing in Redis",
                "kept-in-python",
            )

    def test_whole_walk(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """In a database of 2400 keys, half of which match, all 1200 are counted; two jobs do not disturb each other."""
        self._fill(peek)
        got: dict[str, Any] = {"orders": None, "pages": None}
        for _ in range(60):
            for job, pattern in (("orders", "order:*"), ("pages", "page:1*")):
                if got[job] is None:
                    got[job] = answer.count_step(redis, job, pattern)
        pages = sum(str(n).startswith("1") for n in range(1200))
        expect(got["orders"], 1200, f"{self.CALL}, called until it is done")
        expect(got["pages"], pages, 'count_step(r, "pages", "page:1*"), called in turns with it')

    def test_names(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Two jobs do not disturb each other, whatever their names."""
        self._fill(peek, 1400)
        answer.count_step(redis, "orders", "order:*")
        # Names that another job would give to its keys, were they not told apart.
        others = [key.removeprefix("walk:") for key in self._state(peek) if key.startswith("walk:")]
        for other in [job for job in others if job != "orders"]:
            told = f'the jobs "orders" and "{other}", in turns'
            got: dict[str, Any] = {"orders": None, other: None}
            self._begin(answer, redis, peek, 1)
            try:
                for _ in range(60):
                    for job, pattern in ((other, "page:1*"), ("orders", "order:*")):
                        if got[job] is None:
                            got[job] = answer.count_step(redis, job, pattern)
            except AnswerProblem as problem:
                broken(f"{told}, count both", problem.sentence, "names-meet")
            pages = sum(str(n).startswith("1") for n in range(700))
            expect(got, {"orders": 700, other: pages}, told, because="names-meet")

    def test_empty_pages(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A page without a match is not the end."""
        self._fill(peek)
        *_, late = peek.scan_iter(count=500)
        call = f'count_step(r, "late", "{late}")'
        because = "stops-at-empty-page"
        expect(self._finish(answer, redis, "late", str(late)), 1, f"{call}, called until it is done", because=because)

    def test_repeats(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis, server: Server) -> None:
        """A key that SCAN returns twice, because the database shrinks on the way, counts once."""
        self._fill(peek)
        wire.clear()
        if answer.count_step(redis, "orders", "order:*") is not None:
            return
        replies = [e.reply for e in wire.exchanges if e.name == "SCAN" and isinstance(e.reply, list)]
        page = [key for reply in replies for key in map(_text, reply[1]) if key.startswith("order:")]
        if not page:
            return  # what was sent instead is judged above
        raw = server.client(decode_responses=False)
        state = {key: raw.dump(key) or b"" for key in self._state(peek)}
        # In one transaction, so that the keys that stay are there all the time; the table is now a small one. The last
        # keys of the page lie where the walk goes on.
        with raw.pipeline() as pipe:
            pipe.flushdb()
            for key, dump in state.items():
                pipe.restore(key, 0, dump)
            pipe.mset(dict.fromkeys(page[-3:], 1))
            pipe.execute()
        raw.close()
        got = self._finish(answer, redis)
        wanted = len(set(page))
        more = type(got) is int and got > wanted
        expect(
            got,
            wanted,
            f"{self.CALL}, where the first page gave {wanted} keys, of which three are left and came again,",
            because="adds-pages" if more else None,
        )

    def test_dies_anywhere(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The process may die behind any command of a step; whoever calls next goes on, and the count is right."""
        self._fill(peek, 1400)
        steps = self._begin(answer, redis, peek, 60)
        for place in dict.fromkeys((0, 1, steps)):
            self._begin(answer, redis, peek, place)
            with wire.measure() as cost:
                answer.count_step(redis, "orders", "order:*")
            units = _units(cost.exchanges)
            for n in range(1, len(units)):
                self._begin(answer, redis, peek, place)
                # What a process does that dies behind its n-th command: the same commands, and no more.
                for unit in units[:n]:
                    _replay(peek, unit)
                got = self._finish(answer, redis)
                if type(got) is int and got == 700:
                    continue
                last = units[n - 1][-1].name
                broken(
                    "700 keys are counted, whoever goes on",
                    f"a process died in step {place + 1} just behind its {last}; those who went on counted {show(got)}",
                    "saves-in-pieces" if type(got) is int and got < 700 else "adds-pages",
                )

    def test_starts_again(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """When it is done nothing of the job is left, and the next call begins a new count."""
        self._fill(peek, 1400)
        self._finish(answer, redis)
        if left := self._state(peek):
            broken("nothing is left of the job", f"there is {_some(left)}", "leaves-its-state")
        peek.unlink("order:2")
        expect(self._finish(answer, redis), 699, "the next count, after a key was deleted", because="leaves-its-state")

    def _begin(self, answer: Answer, redis: Redis, peek: Redis, steps: int) -> int:
        """Forget the job and do so many steps of a new one; returns how many were done before it was complete."""
        if state := self._state(peek):
            peek.unlink(*state)
        for done in range(min(steps, 60)):
            if answer.count_step(redis, "orders", "order:*") is not None:
                return done
        return steps

    def _finish(self, answer: Answer, redis: Redis, job: str = "orders", pattern: str = "order:*") -> Any:
        for _ in range(60):
            if (got := answer.count_step(redis, job, pattern)) is not None:
                return got
        return broken("the count is done after some steps", "60 calls all returned None")

    @staticmethod
    def _fill(peek: Redis, keys: int = 2400) -> None:
        names = [f"{kind}:{n}" for n in range(keys // 2) for kind in ("order", "page")]
        peek.mset(dict.fromkeys(names, 1))

    @staticmethod
    def _state(peek: Redis) -> list[str]:
        return [str(key) for key in set(peek.scan_iter(count=1000)) if not key.startswith(("order:", "page:"))]


@exercise("week2.session-index")
class TestSessionIndex:
    # 2100, in seconds since 1970.
    T = 4102444800

    def test_opens(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """open_session writes session:<id> with the user, which ends at ends_at; sessions_of lists it."""
        answer.open_session(redis, "ada", "s1", self.T)
        expect(peek.get("session:s1"), "ada", 'GET session:s1 after open_session(r, "ada", "s1", 4102444800)')
        expect(peek.expiretime("session:s1"), self.T, "EXPIRETIME session:s1")
        self._listed(answer, redis, "ada", self.T - 60, ["s1"])
        self._listed(answer, redis, "bob", self.T - 60, [])

    def test_order(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The next to end comes first; each user has sessions of their own; opening again moves the end."""
        for user, session, end in (("ada", "a", 300), ("bob", "x", 50), ("ada", "c", 100), ("ada", "b", 200)):
            answer.open_session(redis, user, session, self.T + end)
        self._listed(answer, redis, "ada", self.T, ["c", "b", "a"])
        answer.open_session(redis, "ada", "a", self.T + 150)
        self._listed(answer, redis, "ada", self.T, ["c", "a", "b"])
        expect(peek.expiretime("session:a"), self.T + 150, "EXPIRETIME session:a after it was opened again")

    def test_closes(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """close_session ends a session and forgets it, and tells whether it was there."""
        for session in ("s1", "s2"):
            answer.open_session(redis, "ada", session, self.T)
        expect(answer.close_session(redis, "ada", "s1"), True, 'close_session(r, "ada", "s1")')
        expect(peek.exists("session:s1"), 0, "EXISTS session:s1 after it was closed")
        self._listed(answer, redis, "ada", self.T - 60, ["s2"])
        expect(answer.close_session(redis, "ada", "s1"), False, 'close_session(r, "ada", "s1") again')
        peek.delete("session:s2")
        expect(
            answer.close_session(redis, "ada", "s2"), False, 'close_session(r, "ada", "s2"), which has ended by itself'
        )

    def test_ended(self, answer: Answer, redis: Redis) -> None:
        """A session that ends at `now` or before is not listed."""
        for session, end in (("s1", 100), ("s2", 200), ("s3", 300)):
            answer.open_session(redis, "ada", session, self.T + end)
        self._listed(answer, redis, "ada", self.T + 150, ["s2", "s3"], {("s1", "s2", "s3"): "plain-set"})
        self._listed(answer, redis, "ada", self.T + 200, ["s3"], {("s2", "s3"): "end-is-inside"})

    def test_one_trip(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Each function makes one round trip and walks over nothing."""
        calls: tuple[tuple[str, Callable[[], Any]], ...] = (
            ("open_session", lambda: answer.open_session(redis, "ada", "s1", self.T)),
            ("sessions_of", lambda: answer.sessions_of(redis, "ada", self.T - 60)),
            ("close_session", lambda: answer.close_session(redis, "ada", "s1")),
        )
        for name, call in calls:
            before = _keys_calls(peek)
            with wire.measure() as cost:
                call()
            if _keys_calls(peek) > before or _SCANS & set(cost.names):
                broken("the index is asked by its key", f"{name} sent {_some(cost.names)}", "walks")
            if cost.round_trips != 1 and name != "sessions_of":
                broken(
                    f"{name} makes one round trip", f"it made {cost.round_trips}: {', '.join(cost.names)}", "two-steps"
                )
            if cost.round_trips != 1:
                broken(f"{name} makes one round trip", f"it made {cost.round_trips}: {', '.join(cost.names)}")

    def test_together(self, answer: Answer, redis: Redis, race: Race) -> None:
        """Whenever another client looks, a session and its entry are there together or not at all."""

        def same(end: End) -> None:
            listed = _listing(answer, end.redis, self.T - 60)
            there = sorted(str(key) for key in end.redis.keys("session:*"))
            if there != sorted(f"session:{each}" for each in listed):
                broken(
                    "the index lists what is there", f"sessions_of gave {listed}, and there are {there}", "two-steps"
                )

        race(
            lambda r: answer.open_session(r, "ada", "s1", self.T),
            lambda r: answer.close_session(r, "ada", "s1"),
            setup=lambda r: answer.open_session(r, "ada", "s2", self.T),
            always=same,
            invariant=same,
            misconception="two-steps",
        )

    def test_swept(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """What has ended leaves the index when sessions_of is called; the memory does not grow with the past."""
        for n in range(200):
            answer.open_session(redis, "ada", f"old:{n}", self.T + n)
        answer.open_session(redis, "ada", "s1", self.T + 500)
        before = self._size(peek)
        answer.sessions_of(redis, "ada", self.T + 400)
        if self._size(peek) > before / 2:
            broken(
                "the 200 sessions that have ended are gone from the index", "it is as large as before", "never-swept"
            )
        self._listed(answer, redis, "ada", self.T + 400, ["s1"])

    def test_index_ends(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The index has an end, and none before that of the last session in it."""
        for ends in ((100, 300, 200), (300, 100), (100,)):
            peek.flushdb()
            for n, end in enumerate(ends):
                answer.open_session(redis, "ada", f"s{n}", self.T + end)
            index = self._index(peek)
            last = max(ends)
            at = [int(peek.expiretime(key)) for key in index]
            opened = f"sessions were opened that end at T + {', T + '.join(map(str, ends))}; the index"
            if -1 in at:
                broken("the index ends", f"{opened} has no expiry", "index-never-ends")
            if min(at, default=self.T + last) < self.T + last:
                broken(
                    f"the index ends at T + {last} at least",
                    f"{opened} ends at T + {min(at) - self.T}",
                    "index-ends-first",
                )
            if max(at, default=0) > self.T + last + 30 * 86400:
                broken(f"the index ends soon after T + {last}", f"{opened} ends {max(at) - self.T} s after T")

    def _listed(
        self,
        answer: Answer,
        redis: Redis,
        user: str,
        now: int,
        wanted: list[str],
        known: dict[tuple[str, ...], str] | None = None,
    ) -> None:
        got = answer.sessions_of(redis, user, now)
        name = (known or {}).get(tuple(got)) if _is_texts(got) else None
        if name is None and _is_texts(got) and known and set(next(iter(known))) == set(got):
            name = next(iter(known.values()))
        expect(got, wanted, f'sessions_of(r, "{user}", {now})', because=name)

    @staticmethod
    def _index(peek: Redis) -> list[str]:
        return [key for key in map(str, peek.keys("*")) if not key.startswith("session:")]

    def _size(self, peek: Redis) -> int:
        return sum(int(peek.memory_usage(key) or 0) for key in self._index(peek))


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _listing(answer: Answer, client: Redis, now: int) -> list[str]:
    """What sessions_of lists; a clean broken promise where that is no list of texts."""
    listed = answer.sessions_of(client, "ada", now)
    if not _is_texts(listed):
        broken("a list of session ids", f"sessions_of returned {show(listed)}")
    return list(listed)


@exercise("week2.cache-with-jitter")
class TestCacheWithJitter:
    def test_writes(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """All entries are there, as they were given; without entries nothing happens."""
        entries = {"price:1": "9.00", "price:2": "", "naïve": "Zürich ✓"}
        answer.cache_all(redis, entries, 300, 60, random.Random(1))
        for key, value in entries.items():
            expect(peek.get(key), value, f"GET {key} after cache_all")
        peek.flushdb()
        answer.cache_all(redis, {}, 300, 60, random.Random(1))
        expect(peek.dbsize(), 0, "DBSIZE after cache_all with no entries")

    def test_always_an_end(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Every entry has its end from the moment it exists, without a transaction or a script around all of them."""
        answer.cache_all(redis, self._entries(5), 300, 60, random.Random(1))
        scripts = _SCRIPTS & set(wire.names)
        transaction = "MULTI" in wire.names or scripts
        for exchange in wire.exchanges:
            words = {word.upper() for word in exchange.command[3:]}
            if exchange.name in {"MSET", "SET", "SETNX"} and not transaction and not words & _ENDS:
                broken(
                    "value and end in one command",
                    f"{exchange.name} was sent without an end; a connection that breaks then leaves immortal entries",
                    "mset-then-expire",
                )
        if transaction:
            broken(
                f"no {'script' if scripts else 'transaction'}, so that others are served in between",
                f"{_some(wire.names)} was sent",
                "needless-transaction",
            )
        if immortal := [key for key in self._entries(5) if peek.pttl(key) == -1]:
            broken("every entry has an end", f"{_some(immortal)} has none")

    def test_one_trip(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """A thousand entries are one round trip."""
        answer.cache_all(redis, self._entries(1000), 300, 60, random.Random(1))
        if wire.round_trips != 1:
            broken("one round trip", f"{wire.round_trips} round trips for 1000 entries", "trip-for-each")

    def test_spread(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The ends are spread over the whole range: each entry draws its own."""
        found = [self._lives(answer, redis, peek, 1000, 300, 60, seed) for seed in (1, 2)]
        if all(len(set(each)) == 1 for each in found):
            name = "no-jitter" if found[0][0] == found[1][0] else "one-draw-for-all"
            broken("1000 entries end in about 61 different seconds", "all end in the same second", name)
        for each in found:
            busiest = max(each.count(second) for second in set(each))
            if len(set(each)) < 50 or busiest > 60:
                broken(
                    "1000 entries end in about 61 different seconds, some 16 in each",
                    f"they end in {len(set(each))} different seconds, {busiest} of them in one",
                )

    def test_bounds(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An entry lives for `seconds` to `seconds + spread`, both included; a spread of 0 is allowed."""
        for seconds, spread in ((300, 60), (20, 1), (50, 0)):
            try:
                found = self._lives(answer, redis, peek, 200, seconds, spread, 3)
            except AnswerProblem as problem:
                if spread or problem.kind != "raised":
                    raise
                broken("a spread of 0 is allowed", problem.sentence, "half-open")
            call = f"cache_all(r, entries, {seconds}, {spread}, rng)"
            if min(found) < seconds:
                broken(
                    f"after {call} an entry lives for {seconds} s at least", f"one lives for {min(found)} s", "shortens"
                )
            if max(found) > seconds + spread:
                broken(f"after {call} an entry lives for {seconds + spread} s at most", f"one lives for {max(found)} s")
            if spread == 1 and set(found) == {seconds}:
                broken(f"after {call} some of 200 entries live for 21 s", "all live for 20 s", "half-open")

    def test_repeatable(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """All chance comes from `rng`: the same seed gives the same ends, another seed other ones."""
        first, again, other = (self._lives(answer, redis, peek, 100, 300, 60, seed) for seed in (7, 7, 8))
        # A second may pass between two commands; two draws differ by far more.
        if sum(abs(a - b) > 1 for a, b in zip(first, again, strict=True)) > 10:
            broken("random.Random(7) gives the same ends each time", "two calls gave different ones", "own-randomness")
        if first == other:
            broken("another seed gives other ends", "Random(7) and Random(8) gave the same", "own-randomness")

    @staticmethod
    def _entries(many: int) -> dict[str, str]:
        return {f"price:{n}": f"{n}.00" for n in range(many)}

    def _lives(
        self, answer: Answer, redis: Redis, peek: Redis, many: int, seconds: int, spread: int, seed: int
    ) -> list[int]:
        """How many seconds each of so many entries was given."""
        peek.flushdb()
        entries = self._entries(many)
        start = time.time()
        answer.cache_all(redis, entries, seconds, spread, random.Random(seed))
        with peek.pipeline(transaction=False) as pipe:
            for key in entries:
                pipe.pexpiretime(key)
            ends = pipe.execute()
        # The call takes milliseconds; a whole second more would be another number.
        return [round(int(end) / 1000 - start - 0.1) for end in ends]


@exercise("week2.immortal-audit")
class TestImmortalAudit:
    CALL = 'give_ends(r, "price:*", 600)'

    def test_repairs(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """What matches and has no end gets one, of whatever type; the sorted list of these keys comes back."""
        peek.mset({"price:1": "9.00", "price:10": "", "stock:1": "4"})
        peek.hset("price:hash", "a", "1")
        peek.rpush("price:2", "x")
        wanted = ["price:1", "price:10", "price:2", "price:hash"]
        expect(answer.give_ends(redis, "price:*", 600), wanted, self.CALL)
        for key in wanted:
            if not 597 <= int(peek.ttl(key)) <= 600:
                broken(f"{key} lives for 600 s", f"TTL {key} answers {peek.ttl(key)}", _why_untouched(peek, key))
        expect(peek.get("price:1"), "9.00", "GET price:1 afterwards")
        expect(peek.ttl("stock:1"), -1, "TTL stock:1, which does not match,")
        expect(answer.give_ends(redis, "price:*", 600), [], f"{self.CALL} for the second time")

    def test_keeps_ends(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """What has an end keeps it to the millisecond, an earlier one and a later one."""
        ends = {"price:early": 4102444800123, "price:late": 7258118400456}
        for key, end in ends.items():
            peek.set(key, "1", pxat=end)
        got = answer.give_ends(redis, "price:*", 3_000_000_000)
        for key, end in ends.items():
            if peek.pexpiretime(key) != end:
                broken(f"{key} keeps its end, {end}", f"it ends at {peek.pexpiretime(key)}", "expires-all")
        expect(
            got, [], 'give_ends(r, "price:*", 3000000000) where both keys have an end', because="reports-what-it-saw"
        )

    def test_meanwhile(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A key that is deleted, or gets an end from somebody else, between two commands is left alone."""
        meanwhile = _another_client(wire)
        peek.mset({"price:1": "9.00", "price:2": "1.00"})
        points = _points(wire, lambda: answer.give_ends(redis, "price:*", 600))
        # First the end that is overwritten: who looks and then acts also reports a key that is gone, for this reason.
        stories: tuple[tuple[str, Callable[[], Any], int, str], ...] = (
            ("got its own end", lambda: meanwhile.pexpireat("price:1", 4102444800123), 4102444800123, "look-then-act"),
            ("was deleted", lambda: meanwhile.delete("price:1"), -2, "gone-is-immortal"),
        )
        for told, action, wanted, misconception in stories:
            for n, name in points[1:]:
                peek.flushdb()
                peek.mset({"price:1": "9.00", "price:2": "1.00"})
                acted: list[bool] = []

                def act(action: Callable[[], Any] = action, acted: list[bool] = acted) -> None:
                    # What has its new end already is none of this story.
                    if peek.pttl("price:1") == -1:
                        action()
                        acted.append(True)

                with _just_before(wire, n, act):
                    got = answer.give_ends(redis, "price:*", 600)
                if not acted:
                    continue
                end = int(peek.pexpiretime("price:1"))
                if end != wanted:
                    rewritten = {"SET", "SETEX", "PSETEX", "GETSET", "MSET", "RESTORE"} & set(wire.names)
                    revived = "writes-back" if wanted == -2 or rewritten else misconception
                    now = "is back" if wanted == -2 else f"ends at {end} instead of {wanted}"
                    broken("that holds", f"price:1 {told} just before your {name}; now it {now}", revived)
                expect(
                    got,
                    ["price:2"],
                    f"{self.CALL}, where price:1 {told} just before {name},",
                    because="gone-is-immortal" if wanted == -2 and name in _ASKS_FOR_END else "reports-what-it-saw",
                )

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Of 3000 keys 1500 are repaired, in pages of 100 to 1000 and two round trips a page; KEYS is never used."""
        names = [f"price:{n}" for n in range(1500)]
        peek.mset(dict.fromkeys([*names, *(f"page:{n}" for n in range(1500))], "1"))
        wire.clear()
        before = _keys_calls(peek)
        got = answer.give_ends(redis, "price:*", 600)
        if _keys_calls(peek) > before:
            broken("the keys are walked page by page", "KEYS ran, and everybody waited for it", "keys-command")
        if _SCRIPTS & set(wire.names):
            broken(
                "no script, so that others are served in between",
                f"{_some(wire.names)} was sent",
                "needless-transaction",
            )
        counts = _pages(wire.exchanges)
        if not counts or max(counts) > 1000 or min(counts) < 100:
            broken(
                "SCAN with a COUNT of 100 to 1000",
                f"COUNT was {sorted(set(counts))}" if counts else "SCAN was not sent",
            )
        if wire.round_trips > 2 * len(counts):
            broken(
                f"two round trips a page, so at most {2 * len(counts)}",
                f"{wire.round_trips} round trips for {len(counts)} pages",
                "key-by-key",
            )
        if "MULTI" in wire.names:
            broken(
                "no transaction, so that others are served in between",
                "a page was sent between MULTI and EXEC",
                "needless-transaction",
            )
        if not _is_texts(got) or got != sorted(names):
            many = len(got) if isinstance(got, list) else show(got)
            broken("the sorted list of the 1500 keys", f"{self.CALL} returned {many} of them, or another order")


def _why_untouched(peek: Redis, key: str) -> str | None:
    return "greater-than" if peek.ttl(key) == -1 else None


# Policy, whether the keys expire, command; beside it, the predictions that betray a misconception.
_FULL: dict[str, dict[str, tuple[str, str, str, dict[str, str]]]] = {
    "noeviction": {
        "noeviction, no expiry: SET new x": ("noeviction", "", "SET new x", {"evicts": "full-means-evict"}),
        "noeviction, all expire: SET new x": ("noeviction", "EX", "SET new x", {"evicts": "full-means-evict"}),
    },
    "still": {
        "noeviction, no expiry: GET key:1": ("noeviction", "", "GET key:1", {"error": "nothing-works"}),
        "noeviction, no expiry: DEL key:1": ("noeviction", "", "DEL key:1", {"error": "nothing-works"}),
        "noeviction, no expiry: EXPIRE key:1 60": ("noeviction", "", "EXPIRE key:1 60", {"error": "nothing-works"}),
    },
    "in-place": {
        "noeviction, no expiry: INCR n": ("noeviction", "", "INCR n", {"works": "in-place-is-free"}),
    },
    "allkeys": {
        "allkeys-lru, no expiry: SET new x": ("allkeys-lru", "", "SET new x", {"error": "allkeys-spares-some"}),
        "allkeys-lfu, all expire: SET new x": ("allkeys-lfu", "EX", "SET new x", {"error": "allkeys-spares-some"}),
    },
    "volatile": {
        "volatile-lru, all expire: SET new x": ("volatile-lru", "EX", "SET new x", {}),
        "volatile-lru, no expiry: SET new x": ("volatile-lru", "", "SET new x", {"evicts": "volatile-takes-any"}),
    },
}


def _judge_evictions(answer: Answer, peek: Redis, group: str) -> None:
    predictions = answer.value("eviction_predictions")
    if not isinstance(predictions, dict):
        broken("eviction_predictions is the dict of the starter", f"it is {show(predictions)}")
    for line, (policy, expiry, command, known) in _FULL[group].items():
        predicted = predictions.get(line, ...)
        if predicted not in ("works", "evicts", "error"):
            what = "nothing is predicted yet" if predicted in (..., None) else f"you predicted {show(predicted)}"
            broken(f'"works", "evicts" or "error" for `{line}`', what)
        happened = _on_a_full_server(peek, policy, expiry, command)
        if predicted != happened:
            broken(
                f"`{line}`: what you predicted",
                f'you predicted "{predicted}", and the server said "{happened}"',
                known.get(predicted),
            )


def _on_a_full_server(peek: Redis, policy: str, expiry: str, command: str) -> str:
    """Fill the server, set the limit somewhat below, send the command; returns what happened."""
    settings = {name: str(peek.config_get(name)[name]) for name in ("maxmemory", "maxmemory-policy")}
    peek.flushdb()
    if peek.info("keyspace"):
        # On a Redis that is not ours the limit holds for everybody's keys.
        pytest.skip("other databases of this Redis hold keys, which a full server could evict")
    try:
        peek.config_set("maxmemory", 0)
        peek.config_set("maxmemory-policy", policy)
        with peek.pipeline(transaction=False) as pipe:
            for n in range(200):
                pipe.set(f"key:{n}", "x" * 1000, ex=3600 if expiry else None)
            pipe.set("n", 1, ex=3600 if expiry else None)
            pipe.execute()
        before = int(peek.info("stats")["evicted_keys"])
        peek.config_set("maxmemory", int(peek.info("memory")["used_memory"]) - 50_000)
        try:
            run_line(peek, command)
            error = False
        except OutOfMemoryError:
            error = True
    except (ResponseError, NoPermissionError) as refused:
        pytest.skip(f"this Redis does not let its settings be changed: {refused}")
    finally:
        for name, value in settings.items():
            with suppress(ResponseError, NoPermissionError):
                peek.config_set(name, value)
    evicted = int(peek.info("stats")["evicted_keys"]) > before
    return "error" if error else "evicts" if evicted else "works"


@exercise("week2.predict-eviction")
class TestPredictEviction:
    def test_noeviction(self, answer: Answer, peek: Redis) -> None:
        """A write under noeviction, to keys without an expiry and with one."""
        _judge_evictions(answer, peek, "noeviction")

    def test_still_works(self, answer: Answer, peek: Redis) -> None:
        """Reading, deleting and setting an expiry."""
        _judge_evictions(answer, peek, "still")

    def test_in_place(self, answer: Answer, peek: Redis) -> None:
        """Counting on in a counter that is there."""
        _judge_evictions(answer, peek, "in-place")

    def test_allkeys(self, answer: Answer, peek: Redis) -> None:
        """The policies that look at all keys."""
        _judge_evictions(answer, peek, "allkeys")

    def test_volatile(self, answer: Answer, peek: Redis) -> None:
        """The policies that look at keys with an expiry."""
        _judge_evictions(answer, peek, "volatile")


@exercise("week2.migrate-to-hash")
class TestMigrateToHash:
    T = 4102444800123

    def test_converts(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Every profile becomes a hash with the same fields; the number comes back; a second run finds nothing."""
        profiles: dict[str, dict[str, Any]] = {
            "profile:7": {"name": "Ada", "visits": 12},
            "profile:8": {"name": 'Zoë, "Z"', "": ""},
        }
        peek.mset({key: json.dumps(profile) for key, profile in profiles.items()})
        peek.hset("profile:9", mapping={"name": "done"})
        peek.set("page:1", "no JSON")
        peek.set("my:profile:1", '{"name": "other"}')
        expect(answer.profiles_to_hashes(redis), 2, "profiles_to_hashes(r) with two profiles to convert")
        for key, profile in profiles.items():
            expect(_hash_at(peek, key), _texts(profile), f"HGETALL {key}")
        expect(_hash_at(peek, "profile:9"), {"name": "done"}, "HGETALL profile:9, which was a hash before,")
        for key in ("page:1", "my:profile:1"):
            expect(peek.type(key), "string", f"TYPE {key} afterwards")
        expect(answer.profiles_to_hashes(redis), 0, "profiles_to_hashes(r) for the second time")
        peek.flushdb()
        expect(answer.profiles_to_hashes(redis), 0, "profiles_to_hashes(r) on an empty database")

    def test_keeps_the_end(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A profile keeps its end, to the millisecond, and one without an end stays without."""
        # Several, at odd moments: whoever works in whole seconds may be right about one by chance.
        ends = {f"profile:7{n}": self.T + 137 * n for n in range(4)}
        for key, end in ends.items():
            peek.set(key, '{"name": "Ada"}', pxat=end)
        peek.set("profile:8", '{"name": "Bob"}')
        answer.profiles_to_hashes(redis)
        for key, end in ends.items():
            got = int(peek.pexpiretime(key))
            if got != end:
                name = "loses-the-end" if got == -1 else "end-moves"
                broken(f"{key} ends at {end}", "it has no end" if got == -1 else f"it ends at {got}", name)
        expect(peek.ttl("profile:8"), -1, "TTL profile:8, which had no end,")

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """1000 profiles take 60 round trips at most, in pages of 500 at most, without KEYS; 1000 hashes two a page."""
        peek.mset({f"profile:{n}": json.dumps({"name": f"user {n}"}) for n in range(1000)})
        wire.clear()
        before = _keys_calls(peek)
        got = answer.profiles_to_hashes(redis)
        largest = max(_pages(wire.exchanges), default=0)
        widest = max((len(e.command) - 1 for e in wire.exchanges if e.name in {"WATCH", "MGET"}), default=0)
        if _keys_calls(peek) > before or max(largest, widest // 2) > 500:
            broken("pages and batches of 500 at most", f"{_some(wire.names)} was sent", "walks-at-once")
        if wire.round_trips > 60:
            broken("at most 60 round trips for 1000 profiles", f"{wire.round_trips} round trips", "one-by-one")
        expect(got, 1000, "profiles_to_hashes(r) with 1000 profiles")
        wire.clear()
        answer.profiles_to_hashes(redis)
        most = 2 * len(_pages(wire.exchanges))
        if wire.round_trips > most:
            broken(
                f"1000 hashes are looked at in {most} round trips at most, two a page",
                f"{wire.round_trips} round trips",
                "watches-everything",
            )

    def test_never_missing(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """At every moment the profile is there for others, as a string or as a whole hash, with its end."""
        value = {"name": "Ada", "city": "London"}
        seen: list[str] = []

        def look() -> None:
            kind, end = peek.type("profile:7"), int(peek.pexpiretime("profile:7"))
            if kind == "hash" and peek.hgetall("profile:7") != value:
                seen.append("half a hash")
            elif kind == "none":
                seen.append("no profile")
            elif end < 0:
                seen.append("a profile without its end")

        peek.set("profile:7", json.dumps(value), pxat=self.T)
        wire.after(lambda _: True, look, times=100)
        answer.profiles_to_hashes(redis)
        in_pieces = [
            e.name for e in wire.exchanges if e.name in {"DEL", "UNLINK", "HSET", "HMSET", "PEXPIREAT", "RENAME"}
        ]
        one_step = "MULTI" in wire.names or _SCRIPTS & set(wire.names) or len(in_pieces) <= 1
        if seen or not one_step:
            broken(
                "others find the profile at every moment",
                f"{', '.join(in_pieces)} were sent, and in between others find {seen[0] if seen else 'no profile'}",
                "bare-moment",
            )

    def test_stopped(self, answer: Answer, faults: Faults) -> None:
        """Wherever the first run is stopped, a second one does the rest."""

        def fill(client: Redis) -> None:
            client.set("profile:7", '{"name": "Ada"}', pxat=self.T)
            client.set("profile:8", '{"name": "Bob"}')

        def finished(end: FaultEnd) -> None:
            answer.profiles_to_hashes(end.redis)
            for key, name, ends in (("profile:7", "Ada", self.T), ("profile:8", "Bob", -1)):
                got = _hash_at(end.redis, key)
                if got != {"name": name} or end.redis.pexpiretime(key) != ends:
                    told = f"there is {show(got)}, and PEXPIRETIME answers {end.redis.pexpiretime(key)}"
                    broken(f"after a second run {key} is {{'name': {name!r}}} with its end", told, "bare-moment")

        faults.everywhere(lambda r: answer.profiles_to_hashes(r), setup=fill, then=finished)

    def test_replaced_meanwhile(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A profile that another program replaces between two of your commands ends as a hash with the new value."""
        new = {"name": "Ada", "city": "Zürich"}

        def judge(name: str) -> None:
            if peek.type("profile:7") == "string":
                broken(
                    "the new value is converted too",
                    f"it was written just before your {name}, and profile:7 is still a string",
                    "gives-up",
                )
            got = _hash_at(peek, "profile:7")
            if got != new:
                because = "watch-too-late" if "WATCH" in wire.names else "no-watch"
                broken(
                    f"the newest value holds, {show(new)}",
                    f"it was written just before your {name}; now there is {show(got)}",
                    because,
                )
            expect(
                _hash_at(peek, "profile:8"),
                {"name": "Bob"},
                "HGETALL profile:8, which nobody touched,",
                because="gives-up",
            )

        self._meanwhile(answer, redis, wire, peek, lambda r: r.set("profile:7", json.dumps(new)), judge)

    def test_deleted_meanwhile(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A profile that is deleted between two of your commands stays deleted, and does not count."""

        def judge(name: str) -> None:
            if peek.exists("profile:7"):
                because = "watch-too-late" if "WATCH" in wire.names else "no-watch"
                broken(
                    "what was deleted stays deleted", f"it was deleted just before your {name}; now it is back", because
                )

        self._meanwhile(answer, redis, wire, peek, lambda r: r.delete("profile:7"), judge, wanted=1)

    def test_extended_meanwhile(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A profile that is given another end between two of your commands has that end."""
        later = self.T + 3_600_000

        def judge(name: str) -> None:
            end = int(peek.pexpiretime("profile:7"))
            if end != later:
                because = "watch-too-late" if "WATCH" in wire.names else "no-watch"
                broken(f"the new end holds, {later}", f"it was set just before your {name}; now it is {end}", because)

        self._meanwhile(answer, redis, wire, peek, lambda r: r.pexpireat("profile:7", later), judge)

    def test_again_and_again(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Somebody who writes three times in a row is waited for."""
        meanwhile = _another_client(wire)
        peek.set("profile:7", '{"visits": 0}')
        wire.before(
            lambda words: words[0].upper() in {b"MULTI", b"EVAL", b"EVALSHA"},
            lambda: meanwhile.set("profile:7", json.dumps({"visits": len(wire.names)})) if self._left() else None,
            times=3,
        )
        self._writes = 3
        got = answer.profiles_to_hashes(redis)
        if peek.type("profile:7") == "string":
            broken("the profile is converted in the end", "it is still a string", "gives-up")
        expect(got, 1, "profiles_to_hashes(r), while one profile is replaced three times,", because="gives-up")

    _writes = 0

    def _left(self) -> bool:
        self._writes -= 1
        return self._writes >= 0

    def _meanwhile(
        self,
        answer: Answer,
        redis: Redis,
        wire: Wire,
        peek: Redis,
        action: Callable[[Redis], object],
        judge: Callable[[str], None],
        wanted: int | None = None,
    ) -> None:
        """Before each round trip of a run but the first, let another client act on profile:7 while it is a string."""
        meanwhile = _another_client(wire)

        def fill() -> None:
            peek.flushdb()
            peek.set("profile:7", '{"name": "Ada", "city": "London"}', pxat=self.T)
            peek.set("profile:8", '{"name": "Bob"}')

        fill()
        for n, name in _points(wire, lambda: answer.profiles_to_hashes(redis))[1:]:
            fill()
            acted: list[bool] = []

            def act(acted: list[bool] = acted) -> None:
                if peek.type("profile:7") == "string":
                    action(meanwhile)
                    acted.append(True)

            with _just_before(wire, n, act):
                got = answer.profiles_to_hashes(redis)
            if acted:
                judge(name)
                if wanted is not None:
                    expect(got, wanted, f"profiles_to_hashes(r), where profile:7 was deleted just before {name},")


def _texts(profile: dict[str, Any]) -> dict[str, str]:
    return {field: str(value) for field, value in profile.items()}


def _hash_at(peek: Redis, key: str) -> Any:
    """The hash under `key`, or in words what is there instead."""
    kind = str(peek.type(key))
    return dict(peek.hgetall(key)) if kind == "hash" else f"no hash: TYPE {key} is {kind}"
