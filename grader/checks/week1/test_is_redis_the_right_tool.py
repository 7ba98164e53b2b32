"""Promises of the notebook week1/01-is-redis-the-right-tool: choosing, measuring, predicting costs, reading INFO.

No promise here depends on how fast anything is. Times come from a clock that the check moves by hand; what a command
costs is what its documentation says, and the server's own measurement is only shown beside a wrong prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from numbers import Real
from typing import Any

from redis import Redis

from grader.checks import Answer, AnswerProblem, broken, exercise
from grader.checks.chance import chance
from grader.checks.verdict import show
from grader.checks.week1.command_costs import GROWS_WITH, LARGE, SMALL, documented_cost, fastest
from grader.servers import Server
from grader.wire import Wire

# week1.right-tool

_STORES = ("redis", "relational", "dict", "log", "object store")


def _word(value: object) -> str | None:
    """A text that a learner wrote, without regard to case, hyphens and spaces around; None for anything else."""
    if not isinstance(value, str):
        return None
    return " ".join(value.casefold().replace("-", " ").replace("_", " ").split())


def _entry(answer: Answer, table: str, key: str) -> Any:
    """What the learner's dict `table` has for `key`; a value that is still open makes the exercise "todo"."""
    entries = answer.value(table)
    if not isinstance(entries, Mapping):
        broken(f"`{table}` is a dict, as it was", f"it is {show(entries)}")
    if key not in entries:
        broken(f"an entry for `{key}`", "there is none; the left side of the table stays as it was")
    said = entries[key]
    if said is ... or said is None:
        raise AnswerProblem("todo", f"`{key}` is still open.")
    return said


def _chosen(answer: Answer, need: str, store: str, asks_for: str, known: Mapping[str, str]) -> None:
    """Compare the choice for `need` with `store`; `known` names the misconception of each wrong store."""
    said = _entry(answer, "choices", need)
    word = _word(said)
    if word == store:
        return
    if word not in _STORES:
        words = ", ".join(f'"{name}"' for name in _STORES)
        broken(f"one of the five texts {words}", f"`{need}` is {show(said)}")
    shared = {"log": "log-for-lookups", "object store": "objects-for-records"}
    broken(f"a store for {asks_for}", f"you chose {word}", {**shared, **known}.get(word))


@exercise("week1.right-tool")
class TestRightTool:
    def test_sessions(self, answer: Answer) -> None:
        """`sessions`: looked up by forty processes, small, gone after half an hour."""
        known = {"relational": "database-by-reflex", "dict": "dict-is-shared"}
        _chosen(answer, "sessions", "redis", "what many processes look up by key and may be lost", known)

    def test_countries(self, answer: Answer) -> None:
        """`countries`: one script, a million lookups, nobody else."""
        known = {"redis": "redis-beats-a-dict", "relational": "database-by-reflex"}
        _chosen(answer, "countries", "dict", "what one process needs while it runs", known)

    def test_orders(self, answer: Answer) -> None:
        """`orders`: both or not at all, and questions that nobody knows yet."""
        known = {"redis": "redis-keeps-the-truth", "dict": "dict-is-shared"}
        _chosen(answer, "orders", "relational", "a truth that must not be lost, and open questions", known)

    def test_photos(self, answer: Answer) -> None:
        """`photos`: large, whole, for years."""
        known = {"redis": "large-values-in-memory", "relational": "blobs-in-rows", "dict": "dict-is-shared"}
        _chosen(answer, "photos", "object store", "large items that are only fetched whole", known)

    def test_clicks(self, answer: Answer) -> None:
        """`clicks`: a long history, read in order by several, and again from the beginning."""
        known = {
            "redis": "history-in-memory",
            "relational": "rows-for-a-history",
            "object store": "pile-for-a-log",
            "dict": "dict-is-shared",
        }
        _chosen(answer, "clicks", "log", "a history that several readers replay, each at a place of its own", known)

    def test_api_limit(self, answer: Answer) -> None:
        """`api-limit`: one count for eight servers, of no use after its minute."""
        known = {"relational": "database-by-reflex", "dict": "dict-is-shared"}
        _chosen(answer, "api-limit", "redis", "counts that many processes raise and that end by themselves", known)

    def test_notes(self, answer: Answer) -> None:
        """`notes`: one user, one process, must survive a crash, searched by date and tag."""
        known = {"redis": "server-for-one", "dict": "dict-survives"}
        _chosen(answer, "notes", "relational", "what must survive a crash and be searched, on one machine", known)

    def test_leaderboard(self, answer: Answer) -> None:
        """`leaderboard`: always in order, changed by many servers, and could be built again."""
        known = {"relational": "database-by-reflex", "dict": "dict-is-shared"}
        _chosen(answer, "leaderboard", "redis", "an order that many processes change and that can be rebuilt", known)


# week1.latency-percentiles


class _Clock:
    """A clock that stands still, except while a call of the check's own moves it."""

    def __init__(self, durations: Sequence[int]) -> None:
        self.looks = 0
        self.calls = 0
        self._now = 1_000_000
        self._durations = durations

    def __call__(self) -> int:
        self.looks += 1
        return self._now

    def call(self) -> str:
        """What is measured: the n-th call takes the n-th duration, and more of them take no time."""
        if self.calls < len(self._durations):
            self._now += self._durations[self.calls]
        self.calls += 1
        return "a reply"


def _mixed(ordered: Sequence[int]) -> list[int]:
    """`ordered` in another order: no sample of rank 50 or 99 percent stays where its rank would be."""
    return [*ordered[1::2][::-1], *ordered[::2]]


def _pair(answer: Answer, samples: list[int], call: str) -> tuple[Any, Any]:
    got = answer.percentiles(samples)
    if not isinstance(got, tuple | list) or len(got) != 2:
        broken(f"{call} returns a pair, median and p99", f"it returned {show(got)}")
    return got[0], got[1]


def _same(actual: object, wanted: float) -> bool:
    return _is_number(actual) and actual == wanted


def _is_number(value: object) -> bool:
    """Whether it is one number, numpy's included; True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _times(got: object) -> list[object] | None:
    """A list or tuple of numbers as a list; None for anything else."""
    return list(got) if isinstance(got, list | tuple) and all(map(_is_number, got)) else None


@exercise("week1.latency-percentiles")
class TestLatencyPercentiles:
    def test_hundred(self, answer: Answer) -> None:
        """Of a hundred samples, in any order, the median is the 50th smallest and p99 the 99th."""
        ordered = [*range(10, 108), 5_000, 9_000]
        samples = _mixed(ordered)
        call = "percentiles(samples), the smallest 10, 11, 12, …, the largest 107, 5000, 9000"
        median, p99 = _pair(answer, list(samples), call)
        if _same(median, 59) and _same(p99, 5_000):
            return
        broken(f"{call}, is (59, 5000)", f"it returned {show((median, p99))}", self._diagnose(samples, median, p99))

    @staticmethod
    def _diagnose(samples: list[int], median: object, p99: object) -> str | None:
        ordered = sorted(samples)
        if _same(median, sum(samples) / len(samples)):
            return "mean-for-median"
        if any(_same(median, samples[i]) and _same(p99, samples[j]) for i in (49, 50) for j in (98, 99)):
            return "not-sorted"
        if any(_is_number(value) and value not in ordered for value in (median, p99)):
            return "interpolated"
        if _same(median, ordered[50]):
            return "rank-as-index"
        return "largest-for-p99" if _same(p99, ordered[99]) else None

    def test_rounded_up(self, answer: Answer) -> None:
        """A rank that is no whole number is rounded up, and what comes back is a sample."""
        for count, wanted in ((150, (75, 149)), (5, (3, 5))):
            samples = _mixed(range(1, count + 1))
            call = f"percentiles(samples), the numbers 1 to {count}"
            median, p99 = _pair(answer, list(samples), call)
            if _same(median, wanted[0]) and _same(p99, wanted[1]):
                continue
            cause = None
            if any(_is_number(value) and value not in samples for value in (median, p99)):
                cause = "interpolated"
            elif _same(median, wanted[0] - 1) or _same(p99, wanted[1] - 1):
                cause = "rank-rounded-down"
            broken(f"{call}, is {wanted}", f"it returned {show((median, p99))}", cause)

    def test_few(self, answer: Answer) -> None:
        """Of [4, 1, 3, 2] they are 2 and 4; of a single sample, that sample twice."""
        for samples, wanted in (([4, 1, 3, 2], (2, 4)), ([7], (7, 7)), ([5, 5, 5], (5, 5))):
            call = f"percentiles({samples})"
            median, p99 = _pair(answer, list(samples), call)
            if _same(median, wanted[0]) and _same(p99, wanted[1]):
                continue
            cause = "interpolated" if _is_number(median) and median not in samples else None
            broken(f"{call} returns {wanted}", f"it returned {show((median, p99))}", cause)

    def test_any_samples(self, answer: Answer) -> None:
        """Any samples, few or many, equal ones among them: ten random lists."""
        dice = chance(1101)
        for _ in range(10):
            samples = [dice.randint(1, 10 ** dice.randint(1, 5)) for _ in range(dice.randint(1, 400))]
            ordered, count = sorted(samples), len(samples)
            wanted = ordered[-(-count * 50 // 100) - 1], ordered[-(-count * 99 // 100) - 1]
            call = f"percentiles({show(samples, 60)})"
            median, p99 = _pair(answer, list(samples), call)
            if not (_same(median, wanted[0]) and _same(p99, wanted[1])):
                broken(f"{call}, is {wanted}", f"it returned {show((median, p99))}")

    def test_untouched(self, answer: Answer) -> None:
        """The list that was handed in is as it was."""
        samples = [30, 10, 20]
        answer.percentiles(samples)
        if samples != [30, 10, 20]:
            broken("the samples stay [30, 10, 20]", f"they are {show(samples)} now", "sorts-in-place")

    def test_each_call(self, answer: Answer) -> None:
        """measure returns the time of each call by the clock, in the order of the calls."""
        durations = [30, 400, 50, 60]
        clock = _Clock(durations)
        call = "measure(call, 4, clock)"
        got = answer.measure(clock.call, 4, clock)
        if clock.looks == 0:
            cause = "own-clock" if clock.calls else None
            broken(f"{call} asks the clock", f"clock was never called, and {show(got)} returned", cause)
        if clock.calls > 4 or _times(got) == durations[1:]:
            broken(
                f"{call} makes 4 calls and returns 4 times",
                f"it made {clock.calls} calls and returned {show(got)}",
                "first-is-dropped",
            )
        if _times(got) == durations:
            return
        broken(
            f"{call}, the calls taking 30, 400, 50 and 60, returns [30, 400, 50, 60]",
            f"it returned {show(got)}",
            self._diagnose_times(got),
        )

    @staticmethod
    def _diagnose_times(got: object) -> str | None:
        if _same(got, 135) or _same(got, 540) or _times(got) in ([135] * 4, [540], [135]):
            return "one-average"
        return "clock-started-once" if _times(got) == [30, 430, 480, 540] else None

    def test_as_often(self, answer: Answer) -> None:
        """The call is made as often as asked for, and not at all for 0."""
        for times in (3, 0, 1000):
            clock = _Clock(())
            got = answer.measure(clock.call, times, clock)
            wanted = [0] * times
            if clock.calls == times and _times(got) == wanted:
                continue
            samples = show(got) if _times(got) is None else f"{len(got)} samples"
            broken(f"measure(call, {times}, clock) makes {times} calls, and returns as many samples",
                   f"it made {clock.calls} and returned {samples}")  # fmt: skip


# week1.predict-cost

_WORDS = ("constant", "elements", "keys")


def _predicted(answer: Answer, server: Server, line: str, known: Mapping[str, str]) -> None:
    """Compare the prediction for `line` with what is so; measure it on this server where it is wrong."""
    said = _entry(answer, "grows_with", line)
    word = _word(said)
    word = "constant" if word == "o(1)" else word
    if word == GROWS_WITH[line]:
        return
    if word not in _WORDS:
        why = "; it does not say what N is" if word == "o(n)" else ""
        words = ", ".join(f'"{name}"' for name in _WORDS)
        broken(f"one of the three texts {words}", f"`{line}` is {show(said)}{why}")
    client = server.client()
    try:
        small, large, documented = (
            fastest(client, line, SMALL),
            fastest(client, line, LARGE),
            documented_cost(client, line),
        )
    finally:
        client.close()
    told = []
    # On a busy machine a measurement can mislead (UNLINK wakes a thread, which may run first): then it is left out.
    if (large < 10 * max(small, 2)) == (GROWS_WITH[line] == "constant"):
        of_what = "keys in the database" if known.get("counted") == "keys" else "elements"
        told.append(f"measured just now: {small} µs with {SMALL} and {large} µs with {LARGE:,} {of_what}")
    if documented:
        told.append(f"the server's documentation says {documented}")
    happened = "; ".join(told) or f"the cost is {GROWS_WITH[line]}"
    broken(f"you said {word}", happened, known.get(word))


@exercise("week1.predict-cost")
class TestPredictCost:
    def test_get(self, answer: Answer, server: Server) -> None:
        """`GET word`: one value of one key."""
        known = {"counted": "keys", "keys": "searches-for-the-key", "elements": "searches-for-the-key"}
        _predicted(answer, server, "GET word", known)

    def test_whole_list(self, answer: Answer, server: Server) -> None:
        """`LRANGE jobs 0 -1`: the list from its first to its last element."""
        known = {"constant": "one-command-one-price", "keys": "searches-for-the-key"}
        _predicted(answer, server, "LRANGE jobs 0 -1", known)

    def test_first_ten(self, answer: Answer, server: Server) -> None:
        """`LRANGE jobs 0 9`: the first ten."""
        known = {"elements": "range-is-the-whole-list", "keys": "searches-for-the-key"}
        _predicted(answer, server, "LRANGE jobs 0 9", known)

    def test_size_of_set(self, answer: Answer, server: Server) -> None:
        """`SCARD online`: how many members the set has."""
        known = {"elements": "counts-by-walking", "keys": "searches-for-the-key"}
        _predicted(answer, server, "SCARD online", known)

    def test_whole_hash(self, answer: Answer, server: Server) -> None:
        """`HGETALL user`: all fields and values of the hash."""
        known = {"constant": "one-command-one-price", "keys": "searches-for-the-key"}
        _predicted(answer, server, "HGETALL user", known)

    def test_keys(self, answer: Answer, server: Server) -> None:
        """`KEYS nobody:*`: a pattern that matches nothing."""
        known = {"counted": "keys", "constant": "no-match-no-work", "elements": "no-match-no-work"}
        _predicted(answer, server, "KEYS nobody:*", known)

    def test_size_of_database(self, answer: Answer, server: Server) -> None:
        """`DBSIZE`: how many keys there are."""
        known = {"counted": "keys", "keys": "counts-by-walking", "elements": "counts-by-walking"}
        _predicted(answer, server, "DBSIZE", known)

    def test_delete(self, answer: Answer, server: Server) -> None:
        """`DEL online`: a whole set goes."""
        known = {"constant": "deleting-is-free", "keys": "searches-for-the-key"}
        _predicted(answer, server, "DEL online", known)

    def test_unlink(self, answer: Answer, server: Server) -> None:
        """`UNLINK gone`: a whole set goes, and somebody else frees it."""
        known = {"elements": "unlink-is-del", "keys": "searches-for-the-key"}
        _predicted(answer, server, "UNLINK gone", known)


# week1.read-the-info


def _between(answer: Answer, client: Redis, work: Callable[[], object]) -> tuple[object, str]:
    """What hit_ratio says of two looks with `work` in between, and "", or None and the exception it raised."""
    earlier = answer.look(client)
    work()
    later = answer.look(client)
    try:
        return answer.hit_ratio(earlier, later), ""
    except AnswerProblem as problem:
        if problem.kind != "raised":
            raise
        return None, problem.sentence


def _read(client: Redis, hits: int, misses: int) -> None:
    """Make as many reads of one key each that find it, and that do not."""
    client.set("here", "1")
    pipe = client.pipeline(transaction=False)
    for _ in range(hits):
        pipe.get("here")
    for _ in range(misses):
        pipe.get("nowhere")
    pipe.execute()


def _ratio(actual: object, wanted: float, when: str, known: Mapping[Any, str], raised: str = "") -> None:
    """Compare a ratio with the one wanted, to within rounding; `known` maps wrong ones, or None, to a misconception."""
    promised = f"{when}: hit_ratio(earlier, later) is {wanted}"
    if raised:
        broken(promised, raised)
    if not isinstance(actual, Real) or isinstance(actual, bool):
        broken(promised, f"it returned {show(actual)}", known.get(None) if actual is None else None)
    if _near(actual, wanted):
        return
    cause = next((name for value, name in known.items() if value is not None and _near(actual, value)), None)
    broken(promised, f"it returned {show(actual)}", cause)


def _near(actual: Real, wanted: float) -> bool:
    try:
        return abs(float(actual) - wanted) < 1e-9
    except OverflowError:
        return False


def _none(actual: object, raised: str, when: str, cause: str | None) -> None:
    promised = f"{when}: hit_ratio(earlier, later) is None"
    if raised:
        broken(promised, raised, "divides-by-zero" if "ZeroDivisionError" in raised else None)
    if actual is not None:
        broken(promised, f"it returned {show(actual)}", cause)


@exercise("week1.read-the-info")
class TestReadTheInfo:
    # The answer gets the client that is not recorded, except where its commands are the point: a card is no place
    # for two pages of INFO.

    def test_three_of_four(self, answer: Answer, peek: Redis) -> None:
        """After three reads that find their key and one that does not, it is 0.75; after two and two 0.5."""
        got, raised = _between(answer, peek, lambda: _read(peek, 3, 1))
        known = {3.0: "misses-are-all-reads", 75.0: "percent"}
        # Five commands in between, a look or two, and what a new connection says first.
        known |= dict.fromkeys((3 / commands for commands in range(5, 14)), "every-command-is-a-read")
        _ratio(got, 0.75, "3 hits, 1 miss", known, raised)
        got, raised = _between(answer, peek, lambda: _read(peek, 2, 2))
        _ratio(got, 0.5, "2 hits, 2 misses", {1.0: "misses-are-all-reads", 50.0: "percent"}, raised)

    def test_only_in_between(self, answer: Answer, peek: Redis) -> None:
        """What was read before the first look does not count."""
        _read(peek, 90, 2)
        got, raised = _between(answer, peek, lambda: _read(peek, 1, 7))
        known = {91 / 100: "since-the-start"}
        _ratio(got, 0.125, "90 hits and 2 misses, then a look, then 1 hit and 7 misses", known, raised)

    def test_changes_nothing(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """look changes nothing on the server and costs one round trip."""
        _read(peek, 5, 5)
        with wire.measure() as cost:
            answer.look(redis)
        if "CONFIG" in cost.names or int(peek.info("stats")["keyspace_hits"]) < 5:
            broken("the counters go on as they were", f"{', '.join(cost.names)} was sent", "resets-the-counters")
        if cost.round_trips != 1:
            broken("look(r) makes one round trip", f"it made {cost.round_trips}: {', '.join(cost.names) or 'nothing'}")

    def test_any_read(self, answer: Answer, peek: Redis) -> None:
        """Every command that looks up keys counts, each key of an MGET for itself; writes and PING do not."""

        def work() -> None:
            peek.hset("user", "name", "Ada")
            peek.set("city", "Lima")
            peek.ping()
            peek.hget("user", "name")
            peek.mget("city", "nowhere", "city", "nobody")

        got, raised = _between(answer, peek, work)
        _ratio(got, 0.6, "an HGET that finds its key and an MGET that finds two of four", {}, raised)

    def test_all_missed(self, answer: Answer, peek: Redis) -> None:
        """If every read missed, the ratio is 0, and if none did, it is 1."""
        _read(peek, 3, 3)
        got, raised = _between(answer, peek, lambda: _read(peek, 0, 4))
        _ratio(got, 0.0, "0 hits, 4 misses", {None: "no-hit-is-nothing"}, raised)
        got, raised = _between(answer, peek, lambda: _read(peek, 4, 0))
        if "ZeroDivisionError" in raised:
            broken("4 hits, 0 misses: hit_ratio(earlier, later) is 1.0", raised, "misses-are-all-reads")
        _ratio(got, 1.0, "4 hits, 0 misses", {}, raised)

    def test_nothing_read(self, answer: Answer, peek: Redis) -> None:
        """If nothing was read in between, there is no ratio: None."""
        _read(peek, 2, 2)
        got, raised = _between(answer, peek, lambda: peek.set("k", "v"))
        _none(got, raised, "no read at all", "zero-for-nothing" if _same(got, 0) else None)

    def test_counters_went_back(self, answer: Answer, peek: Redis, server: Server) -> None:
        """If a counter is lower than it was, nobody knows what happened: None."""
        if server.pid is None:
            # The counters of a server that is not ours are not ours to reset: look at the moments the other way round.
            earlier = answer.look(peek)
            _read(peek, 3, 3)
            later = answer.look(peek)
            _none(answer.hit_ratio(later, earlier), "", "both counters are lower than they were", "counters-only-grow")
            return
        for before, after in (((8, 8), (2, 4)), ((5, 0), (1, 6)), ((1, 5), (6, 1))):
            peek.config_resetstat()
            _read(peek, *before)
            got, raised = _between(answer, peek, partial(_reset_then_read, peek, *after))
            when = f"hits and misses were {before}, were reset, and are {after}"
            _none(got, raised, when, "counters-only-grow")


def _reset_then_read(client: Redis, hits: int, misses: int) -> None:
    client.config_resetstat()
    _read(client, hits, misses)
