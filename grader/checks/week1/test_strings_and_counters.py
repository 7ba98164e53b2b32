"""Promises of the notebook 02-strings-and-counters.

Most of its exercises are about the gap between two commands. `_gaps` puts another client into each gap of an
answer in turn, so a race is met for certain and shown in the transcript; nothing here depends on timing.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from typing import Any

from redis import Redis, ResponseError

from grader.checks import Answer, AnswerProblem, broken, exercise, expect
from grader.checks.verdict import show
from grader.wire import Wire
from grader.wire.faults import Faults

_MOST_GAPS = 12
_WEEK_MS = 7 * 24 * 60 * 60 * 1000


class _Gap:
    """The place just before one command of the client "you", where somebody else gets a turn."""

    def __init__(self, wire: Wire, place: int) -> None:
        self._wire = wire
        self._place = place
        self._open = True
        self.used = False
        self.result: Any = None

    def fill(self, action: Callable[[], object]) -> None:
        """Let `action` run in the gap; `used` tells afterwards whether there was one, `result` what it returned."""

        def step_in() -> None:
            if self._open:
                self._open, self.used = False, True
                self.result = action()

        self._wire.before(self._place, step_in, client="you")

    def close(self) -> None:
        """Nobody steps in any more."""
        self._open = False


def _gaps(wire: Wire, peek: Redis) -> Iterator[_Gap]:
    """Every gap of an answer, one after another, each on an empty database; the last one is never reached.

    The body of the loop fills the gap and calls the answer once with the client "you". It goes on for as long as
    the answer sends enough commands to get there.
    """
    for place in range(_MOST_GAPS):
        peek.flushdb()
        wire.clear()
        gap = _Gap(wire, place)
        yield gap
        gap.close()
        if not gap.used:
            return


def _client(wire: Wire, name: str) -> Redis:
    client: Redis = wire.client(name, decode_responses=True)
    return client


def _yours(wire: Wire) -> list[str]:
    """The names of the commands that the client "you" sent."""
    return [e.name for e in wire.exchanges if e.client == "you"]


def _outcome(call: Callable[[], object]) -> tuple[object, str]:
    """What `call` returned and "", or None and the sentence about the exception it raised."""
    try:
        return call(), ""
    except AnswerProblem as problem:
        if problem.kind != "raised":
            raise
        return None, problem.sentence


def _refuses(
    call: Callable[[], object], typed: str, wire: Wire, accepted: str | None = None, late: str | None = None
) -> None:
    """`call` raises ValueError before anything is sent; `accepted` and `late` name the misconceptions otherwise."""
    wire.clear()
    got, sentence = _outcome(call)
    if not sentence:
        broken(f"{typed} raises ValueError", f"it returned {show(got)}", accepted)
    if " raised ValueError:" not in sentence:
        broken(f"{typed} raises ValueError", sentence)
    if wire.names:
        broken(f"{typed} raises ValueError before anything is sent", f"{', '.join(wire.names)} went out first", late)


def _whole(got: object, typed: str) -> int:
    """`got`, made sure to be an integer."""
    if type(got) is not int:
        broken(f"{typed} returns a whole number", f"it returned {show(got)}")
    return got


def _stored_number(peek: Redis, key: str) -> int:
    """The number at `key`; a missing key or something else is a broken promise."""
    text = _stored(peek, key)
    try:
        return int(text or "")
    except ValueError:
        broken(f"a number at `{key}`", f"there is {show(text)}; the keys are {show(_keys(peek))}")


def _stored(peek: Redis, key: str) -> str | None:
    """The text at `key`, None where there is none or the key holds another type."""
    try:
        text: str | None = peek.get(key)  # type: ignore[assignment]
    except (ResponseError, UnicodeDecodeError):
        return None
    return text


def _keys(peek: Redis) -> list[str]:
    """The names of all keys, as text whatever their bytes are."""
    found: list[bytes] = peek.execute_command("KEYS", "*", NEVER_DECODE=True)
    return sorted(name.decode("utf-8", "backslashreplace") for name in found)


def _bytes_at(peek: Redis, key: str) -> bytes:
    """The bytes of the string at `key`; a value of another type is a broken promise."""
    kind = str(peek.type(key))
    if kind not in {"string", "none"}:
        broken(f"a string at `{key}`", f"there is a value of type {kind}")
    # Compared as bytes: what an answer stored need not be text.
    packed: bytes | None = peek.execute_command("GET", key, NEVER_DECODE=True)
    return packed or b""


@exercise("week1.page-views")
class TestPageViews:
    def test_counts(self, answer: Answer, redis: Redis) -> None:
        """Every call adds one view and returns the total so far, as a number."""
        for total in (1, 2, 3):
            got = answer.page_view(redis, "home")
            expect(got, total, 'page_view(r, "home")', known={str(total): "returns-text"})

    def test_pages_apart(self, answer: Answer, redis: Redis) -> None:
        """Each page has a counter of its own."""
        answer.page_view(redis, "home")
        answer.page_view(redis, "home")
        got = answer.page_view(redis, "about")
        expect(got, 1, 'page_view(r, "about") after two views of "home"', known={3: "one-counter-for-all"})

    def test_shared_key(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """It goes on from the number at `page:<page>:views`, where other programs count too."""
        peek.set("page:price list:views", 41)
        got = answer.page_view(redis, "price list")
        if type(got) is int and got == 42 and _stored(peek, "page:price list:views") == "42":
            return
        if not wire.names:
            broken("the 42nd view, counted in Redis", f"{show(got)} came back; nothing was sent", "python-variable")
        keys = show(_keys(peek))
        broken("after 41 views at `page:price list:views` it is 42", f"it returned {show(got)}; the keys are {keys}")

    def test_two_at_once(self, answer: Answer, wire: Wire, peek: Redis) -> None:
        """Two visitors at the same moment are both counted, and each gets a number of its own."""
        you, other = _client(wire, "you"), _client(wire, "other")
        for gap in _gaps(wire, peek):
            gap.fill(lambda: other.incr("page:home:views"))
            mine = answer.page_view(you, "home")
            if not gap.used:
                return
            names = set(_yours(wire))
            if (total := _stored_number(peek, "page:home:views")) != 2:
                asked = "initialises-first" if names & {"EXISTS", "SETNX", "INCR", "INCRBY"} else None
                cause = asked or ("read-modify-write" if "SET" in names else None)
                broken("two visits, two views", f"another visitor came in between, and `GET` gives {total}", cause)
            if mine == gap.result:
                cause = "incr-then-get" if "GET" in names else None
                broken("two visitors, two different numbers", f"both were told {mine}", cause)

    def test_one_round_trip(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """A view costs one round trip."""
        answer.page_view(redis, "home")
        with wire.measure() as cost:
            answer.page_view(redis, "home")
        if cost.round_trips != 1:
            cause = "initialises-first" if {"EXISTS", "SETNX", "SET"} & set(cost.names) else None
            broken("one round trip", f"{cost.round_trips} round trips: {', '.join(cost.names)}", cause)


_PREPARED = (
    "SET try:name abc",
    "SET try:greeting hello",
    "SET try:seat ada",
    "SET try:letter é",
    "SETRANGE try:gap 3 x",
)
_PREDICTED = (
    "INCR try:visits",
    "GET try:visits",
    "INCR try:name",
    "APPEND try:greeting !",
    "GETRANGE try:greeting -3 -1",
    "GET try:gap",
    "SET try:seat bob NX",
    "STRLEN try:letter",
    "MGET try:seat try:nobody",
)


def _run(client: Redis, line: str) -> object:
    """What redis-py returns for a line, or the name of the exception it raises."""
    try:
        reply: object = client.execute_command(*shlex.split(line))
    except ResponseError as error:
        return type(error).__name__
    return reply


def _is_error(value: object) -> bool:
    """Whether a prediction stands for an exception: its name, its class, or one of it."""
    return isinstance(value, BaseException | type) or (isinstance(value, str) and value.endswith("Error"))


def _predicted(answer: Answer, peek: Redis, line: str, known: Callable[[Any], str | None]) -> None:
    """Compare the prediction for `line` with what this Redis does; `known` names the misconception of a wrong one."""
    predictions = answer.value("predictions")
    if not isinstance(predictions, dict):
        broken("`predictions` is a dict of commands and replies", f"it is {show(predictions)}")
    if line not in predictions:
        broken(f"a prediction for `{line}`", "there is none; the left side of the table stays as it was")
    said = predictions[line]
    if said is ...:
        raise AnswerProblem("todo", f"`{line}` has no prediction yet.")
    for earlier in (*_PREPARED, *_PREDICTED[: _PREDICTED.index(line)]):
        _run(peek, earlier)
    real = _run(peek, line)
    if _is_error(real) and _is_error(said):
        # "ResponseError", redis.ResponseError and redis.exceptions.ResponseError are one answer.
        name = said if isinstance(said, str) else said.__name__ if isinstance(said, type) else type(said).__name__
        if name.rpartition(".")[2] == real:
            return
    elif type(said) is type(real) and said == real:
        return
    does = f"raises {real}" if _is_error(real) else f"returns {show(real)}"
    broken(f"for `{line}` redis-py {does}", f"you predicted {show(said)}", known(said))


def _is(said: object, *values: object) -> bool:
    """Whether a prediction is one of `values`, type included."""
    return any(type(said) is type(value) and said == value for value in values)


@exercise("week1.predict-strings")
class TestPredictStrings:
    def test_incr_missing(self, answer: Answer, peek: Redis) -> None:
        """`INCR try:visits`, where there is no such key."""

        def known(said: Any) -> str | None:
            if said is None or _is_error(said):
                return "missing-needs-setting-up"
            return "incr-answers-old-value" if _is(said, 0) else None

        _predicted(answer, peek, "INCR try:visits", known)

    def test_get_counter(self, answer: Answer, peek: Redis) -> None:
        """`GET try:visits`, the counter of the line above."""
        _predicted(answer, peek, "GET try:visits", lambda said: "get-gives-a-number" if type(said) is int else None)

    def test_incr_text(self, answer: Answer, peek: Redis) -> None:
        """`INCR try:name`, which holds abc."""
        _predicted(answer, peek, "INCR try:name", lambda said: "text-counts-as-zero" if _is(said, 0, 1) else None)

    def test_append(self, answer: Answer, peek: Redis) -> None:
        """`APPEND try:greeting !`, which holds hello."""

        def known(said: Any) -> str | None:
            return "append-answers-text" if _is(said, "hello!") else None

        _predicted(answer, peek, "APPEND try:greeting !", known)

    def test_getrange(self, answer: Answer, peek: Redis) -> None:
        """`GETRANGE try:greeting -3 -1`, counted from the end."""

        def known(said: Any) -> str | None:
            return "end-is-excluded" if _is(said, "lo") else None

        _predicted(answer, peek, "GETRANGE try:greeting -3 -1", known)

    def test_gap(self, answer: Answer, peek: Redis) -> None:
        """`GET try:gap`, after `SETRANGE try:gap 3 x`."""

        def known(said: Any) -> str | None:
            return "gap-is-blank" if _is(said, "x", "   x", "000x") else None

        _predicted(answer, peek, "GET try:gap", known)

    def test_set_nx(self, answer: Answer, peek: Redis) -> None:
        """`SET try:seat bob NX`, where the seat holds ada."""

        def known(said: Any) -> str | None:
            if said is False or _is_error(said):
                return "nx-says-no"
            return "nx-overwrites" if _is(said, True, "OK", "bob") else None

        _predicted(answer, peek, "SET try:seat bob NX", known)

    def test_strlen(self, answer: Answer, peek: Redis) -> None:
        """`STRLEN try:letter`, which holds é."""
        _predicted(answer, peek, "STRLEN try:letter", lambda said: "letters-not-bytes" if _is(said, 1) else None)

    def test_mget(self, answer: Answer, peek: Redis) -> None:
        """`MGET try:seat try:nobody`, of which one is missing."""

        def known(said: Any) -> str | None:
            if _is(said, ["bob", None]):
                return "nx-overwrites"
            return "missing-left-out" if _is(said, ["ada"], "ada") else None

        _predicted(answer, peek, "MGET try:seat try:nobody", known)


@exercise("week1.bulk-read")
class TestBulkRead:
    def test_order(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The values come as a list, in the order of the keys."""
        peek.mset({"item:1": "pen", "item:2": "ink", "item:3": "Öl"})
        got = answer.read_many(redis, ["item:3", "item:1", "item:2"])
        cause = "returns-dict" if isinstance(got, dict) else None
        expect(got, ["Öl", "pen", "ink"], 'read_many(r, ["item:3", "item:1", "item:2"])', because=cause)

    def test_missing(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A missing key gives None in its place; an empty value stays an empty text."""
        peek.mset({"item:1": "pen", "item:empty": "", "item:zero": "0"})
        got = answer.read_many(redis, ["item:1", "item:nope", "item:empty", "item:zero"])
        cause = None
        if isinstance(got, list):
            cause = "missing-left-out" if len(got) < 4 else "empty-is-missing" if got[2] is None else None
        expect(
            got,
            ["pen", None, "", "0"],
            'read_many(r, ["item:1", "item:nope", "item:empty", "item:zero"])',
            because=cause,
        )

    def test_repeats(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A key that is asked for twice is answered twice."""
        peek.mset({"item:1": "pen", "item:2": "ink"})
        got = answer.read_many(redis, ["item:1", "item:2", "item:1"])
        cause = "repeats-lost" if isinstance(got, list) and len(got) < 3 else None
        expect(got, ["pen", "ink", "pen"], 'read_many(r, ["item:1", "item:2", "item:1"])', because=cause)

    def test_one_round_trip(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Forty keys cost one round trip."""
        keys = [f"item:{number}" for number in range(40)]
        peek.mset({key: key for key in keys})
        with wire.measure() as cost:
            got = answer.read_many(redis, keys)
        if cost.round_trips > 1:
            cause = "one-trip-each" if cost.round_trips >= len(keys) else None
            broken("one round trip for 40 keys", f"{cost.round_trips} round trips were made", cause)
        expect(got, keys, "read_many(r, forty keys)")

    def test_no_keys(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """For an empty list the answer is an empty list, and nothing is sent."""
        got, problem = _outcome(lambda: answer.read_many(redis, []))
        if problem:
            cause = "mget-of-nothing" if "wrong number of arguments" in problem else None
            broken("read_many(r, []) returns []", problem, cause)
        expect(got, [], "read_many(r, [])")
        if wire.exchanges:
            # redis-py hides the error that Redis answers with, and returns an empty list.
            cause = "mget-of-nothing" if "MGET" in wire.names else None
            broken("nothing is sent for no keys", f"Redis was asked and said: {wire.exchanges[0].text()}", cause)


@exercise("week1.lost-update")
class TestLostUpdate:
    def test_adds(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Every call adds its likes to `post:<post>:likes` and returns the total, as a number."""
        expect(answer.like(redis, "cats"), 1, 'like(r, "cats")')
        expect(answer.like(redis, "cats", count=5), 6, 'then like(r, "cats", count=5)')
        expect(answer.like(redis, "dogs"), 1, 'then like(r, "dogs")')
        stored = _stored_number(peek, "post:cats:likes")
        expect(stored, 6, "the number at `post:cats:likes`")

    def test_nothing_lost(self, answer: Answer, wire: Wire, peek: Redis) -> None:
        """Likes that another client gives in between are not lost."""
        you, other = _client(wire, "you"), _client(wire, "other")
        for gap in _gaps(wire, peek):
            gap.fill(lambda: other.incrby("post:cats:likes", 10))
            answer.like(you, "cats")
            if not gap.used:
                return
            if (total := _stored_number(peek, "post:cats:likes")) != 11:
                told = f"the other gave 10, you gave 1, and the counter says {total}"
                broken("nothing is lost when another client comes in between", told, self._cause(wire))

    @staticmethod
    def _cause(wire: Wire) -> str | None:
        mine = [e.command for e in wire.exchanges if e.client == "you"]
        names = [command[0].upper() for command in mine]
        if not {b"SET", b"SETEX", b"GETSET", b"MSET"} & set(names):
            return None
        if b"MULTI" in names and b"WATCH" not in names:
            return "multi-protects-the-read"
        if names.count(b"GET") > 1:
            return "looks-twice"
        if any(word.upper() == b"KEEPTTL" for command in mine for word in command):
            return "keepttl-closes-the-gap"
        return "read-then-write"

    def test_keeps_expiry(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A counter that has an expiry keeps it; one that has none gets none."""
        peek.set("post:cats:likes", 3, px=100_000)
        answer.like(redis, "cats")
        left = int(peek.pttl("post:cats:likes"))
        if left < 0:
            broken("the counter still ends in 100 s", f"it has no expiry any more (TTL answers {left})")
        if left > 100_000:
            broken("the counter still ends in 100 s", f"now it ends in {left // 1000} s", "renews-the-expiry")
        answer.like(redis, "dogs")
        if (left := int(peek.pttl("post:dogs:likes"))) >= 0:
            broken("a counter without an expiry", f"it ends in {left // 1000} s", "renews-the-expiry")


@exercise("week1.claim-username")
class TestClaimUsername:
    def test_free_name(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A free name becomes the user's: True, and the owner stands at `username:<name>`."""
        expect(answer.claim(redis, "neo", "user:1"), True, 'claim(r, "neo", "user:1")')
        expect(_stored(peek, "username:neo"), "user:1", "then GET username:neo")
        expect(answer.claim(redis, "zoë", "user:1"), True, 'claim(r, "zoë", "user:1"), a second name')

    def test_taken_name(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Somebody else's name cannot be claimed: False, and it stays theirs."""
        answer.claim(redis, "neo", "user:1")
        got = answer.claim(redis, "neo", "user:2")
        owner = _stored(peek, "username:neo")
        if owner != "user:1":
            broken(
                "the name stays with user:1, who came first",
                f'after claim(r, "neo", "user:2") GET username:neo gives {show(owner)}',
                "last-one-wins",
            )
        cause = "none-for-false" if got is None else None
        expect(got, False, 'claim(r, "neo", "user:2") after user:1 got it', because=cause)

    def test_owner_again(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The owner may claim again and is told True."""
        answer.claim(redis, "neo", "user:1")
        got = answer.claim(redis, "neo", "user:1")
        cause = "owner-locked-out" if got is False else None
        expect(got, True, 'claim(r, "neo", "user:1") for the second time', because=cause)
        expect(_stored(peek, "username:neo"), "user:1", "then GET username:neo")

    def test_one_winner(self, answer: Answer, wire: Wire, peek: Redis) -> None:
        """If another user claims in between, exactly one is told True, and that one is stored."""
        you, other = _client(wire, "you"), _client(wire, "other")
        for gap in _gaps(wire, peek):
            gap.fill(lambda: bool(other.set("username:neo", "user:2", nx=True)))
            got = answer.claim(you, "neo", "user:1")
            if not gap.used:
                return
            owner = _stored(peek, "username:neo")
            if gap.result and owner != "user:2":
                told = f"user:2 was told that the name is theirs, then GET username:neo gives {show(owner)}"
                broken("who wins stays the owner", told, "check-then-set")
            if gap.result and got is True:
                told = "both were told True; the name belongs to user:2"
                broken("exactly one of two users wins", told, "ignores-the-reply")
            expect(got, not gap.result, 'claim(r, "neo", "user:1") with another claim in between')


@exercise("week1.daily-visits")
class TestDailyVisits:
    def test_counts(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Each page and day has a counter at `visits:<page>:<day>`; the answer is its new value, as a number."""
        typed = 'count_visit(r, "home", "2026-03-01")'
        expect(answer.count_visit(redis, "home", "2026-03-01"), 1, typed)
        expect(answer.count_visit(redis, "home", "2026-03-01"), 2, f"the second {typed}")
        got = answer.count_visit(redis, "home", "2026-03-02")
        expect(got, 1, 'count_visit(r, "home", "2026-03-02")', known={3: "one-counter-for-all-days"})
        expect(answer.count_visit(redis, "shop", "2026-03-01"), 1, 'count_visit(r, "shop", "2026-03-01")')
        stored = _stored_number(peek, "visits:home:2026-03-01")
        expect(stored, 2, "the number at `visits:home:2026-03-01`")

    def test_ends(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The counter ends 604800 seconds after its first visit."""
        answer.count_visit(redis, "home", "2026-03-01")
        left = int(peek.pttl("visits:home:2026-03-01"))
        if left == -1:
            broken("the counter ends in 604800 s", "it has no expiry (TTL answers -1)", "never-ends")
        if left == -2:
            broken("the counter ends in 604800 s", "there is no `visits:home:2026-03-01`")
        if not _WEEK_MS - 10_000 < left <= _WEEK_MS:
            broken("the counter ends in 604800 s", f"it ends in {left / 1000:g} s")

    def test_end_stays(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Later visits do not move the end."""
        key = "visits:home:2026-03-01"
        answer.count_visit(redis, "home", "2026-03-01")
        # Nearly a week later: 100 s are left.
        peek.pexpire(key, 100_000)
        wire.clear()
        answer.count_visit(redis, "home", "2026-03-01")
        left = int(peek.pttl(key))
        if left > 100_000:
            told = f"after one more visit it ends in {left / 1000:.0f} s"
            broken("a counter with 100 s left ends in 100 s", told, "moves-the-end")
        if left < 0:
            cause = "set-drops-the-expiry" if "SET" in wire.names else None
            told = f"after one more visit TTL answers {left}: " + ("it never ends" if left == -1 else "it is gone")
            broken("a counter with 100 s left ends in 100 s", told, cause)

    def test_program_dies(self, answer: Answer, faults: Faults) -> None:
        """Wherever the program dies, no counter without an end is left behind."""
        faults.everywhere(
            lambda r: answer.count_visit(r, "home", "2026-03-01"),
            then=lambda end: self._no_endless_key(end.redis, "the program died there", "expire-in-a-second-trip"),
        )

    def test_expires_in_between(self, answer: Answer, wire: Wire, peek: Redis) -> None:
        """If the old counter expires in between, the new one has an end too."""
        you, clock = _client(wire, "you"), _client(wire, "expiry")
        for gap in _gaps(wire, peek):
            answer.count_visit(clock, "home", "2026-03-01")
            wire.clear()
            gap.fill(lambda: clock.delete("visits:home:2026-03-01"))
            answer.count_visit(you, "home", "2026-03-01")
            if not gap.used:
                return
            self._no_endless_key(peek, "the old counter expired in between", "expires-in-between")

    @staticmethod
    def _no_endless_key(peek: Redis, when: str, misconception: str) -> None:
        for key in _keys(peek):
            if peek.pttl(key) == -1:
                broken("every counter has an end", f"{when}, and {show(key)} never ends", misconception)


@exercise("week1.ticket-numbers")
class TestTicketNumbers:
    def test_in_order(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Tickets come in order from 1001, and `ticket:last` holds the last one."""
        for number in (1001, 1002, 1003):
            expect(answer.next_ticket(redis), number, "next_ticket(r)")
        expect(_stored_number(peek, "ticket:last"), 1003, "the number at `ticket:last`")

    def test_two_machines(self, answer: Answer, wire: Wire, peek: Redis) -> None:
        """Two machines that print the very first ticket at the same moment print different numbers."""
        you, other = _client(wire, "you"), _client(wire, "other")

        def print_one() -> object:
            other.set("ticket:last", 1000, nx=True)
            return other.incr("ticket:last")

        for gap in _gaps(wire, peek):
            gap.fill(print_one)
            mine = answer.next_ticket(you)
            if not gap.used:
                return
            if mine == gap.result or _stored_number(peek, "ticket:last") != 1002:
                cause = "check-then-act" if {"EXISTS", "GET"} & set(_yours(wire)) else None
                told = f"the other machine printed {gap.result}, yours {show(mine)}"
                broken("1001 and 1002 are printed, each once", told, cause)

    def test_block(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """`take_block(r, count)` returns the next `count` numbers; the ticket after it goes on behind them."""
        answer.next_ticket(redis)
        got = _listed(answer.take_block(redis, 3))
        cause = "block-begins-at-the-reply" if got in ([1004, 1005, 1006], [1004, 1005]) else None
        expect(got, [1002, 1003, 1004], "take_block(r, 3) after ticket 1001", because=cause)
        expect(answer.next_ticket(redis), 1005, "next_ticket(r) after that block")
        expect(_listed(answer.take_block(redis, 1)), [1006], "take_block(r, 1) after ticket 1005")

    def test_block_first(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A block that is taken before any ticket begins at 1001 too."""
        got = _listed(answer.take_block(redis, 2))
        cause = "block-without-a-start" if got == [1, 2] else None
        expect(got, [1001, 1002], "take_block(r, 2) as the very first", because=cause)

    def test_block_race(self, answer: Answer, wire: Wire, peek: Redis) -> None:
        """If another machine prints in between, the block has no gap and no number twice."""
        you, other = _client(wire, "you"), _client(wire, "other")
        for gap in _gaps(wire, peek):
            peek.set("ticket:last", 1000)
            gap.fill(lambda: other.incr("ticket:last"))
            got = _listed(answer.take_block(you, 3))
            if not gap.used:
                return
            if got in ([1001, 1002, 1003], [1002, 1003, 1004]) and gap.result not in got:
                continue
            names = _yours(wire)
            cause = "one-by-one" if names.count("INCR") + names.count("INCRBY") >= 3 else None
            cause = cause or ("reads-the-start-first" if "GET" in names else None)
            told = f"the other machine printed {gap.result}, the block is {show(got)}"
            broken("three numbers in a row, none of them the other's", told, cause)

    def test_small_count(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A count below 1 raises ValueError, and nothing is sent."""
        peek.set("ticket:last", 1010)
        for count in (0, -5):
            _refuses(
                lambda count=count: answer.take_block(redis, count),  # type: ignore[misc]
                f"take_block(r, {count})",
                wire,
                accepted="negative-block",
            )


def _listed(got: object) -> object:
    """A range or tuple as the list it stands for; anything else as it is."""
    return list(got) if isinstance(got, range | tuple) and len(got) < 1000 else got


@exercise("week1.fixed-width-log")
class TestFixedWidthLog:
    def test_numbers(self, answer: Answer, redis: Redis) -> None:
        """Records are numbered from 0."""
        for number, record in enumerate(("09:00 -3", "09:05 snow", "")):
            got = answer.append_record(redis, "log", record)
            cause = "length-is-the-number" if _is(got, (number + 1) * 16, number + 1) else None
            expect(got, number, f'append_record(r, "log", {record!r})', because=cause)

    def test_reads_back(self, answer: Answer, redis: Redis) -> None:
        """What was appended is read back, without the spaces that fill it up."""
        records = ("09:00 -3", " 09:05 snow", "exactly sixteen!", "09:10 MAX")
        for record in records:
            answer.append_record(redis, "log", record)
        for i, record in enumerate(records):
            got = answer.read_record(redis, "log", i)
            cause = None
            if isinstance(got, str) and i + 1 < len(records):
                whole = record.ljust(16) + records[i + 1][:1]
                cause = "end-is-excluded" if got == whole.rstrip() and got != record else None
            expect(got, record, f'read_record(r, "log", {i})', because=cause)

    def test_bytes(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Sixteen bytes each, whatever the letters; all of them read back."""
        records = ("Zoë: 21 °C", "ñandú", "雪 −3 °C", "end")
        for number, record in enumerate(records, 1):
            answer.append_record(redis, "log", record)
            size = len(_bytes_at(peek, "log"))
            if size != number * 16:
                cause = "letters-not-bytes" if number == 1 and size == 16 + len(record.encode()) - len(record) else None
                told = f'append_record(r, "log", {record!r}) made the log {size} bytes long'
                broken(f"a log of {number * 16} bytes after record {number - 1}", told, cause)
        for i, record in enumerate(records):
            expect(answer.read_record(redis, "log", i), record, f'read_record(r, "log", {i})')

    def test_too_long(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """More than 16 bytes raise ValueError before anything is sent; the log stays as it was."""
        answer.append_record(redis, "log", "09:00")
        for record in ("seventeen letters", "°" * 9):
            _refuses(
                lambda record=record: answer.append_record(redis, "log", record),  # type: ignore[misc]
                f'append_record(r, "log", {record!r}) with {len(record.encode())} bytes',
                wire,
                accepted="cuts-it-off" if len(record) > 16 else "letters-not-bytes",
                late="sent-before-checked",
            )

    def test_missing(self, answer: Answer, redis: Redis) -> None:
        """A record that is not there is None; an empty record is an empty text."""
        answer.append_record(redis, "log", "09:00")
        for i, key in ((1, "log"), (7, "log"), (0, "nolog")):
            got = answer.read_record(redis, key, i)
            cause = "empty-for-missing" if _is(got, "") else None
            expect(got, None, f'read_record(r, "{key}", {i}), where there is no record', because=cause)
        answer.append_record(redis, "log", "")
        got = answer.read_record(redis, "log", 1)
        cause = "empty-is-missing" if got is None else None
        expect(got, "", 'read_record(r, "log", 1), an empty record', because=cause)

    def test_two_stations(self, answer: Answer, wire: Wire, peek: Redis) -> None:
        """The number is the record's own, even if another station appends at the same moment."""
        you, other = _client(wire, "you"), _client(wire, "other")
        for gap in _gaps(wire, peek):
            gap.fill(lambda: other.append("log", "theirs".ljust(16)))
            got = answer.append_record(you, "log", "mine")
            if not gap.used:
                return
            number = _whole(got, 'append_record(r, "log", "mine")')
            there = _bytes_at(peek, "log")[number * 16 :][:16] if number >= 0 else b""
            if there != b"mine".ljust(16):
                cause = "asks-for-the-length" if "STRLEN" in _yours(wire) else None
                told = f"it returned {number}, and there lies {show(there)}"
                broken("the number of the record `mine`", told, cause)


@exercise("week1.bounded-counter")
class TestBoundedCounter:
    def test_takes_all(self, answer: Answer, redis: Redis) -> None:
        """As many seats as there are can be taken, each event for itself; then the answer is False."""
        for typed, wanted in (("first", True), ("second", True), ("third", False), ("fourth", False)):
            expect(answer.take_seat(redis, "gala", 2), wanted, f'the {typed} take_seat(r, "gala", 2)')
        expect(answer.take_seat(redis, "quiz", 2), True, 'take_seat(r, "quiz", 2), another event')

    def test_sold(self, answer: Answer, redis: Redis) -> None:
        """`sold` tells how many are sold: 0 at first, and never more than there are."""
        expect(answer.sold(redis, "gala", 2), 0, 'sold(r, "gala", 2) at first')
        for calls, wanted in ((1, 1), (2, 2), (3, 2), (4, 2)):
            answer.take_seat(redis, "gala", 2)
            typed = f'sold(r, "gala", 2) after {calls} calls of take_seat'
            expect(answer.sold(redis, "gala", 2), wanted, typed)

    def test_give_back(self, answer: Answer, redis: Redis) -> None:
        """A seat that is given back can be sold again, once, however many were refused before."""
        for _ in range(5):
            answer.take_seat(redis, "gala", 2)
        answer.give_back(redis, "gala", 2)
        got = answer.sold(redis, "gala", 2)
        after = "after two seats were taken, three callers refused and one seat given back"
        expect(got, 1, f'sold(r, "gala", 2) {after}', known={2: "refusals-count"})
        got = answer.take_seat(redis, "gala", 2)
        expect(got, True, f'take_seat(r, "gala", 2) {after}', known={False: "refusals-count"})
        expect(answer.take_seat(redis, "gala", 2), False, 'one more take_seat(r, "gala", 2)')

    def test_last_seat(self, answer: Answer, wire: Wire, peek: Redis) -> None:
        """If two want the last seat at the same moment, one gets it and one does not."""
        you, other = _client(wire, "you"), _client(wire, "other")
        for gap in _gaps(wire, peek):
            gap.fill(lambda: answer.take_seat(other, "gala", 1))
            mine = answer.take_seat(you, "gala", 1)
            if not gap.used:
                return
            if sorted((show(mine), show(gap.result))) != ["False", "True"]:
                cause = "check-then-take" if mine is True and gap.result is True and _looks(wire) else None
                told = f"you were told {show(mine)}, the other {show(gap.result)}"
                broken("one True and one False for the last seat", told, cause)
            expect(answer.sold(other, "gala", 1), 1, 'sold(r, "gala", 1) afterwards')

    def test_back_while_refused(self, answer: Answer, wire: Wire, peek: Redis) -> None:
        """A seat that is given back while somebody is being refused is not lost."""
        you, other = _client(wire, "you"), _client(wire, "other")
        for gap in _gaps(wire, peek):
            answer.take_seat(other, "gala", 1)
            wire.clear()
            gap.fill(lambda: answer.give_back(other, "gala", 1))
            mine = answer.take_seat(you, "gala", 1)
            if not gap.used:
                return
            again = mine if mine is True else answer.take_seat(other, "gala", 1)
            if again is not True:
                cause = "writes-the-limit-back" if {"SET", "SETEX", "GETSET"} & set(_yours(wire)) else None
                told = "you were refused, the seat was given back in between, and now nobody can have it"
                broken("the seat can be sold again", told, cause)

    def test_never_above(self, answer: Answer, wire: Wire, peek: Redis) -> None:
        """Nobody ever reads more seats sold than there are, not even while somebody is being refused."""
        you, other = _client(wire, "you"), _client(wire, "other")
        for gap in _gaps(wire, peek):
            answer.take_seat(other, "gala", 1)
            wire.clear()
            gap.fill(lambda: answer.sold(other, "gala", 1))
            answer.take_seat(you, "gala", 1)
            if not gap.used:
                return
            known: dict[object, str] = {2: "shows-too-many"}
            expect(gap.result, 1, 'sold(r, "gala", 1) while somebody is being refused', known=known)


def _looks(wire: Wire) -> bool:
    """Whether "you" sent a command that only looks."""
    return bool({"GET", "EXISTS", "MGET", "STRLEN"} & set(_yours(wire)))
