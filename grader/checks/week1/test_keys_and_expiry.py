"""Promises of the notebook 03-keys-and-expiry.

Time is never waited for: a check reads how long a key has left, shortens it, or removes the key at the moment at
which it could have expired.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from redis import Redis, ResponseError

from grader.checks import Answer, AnswerProblem, broken, exercise, expect
from grader.checks.verdict import show
from grader.wire import Wire, split_line

_SCRIPTS = {"EVAL", "EVALSHA", "FCALL"}


def _one_step(names: list[str]) -> bool:
    """Whether these commands run as one step on the server: one command, one transaction, or one script."""
    names = [name for name in names if name != "SCRIPT"]
    if "WATCH" in names and "MULTI" in names:
        # What was read before is guarded: if it changed, EXEC does nothing.
        names = names[names.index("MULTI") :]
    if len(names) <= 1 or set(names) <= _SCRIPTS:
        return True
    return names[0] == "MULTI" and names[-1] == "EXEC" and names.count("MULTI") == 1


def _keys(peek: Redis) -> list[Any]:
    """All keys of the check's own small database: text, or bytes where a key is no text."""
    found: set[bytes] = set()
    cursor = None
    while cursor != 0:
        cursor, page = peek.execute_command("SCAN", cursor or 0, "COUNT", 1000, NEVER_DECODE=True)
        found.update(page)
    return [_as_text(key) for key in sorted(found)]


def _as_text(key: bytes) -> str | bytes:
    try:
        return key.decode()
    except UnicodeDecodeError:
        return key


def _some(names: Iterable[object], limit: int = 3) -> str:
    """The first names, and how many more there are."""
    texts = [str(name) for name in names]
    rest = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(texts[:limit]) + rest


def _immortal(peek: Redis) -> list[Any]:
    """The keys that have no expiry."""
    return [key for key in _keys(peek) if peek.pttl(key) == -1]


def _every_command(command: tuple[bytes, ...]) -> bool:
    return True


def _watch_for_immortals(wire: Wire, peek: Redis) -> list[Any]:
    """From now on, after every command, note the keys without expiry in the list returned."""
    seen: list[Any] = []
    wire.after(_every_command, lambda: seen.extend(_immortal(peek)), times=1000)
    return seen


def _another_client(wire: Wire) -> Redis:
    """A client that steps in; its commands are marked in the transcript on the card."""
    client: Redis = wire.client("meanwhile", decode_responses=True)
    return client


def _expire(client: Redis, keys: Iterable[Any]) -> None:
    """Let `keys` end now."""
    for key in keys:
        client.pexpire(key, 0)


class _ProgramStopsError(BaseException):
    """Stands for a program that is killed: no `except Exception` stops it."""


def _stop() -> None:
    raise _ProgramStopsError


@contextmanager
def _just_before(wire: Wire, n: int, action: Callable[[], object]) -> Iterator[list[bool]]:
    """Let `action` happen just before the n-th command of the block; the list is empty if there was none.

    What was recorded before is forgotten, so that the card shows this one block.
    """
    wire.clear()
    done: list[bool] = []
    over: list[bool] = []

    def step_in() -> None:
        if not over:
            action()
            done.append(True)

    wire.before(n, step_in)
    try:
        yield done
    finally:
        over.append(True)


def _names_sent(wire: Wire, call: Callable[[], object]) -> list[str]:
    """The commands that `call` sends when it is made for the second time: a script is known by then."""
    call()
    with wire.measure() as cost:
        call()
    return cost.names


def _lives_about(peek: Redis, key: str, seconds: float) -> bool:
    """Whether `key` has `seconds` left, give or take what the check itself may have taken."""
    left = int(peek.pttl(key))
    return (seconds - 3) * 1000 <= left <= seconds * 1000


def _left(peek: Redis, key: str) -> str:
    """How long `key` has left, in words."""
    milliseconds = int(peek.pttl(key))
    if milliseconds == -2:
        return "is not there"
    return "has no expiry" if milliseconds == -1 else f"has {milliseconds / 1000:.1f} s left"


def _keys_command_ran(peek: Redis) -> bool:
    """Whether KEYS was executed since the server was reset, by a client or inside a script."""
    return "cmdstat_keys" in peek.info("commandstats")


def _two_programs(answer: Answer, make: Callable[[Answer], str], what: str) -> None:
    """Two programs that begin alike come to different texts, where there can be two."""
    programs = [program for program in (answer.elsewhere(), answer.elsewhere()) if program is not None]
    made = [make(program) for program in programs]
    if len(set(made)) < len(made):
        broken(f"no other program comes to the same {what}", f"two that had just begun both made {show(made[0])}")


@exercise("week1.expiring-store")
class TestExpiringStore:
    def test_stores(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """What was put is got: the text as it was, and a later put replaces an earlier one."""
        for value in ("Lima", "Zürich ✓"):
            answer.put(redis, "city", value, 60)
            past = not peek.exists("city") and any(
                word.upper() in {b"EXAT", b"PXAT", b"EXPIREAT", b"PEXPIREAT"}
                for e in wire.exchanges
                for word in e.command
            )
            expect(
                answer.get(redis, "city"),
                value,
                f'get(r, "city") after put(r, "city", {value!r}, 60)',
                because="moment-for-duration" if past else None,
            )

    def test_ends(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A key that was put lives for the seconds asked; a second put starts them anew."""
        for seconds in (60, 1000):
            answer.put(redis, "city", "Lima", seconds)
            if not _lives_about(peek, "city", seconds):
                broken(
                    f'after put(r, "city", "Lima", {seconds}) the key has {seconds} s left',
                    f"the key {_left(peek, 'city')}",
                )

    def test_never_immortal(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """There is no moment at which the key exists without its expiry."""
        immortal = _watch_for_immortals(wire, peek)
        answer.put(redis, "city", "Lima", 60)
        if immortal or not _one_step(wire.names):
            broken(
                "value and expiry are written in one step",
                f"put sent {', '.join(wire.names)}: a program that stops after the first leaves a key for ever",
                "set-then-expire",
            )

    def test_missing_is_none(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """get gives None for a key that is missing, and only then: an empty text is a value."""
        expect(answer.get(redis, "nobody"), None, 'get(r, "nobody")')
        peek.set("empty", "", ex=60)
        expect(answer.get(redis, "empty"), "", 'get(r, "empty"), which holds ""', known={None: "empty-is-missing"})

    def test_reading_is_one_trip(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """get is one command and asks nothing beforehand."""
        peek.set("city", "Lima", ex=60)
        answer.get(redis, "city")
        if wire.round_trips != 1:
            broken("one round trip", f"get sent {', '.join(wire.names) or 'nothing'}", "asks-first")

    def test_time_left(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """ttl_left tells the seconds a key has left, in one round trip."""
        peek.set("city", "Lima", ex=60)
        left = answer.ttl_left(redis, "city")
        if isinstance(left, bool) or not isinstance(left, int | float) or not 57 <= left <= 60:
            broken('ttl_left(r, "city") is a number, 60 or a little less', f'ttl_left(r, "city") returned {show(left)}')
        if wire.round_trips != 1:
            broken("one round trip", f"ttl_left sent {', '.join(wire.names)}")

    def test_none_and_forever(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """ttl_left tells a missing key (None) from a key without expiry (math.inf)."""
        peek.set("forever", "x")
        expect(
            answer.ttl_left(redis, "nobody"),
            None,
            'ttl_left(r, "nobody")',
            known={-2: "codes-are-times", -1: "codes-are-times"},
        )
        expect(
            answer.ttl_left(redis, "forever"),
            math.inf,
            'ttl_left(r, "forever"), which has no expiry',
            known={-1: "codes-are-times", None: "forever-is-missing"},
        )

    def test_last_half_second(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A key in its last half second is still there: its time left may be 0, but not None."""
        peek.set("late", "x", px=450)
        left = answer.ttl_left(redis, "late")
        still_there = peek.exists("late")
        if still_there and (left is None or isinstance(left, bool) or not isinstance(left, int | float) or left > 1):
            broken('ttl_left(r, "late") is 0, or a fraction', f'ttl_left(r, "late") returned {show(left)}')


# Each line is run on the server; what its last command answers is to be predicted. Beside it, the answers that
# betray a misconception.
_TTL_LINES: dict[str, dict[str, dict[int, str]]] = {
    "codes": {
        "TTL a": {-1: "codes-swapped", 0: "codes-swapped"},
        "SET b x; TTL b": {-2: "codes-swapped", 0: "codes-swapped"},
    },
    "set": {
        "SET c x EX 100; SET c y; TTL c": {100: "set-keeps-expiry"},
        "SET d x EX 100; SET d y KEEPTTL; TTL d": {-1: "every-write-clears"},
    },
    "change": {
        "SET e 1 EX 100; INCR e; TTL e": {-1: "every-write-clears"},
        "SET f x EX 100; APPEND f y; TTL f": {-1: "every-write-clears"},
    },
    "rename": {
        "SET g x EX 100; RENAME g h; TTL h": {-1: "expiry-belongs-to-the-name", -2: "expiry-belongs-to-the-name"},
        "SET i x; SET j y EX 100; RENAME i j; TTL j": {100: "expiry-belongs-to-the-name"},
    },
    "past": {
        "SET k x EX 100; EXPIRE k -1; EXISTS k": {1: "past-is-ignored"},
        "SET l x; EXPIRE l 0; TTL l": {-1: "past-is-ignored", 0: "past-is-ignored"},
    },
    "conditions": {
        "SET m x EX 100; EXPIRE m 50 GT; TTL m": {50: "condition-forgotten"},
        "SET n x; EXPIRE n 100 GT; TTL n": {100: "forever-is-short"},
        "SET o x; EXPIRE o 100 LT; TTL o": {-1: "forever-is-short"},
        "SET p x EX 100; PERSIST p; PERSIST p": {1: "condition-forgotten"},
    },
}


def _judge_predictions(answer: Answer, peek: Redis, group: str) -> None:
    predictions = answer.value("ttl_predictions")
    if not isinstance(predictions, dict):
        broken("ttl_predictions is the dict of the starter", f"it is {show(predictions)}")
    for line, known in _TTL_LINES[group].items():
        predicted = predictions.get(line, ...)
        reply: Any = None
        for command in line.split(";"):
            reply = peek.execute_command(*split_line(command))
        if type(predicted) is not int:
            what = "nothing is predicted yet" if predicted in (..., None) else f"you predicted {show(predicted)}"
            broken(f"a whole number for `{line}`", what)
        # A TTL is a clock: a second may have passed between the commands.
        if abs(predicted - int(reply)) > (1 if int(reply) > 10 else 0):
            broken(
                f"`{line}` answers what you predicted",
                f"you predicted {predicted}, Redis answered {int(reply)}",
                known.get(predicted),
            )


@exercise("week1.predict-ttl")
class TestPredictTtl:
    def test_codes(self, answer: Answer, peek: Redis) -> None:
        """TTL of a key that is missing, and of a key that has no expiry."""
        _judge_predictions(answer, peek, "codes")

    def test_set(self, answer: Answer, peek: Redis) -> None:
        """SET on a key that has an expiry, without and with KEEPTTL."""
        _judge_predictions(answer, peek, "set")

    def test_change(self, answer: Answer, peek: Redis) -> None:
        """Commands that change a value in place."""
        _judge_predictions(answer, peek, "change")

    def test_rename(self, answer: Answer, peek: Redis) -> None:
        """RENAME, away from a key with an expiry and onto one."""
        _judge_predictions(answer, peek, "rename")

    def test_past(self, answer: Answer, peek: Redis) -> None:
        """An expiry of zero seconds or less."""
        _judge_predictions(answer, peek, "past")

    def test_conditions(self, answer: Answer, peek: Redis) -> None:
        """EXPIRE with GT and LT, and PERSIST twice."""
        _judge_predictions(answer, peek, "conditions")


@exercise("week1.sliding-expiry")
class TestSlidingExpiry:
    def test_reads(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The value comes back as it was stored, an empty text too."""
        for value in ("ada", "", "Zürich"):
            peek.set("k", value, ex=60)
            expect(answer.read_and_extend(redis, "k", 300), value, 'read_and_extend(r, "k", 300)')
            expect(peek.get("k"), value, 'GET k after read_and_extend(r, "k", 300)')

    def test_extends(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """After a read the key has exactly the seconds asked left, whatever it had before: less, more, or no end."""
        for before in (20, 900, None):
            peek.set("k", "ada", ex=before)
            answer.read_and_extend(redis, "k", 300)
            if _lives_about(peek, "k", 300):
                continue
            added = before is not None and _lives_about(peek, "k", before + 300)
            untouched = peek.pttl("k") == -1 if before is None else _lives_about(peek, "k", before)
            name = "adds-to-the-rest" if added else "reading-extends-by-itself" if untouched else None
            had = f"{before} s left" if before else "no expiry"
            broken(
                f'a key with {had} has 300 s left after read_and_extend(r, "k", 300)', f"it {_left(peek, 'k')}", name
            )

    def test_missing(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A missing key gives None and is not created."""
        expect(answer.read_and_extend(redis, "nobody", 300), None, 'read_and_extend(r, "nobody", 300)')
        if left := _keys(peek):
            broken("no key is created", f"now there is {_some(left)}", "writes-back")

    def test_one_step(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Reading and extending are one step: a value that comes back belongs to a key that lives on."""
        peek.set("k", "ada", ex=60)
        names = _names_sent(wire, lambda: answer.read_and_extend(redis, "k", 300))
        meanwhile = _another_client(wire)
        for n, name in enumerate(names):
            peek.set("k", "ada", ex=60)
            with _just_before(wire, n, partial(_expire, meanwhile, ["k"])) as done:
                got = answer.read_and_extend(redis, "k", 300)
            if not done:
                continue
            if got is not None and not peek.exists("k"):
                broken(
                    "a key that expires in the middle of the call gives None",
                    f"it expired just before {name}; {show(got)} was returned, and nothing extended",
                    "two-steps",
                )
            if peek.exists("k"):
                broken(
                    "an expired key stays away",
                    f"it expired just before {name}, and now it is there again",
                    "writes-back",
                )
        if "SET" in names and "WATCH" not in names:
            broken("reading writes no value", f"{', '.join(names)} was sent", "writes-back")
        if not _one_step(names):
            broken("one step on the server", f"{', '.join(names)} was sent", "two-steps")


@exercise("week1.one-time-token")
class TestOneTimeToken:
    def test_once(self, answer: Answer, redis: Redis) -> None:
        """A token gives its user back once, and None from then on."""
        token = self._issue(answer, redis, "ada")
        other = self._issue(answer, redis, "Zoë")
        expect(answer.redeem(redis, token), "ada", "redeem(r, token) for ada's token")
        expect(
            answer.redeem(redis, token),
            None,
            "redeem(r, token) for the second time",
            known={"ada": "reads-only"},
        )
        if other != token:
            expect(answer.redeem(redis, other), "Zoë", "redeem(r, token) for Zoë's token")

    def test_unknown(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An unknown token gives None and leaves nothing behind."""
        expect(answer.redeem(redis, "never-issued"), None, 'redeem(r, "never-issued")')
        if left := _keys(peek):
            broken("no key is created", f"now there is {_some(left)}")

    def test_unguessable(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Who has seen many tokens cannot guess the next: 128 bits of chance in each, nothing of the user in it."""
        tokens = [self._issue(answer, redis, "ada") for _ in range(16)]
        if len(set(tokens)) < len(tokens):
            broken(
                "every call issues another token",
                f"16 calls for the same user gave {len(set(tokens))} different tokens, such as {show(tokens[0])}",
                "token-from-the-user",
            )
        _two_programs(answer, lambda program: self._issue(program, redis, "ada"), "token")
        # How many of the characters change from token to token, as bits: about 80 for 16 bytes of chance seen 16
        # times, under 30 for counters, clocks and short codes.
        bits = sum(math.log2(len(set(column))) for column in zip(*tokens, strict=False))
        if bits < 60 or any(name.startswith("INCR") for name in wire.names):
            broken(
                "tokens have nothing in common",
                f"issue gave {show(tokens[0])}, {show(tokens[1])}, {show(tokens[2])}, …",
                "guessable-token",
            )

    def test_always_ends(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Nothing that issue writes is ever without an expiry, not even between two of its commands."""
        immortal = _watch_for_immortals(wire, peek)
        self._issue(answer, redis, "ada", 900)
        for key in _keys(peek):
            if peek.pttl(key) == -1:
                broken("the token expires after 900 s", f"the key {key} has no expiry", "never-expires")
            if not _lives_about(peek, key, 900):
                broken("the token expires after 900 s", f"the key {key} {_left(peek, key)}")
        if immortal or not _one_step(wire.names):
            broken(
                "token and expiry are written in one step",
                f"issue sent {', '.join(wire.names)}; a program that stops in between leaves a token for ever",
                "set-then-expire",
            )

    def test_reaches_tokens_only(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A token comes from a stranger: the name of some other key redeems nothing and removes nothing."""
        peek.set("config:admin-password", "swordfish")
        try:
            got = answer.redeem(redis, "config:admin-password")
        except AnswerProblem:
            got = None
        if got is not None or not peek.exists("config:admin-password"):
            broken(
                'redeem(r, "config:admin-password") returns None and leaves that key alone',
                f"it returned {show(got)}" + ("" if peek.exists("config:admin-password") else ", and the key is gone"),
                "token-is-the-key",
            )

    def test_two_at_once(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Of two that redeem a token at the same moment, one gets the user."""
        tokens = [self._issue(answer, redis, "ada") for _ in range(2)]
        names = _names_sent(wire, lambda: answer.redeem(redis, tokens.pop()))
        meanwhile = _another_client(wire)
        for n, name in enumerate(names):
            token = self._issue(answer, redis, "ada")
            written = _keys(peek)
            won: list[bool] = []
            with _just_before(wire, n, partial(self._redeem_of_another, meanwhile, written, won)):
                got = answer.redeem(redis, token)
            if won == [True] and got is not None:
                broken(
                    "the second of the two gets None",
                    f"another client redeemed the token just before your {name}; your redeem returned {show(got)} too",
                    "get-then-delete",
                )

    @staticmethod
    def _redeem_of_another(client: Redis, keys: list[Any], won: list[bool]) -> None:
        # A correct redeem: whoever removes the key has the token.
        won.append(bool(keys) and int(client.delete(*keys)) == len(keys))

    @staticmethod
    def _issue(answer: Answer, redis: Redis, user: str, seconds: int = 600) -> str:
        token = answer.issue(redis, user, seconds)
        if not isinstance(token, str) or not token:
            broken("issue returns the token, a text", f'issue(r, "{user}", {seconds}) returned {show(token)}')
        return token


class _Source:
    """The slow place a cache stands before: counts how often it was asked."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.calls = 0

    def __call__(self) -> object:
        self.calls += 1
        return self.value


@exercise("week1.cache-aside")
class TestCacheAside:
    def test_loads_once(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The first call loads, the next ones read the cache; both return the same value."""
        values: tuple[object, ...] = ({"name": "Zoë", "age": 36}, [1, 2.5, "three"], "text", 7)
        for value in values:
            peek.delete("k")
            load = _Source(value)
            expect(
                answer.cached(redis, "k", load, 60), value, f"the first cached(r, key, load, 60), load giving {value!r}"
            )
            again = answer.cached(redis, "k", load, 60)
            same_text = isinstance(again, str) and not isinstance(value, str)
            expect(again, value, "the second call", because="text-not-json" if same_text else None)
            if load.calls != 1:
                broken("load is called once", f"two calls loaded {load.calls} times")

    def test_nothing_is_something(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A value that counts as false in Python (0, "", [], {}, False) is a value, and cached."""
        values: tuple[object, ...] = (0, "", [], {}, False)
        for value in values:
            self._cached_once(answer, redis, peek, value, "falsy-is-a-miss")

    def test_missing_is_cached(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """That there is nothing (load gives None) is cached too."""
        self._cached_once(answer, redis, peek, None, "none-is-not-cached")

    def test_always_ends(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The cached value never exists without its expiry."""
        immortal = _watch_for_immortals(wire, peek)
        answer.cached(redis, "k", _Source("x"), 60)
        if immortal or not _lives_about(peek, "k", 60):
            broken(
                "the key has 60 s left, from the moment it exists",
                f"after {', '.join(wire.names)} it {_left(peek, 'k')}"
                + (", and for a moment it had no expiry" if immortal and peek.pttl("k") != -1 else ""),
                "no-expiry" if immortal else None,
            )

    def test_a_hit_does_not_extend(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A hit costs one round trip and leaves the expiry as it is, so that even a popular value gets fresh."""
        peek.set("k", '"old"', ex=20)
        load = _Source("new")
        got = answer.cached(redis, "k", load, 60)
        if not _lives_about(peek, "k", 20):
            broken("a key with 20 s left has 20 s left after a hit", f"it {_left(peek, 'k')}", "hit-extends")
        expect(got, "old", 'cached(r, "k", load, 60), "k" holding "\\"old\\""')
        if wire.round_trips != 1:
            broken("a hit is one round trip", f"{', '.join(wire.names)} was sent", "exists-then-get")

    def test_expires_in_between(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A key that expires in the middle of a call does no harm."""
        peek.set("k", '"old"', ex=20)
        meanwhile = _another_client(wire)
        for n, name in enumerate(_names_sent(wire, lambda: answer.cached(redis, "k", _Source("new"), 60))):
            peek.set("k", '"old"', ex=20)
            when = f"the key expired just before {name}"
            with _just_before(wire, n, partial(_expire, meanwhile, ["k"])):
                got = self._call(answer, redis, _Source("new"), "exists-then-get", when)
            if got not in ("old", "new"):
                broken('"old" or "new" comes back', f"{when}: {show(got)}", "exists-then-get")

    def test_garbage_is_a_miss(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """What is not JSON counts as missing: it is loaded again and replaced."""
        for garbage in ("{'name': 'ada'}", "", "{"):
            peek.set("k", garbage, ex=60)
            load = _Source("fresh")
            got = self._call(answer, redis, load, "trusts-the-cache", f"the key held {garbage!r}")
            expect(got, "fresh", f"cached(r, key, load, 60), the key holding {garbage!r}", because="trusts-the-cache")
            expect(answer.cached(redis, "k", load, 60), "fresh", "the call after that")
            if load.calls != 1:
                broken("load is called once", f"two calls loaded {load.calls} times")

    def test_failure_is_not_cached(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """When load raises, the exception comes out and nothing is cached."""

        def load() -> object:
            raise LookupError("the database is away")

        try:
            got = answer.cached(redis, "k", load, 60)
        except AnswerProblem:
            got = None
        else:
            broken("the exception of load comes out", f"cached returned {show(got)}", "failure-is-a-value")
        if peek.exists("k"):
            broken("nothing is cached", f"the key holds {show(peek.get('k'))}", "failure-is-a-value")

    def _cached_once(self, answer: Answer, redis: Redis, peek: Redis, value: object, name: str) -> None:
        peek.delete("k")
        load = _Source(value)
        for which in ("first", "second"):
            got = self._call(answer, redis, load, None, f"load giving {value!r}")
            expect(got, value, f"the {which} cached(r, key, load, 60), load giving {value!r}")
        if load.calls != 1:
            broken(f"load is called once when it gives {value!r}", f"two calls loaded {load.calls} times", name)

    @staticmethod
    def _call(answer: Answer, redis: Redis, load: _Source, name: str | None, when: str) -> object:
        try:
            return answer.cached(redis, "k", load, 60)
        except AnswerProblem as problem:
            if problem.kind != "raised" or name is None:
                raise
            broken("a value comes back", f"{when}: {problem.sentence}", name)


def _as_keys(result: object, call: str) -> list[str]:
    """The list of keys that `find_keys` returned."""
    if not isinstance(result, list) or not all(isinstance(key, str) for key in result):
        broken(f"{call} returns a list of keys", f"it returned {show(result)}")
    return result


@exercise("week1.scan-keys")
class TestScanKeys:
    def test_matches(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Every key that matches is found, the others are not; none matching gives an empty list."""
        peek.mset({"user:1": 1, "user:2": 1, "user:10": 1, "order:1": 1, "superuser:1": 1})
        for pattern, wanted in (
            ("user:*", ["user:1", "user:10", "user:2"]),
            ("user:?", ["user:1", "user:2"]),
            ("*:1", ["order:1", "superuser:1", "user:1"]),
            ("page:*", []),
        ):
            call = f'find_keys(r, "{pattern}")'
            found = _as_keys(answer.find_keys(redis, pattern), call)
            expect(sorted(found), wanted, f"sorted({call})")

    def test_all_pages(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """In a database of 3000 keys all are found, and KEYS is never used."""
        wanted = self._fill(peek)
        found = _as_keys(answer.find_keys(redis, "user:*"), 'find_keys(r, "user:*")')
        if _keys_command_ran(peek):
            broken(
                "the keys are walked page by page",
                "KEYS ran: everybody waited until it had looked at all",
                "keys-command",
            )
        if "SCAN" not in wire.names:
            broken("SCAN, page by page", f"{', '.join(wire.names) or 'nothing'} was sent")
        if missed := wanted - set(found):
            one_page = wire.names.count("SCAN") == 1
            broken("all 3000 keys are found", f"{len(missed)} are missing", "one-page" if one_page else None)

    def test_empty_pages(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A page without a match is not the end: the one key that matches is found wherever it lies."""
        self._fill(peek)
        *_, late = peek.scan_iter(count=500)
        found = _as_keys(answer.find_keys(redis, str(late)), f'find_keys(r, "{late}")')
        expect(
            found,
            [late],
            f'find_keys(r, "{late}")',
            known=None,
            because="stops-at-empty-page" if not found else None,
        )

    def test_repeats(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A key is listed once, even when the database shrinks during the walk and SCAN repeats itself."""
        self._fill(peek)
        kept: list[str] = []

        def shrink() -> None:
            reply = wire.exchanges[-1].reply
            if kept or not isinstance(reply, list) or not reply[1]:
                return
            given = [key.decode() if isinstance(key, bytes) else str(key) for key in reply[1]]
            # The last ones given lie where the walk goes on. In one transaction, so that they are there all the time;
            # the table is now a small one.
            kept.extend(given[-3:])
            with peek.pipeline() as pipe:
                pipe.flushdb()
                pipe.mset(dict.fromkeys(kept, 1))
                pipe.execute()

        wire.after("SCAN", shrink, times=1000)
        found = _as_keys(answer.find_keys(redis, "user:*"), 'find_keys(r, "user:*")')
        if repeated := sorted(key for key in set(found) if found.count(key) > 1)[:3]:
            broken(
                "each key is listed once",
                f"after the first page all keys but three were deleted, and {', '.join(repeated)} came again",
                "repeats",
            )
        if missed := set(kept) - set(found):
            broken("the keys that stay are listed", f"missing: {', '.join(sorted(missed))}")

    def test_page_size(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A page is 100 to 1000 keys: nobody waits long, and the walk does not take for ever."""
        self._fill(peek)
        answer.find_keys(redis, "user:*")
        for exchange in wire.exchanges:
            words = [word.upper() for word in exchange.command]
            count = words[words.index(b"COUNT") + 1] if b"COUNT" in words[:-1] else b"10"
            if exchange.name == "SCAN" and count.isdigit() and int(count) > 1000:
                broken("COUNT is 1000 at most", f"COUNT {count.decode()} was asked for", "everything-at-once")
        if wire.round_trips > 3000 / 100 + 5:
            broken(
                "at most one round trip for every 100 keys",
                f"{wire.round_trips} round trips for 3000 keys",
                "ten-at-a-time",
            )

    @staticmethod
    def _fill(peek: Redis) -> set[str]:
        names = [f"user:{number}" for number in range(3000)]
        peek.mset(dict.fromkeys(names, 1))
        return set(names)


@exercise("week1.keep-the-ttl")
class TestKeepTheTtl:
    def test_updates(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """One field changes, the others stay, and the function returns True."""
        peek.set("p", '{"name": "ada", "city": "London"}', ex=100)
        expect(answer.update_profile(redis, "p", "city", "Zürich"), True, 'update_profile(r, "p", "city", "Zürich")')
        answer.update_profile(redis, "p", "age", 36)
        stored = peek.get("p")
        try:
            profile = json.loads(stored or "null")
        except ValueError:
            profile = None
        wanted = {"name": "ada", "city": "Zürich", "age": 36}
        if profile != wanted:
            broken(f"the key holds {json.dumps(wanted, ensure_ascii=False)}", f"it holds {show(stored)}")

    def test_keeps_its_end(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An update changes nothing about when the profile expires; a profile without expiry stays so."""
        for seconds in (100, 5000):
            peek.set("p", '{"name": "ada"}', ex=seconds)
            answer.update_profile(redis, "p", "name", "grace")
            if not _lives_about(peek, "p", seconds):
                name = "set-clears" if peek.pttl("p") == -1 else "new-life"
                broken(f"a profile with {seconds} s left still has {seconds} s left", f"it {_left(peek, 'p')}", name)
        peek.set("p", '{"name": "ada"}')
        self._update(answer, redis, "the profile has no expiry", "copies-the-ttl")
        if peek.pttl("p") != -1:
            broken("a profile without expiry has none afterwards", f"it {_left(peek, 'p')}", "new-life")

    def test_missing(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A profile that is not there gives False and is not created."""
        got = self._update(answer, redis, "there is no such profile", None)
        expect(got, False, 'update_profile(r, "p", "name", "grace"), "p" missing')
        if peek.exists("p"):
            broken("the profile stays missing", f"now it holds {show(peek.get('p'))}", "resurrects")

    def test_expires_in_between(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A profile that expires in the middle of the call stays expired, and the answer is False."""
        meanwhile = _another_client(wire)
        for n, name in enumerate(self._commands(answer, redis, wire, peek)):
            peek.set("p", '{"name": "ada"}', ex=100)
            with _just_before(wire, n, partial(_expire, meanwhile, ["p"])) as done:
                got = self._update(answer, redis, f"the profile expired just before {name}", None)
            if not done:
                continue
            if peek.exists("p"):
                copies = {"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"} & set(wire.names)
                broken(
                    "an expired profile stays away",
                    f"it expired just before {name}; now it is back and {_left(peek, 'p')}",
                    "copies-the-ttl" if copies else "resurrects",
                )
            expect(got, False, f"update_profile of a profile that expired just before {name}")

    def test_extended_in_between(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """When another client extends the profile in the middle of the call, the extension holds."""
        meanwhile = _another_client(wire)
        for n, name in enumerate(self._commands(answer, redis, wire, peek)):
            peek.set("p", '{"name": "ada"}', ex=100)
            with _just_before(wire, n, partial(meanwhile.expire, "p", 5000)) as done:
                self._update(answer, redis, f"another client sent EXPIRE just before {name}", None)
            if done and not _lives_about(peek, "p", 5000):
                broken(
                    "5000 s, as the other client asked",
                    f"it sent EXPIRE just before {name}; the profile {_left(peek, 'p')}",
                    "copies-the-ttl",
                )

    @staticmethod
    def _commands(answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> list[str]:
        peek.set("p", '{"name": "ada"}', ex=100)
        return _names_sent(wire, lambda: answer.update_profile(redis, "p", "name", "grace"))

    @staticmethod
    def _update(answer: Answer, redis: Redis, when: str, name: str | None) -> object:
        try:
            return answer.update_profile(redis, "p", "name", "grace")
        except AnswerProblem as problem:
            if problem.kind != "raised":
                raise
            broken("True or False comes back", f"{when}: {problem.sentence}", name)


@exercise("week1.delete-by-prefix")
class TestDeleteByPrefix:
    def test_deletes(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Every key that begins with the prefix goes, the others stay; the number of deleted keys comes back."""
        self._judge(
            answer, redis, peek, "cart:7:", ["cart:7:a", "cart:7:b", "cart:7:"], ["cart:70:a", "my:cart:7:a", "cart:7"]
        )

    def test_nothing_to_do(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Where no key begins with the prefix, 0 comes back."""
        self._judge(answer, redis, peek, "cart:7:", [], ["cart:8:a"])

    def test_special_characters(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A prefix is text, not a pattern: `*`, `?`, `[`, `]` and `\\` in it stand for themselves."""
        for prefix, others in (
            ("user:[1]*", ["user:1", "user:1:a", "user:[1]"]),
            ("a?b:", ["axb:1", "aab:2"]),
            ("*", ["anything", "x*"]),
            ("back\\slash:", ["backslash:1"]),
        ):
            self._judge(answer, redis, peek, prefix, [prefix + "1", prefix + "2"], others, "prefix-is-a-pattern")

    def test_many(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Of 4000 keys 3000 are deleted, in steps of at most 1000, and KEYS is never used."""
        going, staying = [f"cart:7:{n}" for n in range(3000)], [f"page:{n}" for n in range(1000)]
        wire.clear()
        self._judge(answer, redis, peek, "cart:7:", going, staying, None)
        if _keys_command_ran(peek):
            broken("the keys are walked page by page", "KEYS ran, and everybody waited for it", "keys-command")
        largest = max((len(e.command) - 1 for e in wire.exchanges if e.name in {"DEL", "UNLINK"}), default=0)
        if largest > 1000:
            broken("at most 1000 keys in one command", f"one command deleted {largest} keys", "one-huge-delete")
        trips: dict[int, int] = {}
        for e in wire.exchanges:
            if e.name in {"DEL", "UNLINK"}:
                trips[e.trip] = trips.get(e.trip, 0) + len(e.command) - 1
        if max(trips.values(), default=0) > 1000:
            broken("at most 1000 keys at a time", f"one pipeline deleted {max(trips.values())} keys", "one-huge-delete")
        for e in wire.exchanges:
            words = [word.upper() for word in e.command]
            count = words[words.index(b"COUNT") + 1] if b"COUNT" in words[:-1] else b"10"
            if e.name == "SCAN" and count.isdigit() and int(count) > 1000:
                broken("COUNT is 1000 at most", f"COUNT {count.decode()} was asked for", "one-huge-delete")
        if wire.round_trips > 100:
            broken("at most 100 round trips", f"{wire.round_trips} round trips", "one-by-one")

    def test_counts_what_was_deleted(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A key that is gone before it could be deleted does not count."""
        peek.mset({"cart:7:a": 1, "cart:7:b": 1, "cart:7:c": 1})
        meanwhile = _another_client(wire)
        deletes = {b"DEL", b"UNLINK"}
        gone: list[int] = []
        wire.before(lambda command: command[0].upper() in deletes, lambda: gone.append(meanwhile.delete("cart:7:b")))
        got = answer.delete_prefix(redis, "cart:7:")
        if gone == [1]:
            expect(
                got,
                2,
                'delete_prefix(r, "cart:7:") with 3 keys, one of which another client deletes meanwhile',
                known={3: "counts-what-it-saw"},
            )

    @staticmethod
    def _judge(
        answer: Answer,
        redis: Redis,
        peek: Redis,
        prefix: str,
        going: list[str],
        staying: list[str],
        because: str | None = None,
    ) -> None:
        peek.flushdb()
        peek.mset(dict.fromkeys([*going, *staying], 1))
        call = f"delete_prefix(r, {prefix!r})"
        try:
            got = answer.delete_prefix(redis, prefix)
        except AnswerProblem as problem:
            if "wrong number of arguments" not in problem.sentence:
                raise
            broken(f"{call} returns {len(going)}", problem.sentence, "empty-batch")
        left = set(_keys(peek))
        if lost := sorted(set(staying) - left):
            broken(f"{call} leaves {_some(staying)} alone", f"{_some(lost)} went too", because)
        if forgotten := sorted(set(going) & left):
            broken(f"{call} deletes {_some(going)}", f"{_some(forgotten)} are still there", because)
        expect(got, len(going), call)


@exercise("week1.fix-the-limiter")
class TestFixTheLimiter:
    def test_limits(self, answer: Answer, redis: Redis) -> None:
        """The first 3 of a window are allowed, the fourth is not; each client has a window of its own."""
        for number, wanted in enumerate((True, True, True, False, False), 1):
            expect(answer.allow(redis, "ada", 3, 60), wanted, f'call {number} of allow(r, "ada", 3, 60)')
        expect(answer.allow(redis, "bob", 3, 60), True, 'the first allow(r, "bob", 3, 60)')

    def test_window_closes(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The window ends 60 seconds after its first call: later calls, allowed or refused, do not move its end."""
        answer.allow(redis, "ada", 3, 60)
        window = self._window(peek)
        if not _lives_about(peek, window, 60):
            broken("the window has 60 s left after its first call", f"{window} {_left(peek, window)}")
        for number in (2, 3, 4, 5):
            # 40 seconds go by.
            peek.pexpire(window, 20_000)
            answer.allow(redis, "ada", 3, 60)
            if not _lives_about(peek, window, 20):
                broken(
                    f"20 s before its end, call {number} leaves the window as it is",
                    f"now {window} {_left(peek, window)}",
                    "every-hit-extends",
                )

    def test_next_window(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """When the window has ended, the next call opens a new one."""
        for _ in range(4):
            answer.allow(redis, "ada", 3, 60)
        peek.flushdb()
        expect(answer.allow(redis, "ada", 3, 60), True, 'allow(r, "ada", 3, 60) after the window has ended')
        window = self._window(peek)
        if not _lives_about(peek, window, 60):
            broken("the new window has 60 s left", f"{window} {_left(peek, window)}")

    def test_never_without_end(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """There is no counter without an end, not even when the program stops between two commands."""
        immortal = _watch_for_immortals(wire, peek)
        for _ in range(5):
            answer.allow(redis, "ada", 3, 60)
        if immortal:
            broken(
                "every counter has its end from the start",
                f"{immortal[0]} existed without one for a moment; a program that stops there locks ada out for ever",
                "incr-then-expire",
            )

    def test_ends_in_between(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A window that ends in the middle of a call does not come back without an end."""
        meanwhile = _another_client(wire)
        for n, name in enumerate(_names_sent(wire, lambda: answer.allow(redis, "ada", 3, 60))):
            peek.flushdb()
            answer.allow(redis, "ada", 3, 60)
            with _just_before(wire, n, partial(_expire, meanwhile, _keys(peek))):
                answer.allow(redis, "ada", 3, 60)
            if immortal := _immortal(peek):
                broken(
                    "the new window has an end",
                    f"the old one ended just before {name}; now {immortal[0]} has no expiry",
                    "ends-in-between",
                )

    def test_last_place(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The last place goes to one of two callers who come at once."""
        meanwhile = _another_client(wire)
        for n, name in enumerate(_names_sent(wire, lambda: answer.allow(redis, "ada", 3, 60))):
            peek.flushdb()
            for _ in range(2):
                answer.allow(redis, "ada", 3, 60)
            taken: list[int] = []
            with _just_before(wire, n, partial(self._call_of_another, meanwhile, _keys(peek), taken)):
                got = answer.allow(redis, "ada", 3, 60)
            if taken and taken[0] <= 3 and got is not False:
                broken(
                    "the call that comes second is refused",
                    f"another call took place 3 just before your {name}, and yours was allowed too",
                    "check-then-count",
                )

    def test_one_step(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Counting and setting the end are one step on the server."""
        names = _names_sent(wire, lambda: answer.allow(redis, "ada", 3, 60))
        # To look first and refuse at once is harmless, as long as what counts is one step.
        if not _one_step([name for name in names if name != "GET"]):
            name = "ends-in-between" if "SET" in names else "incr-then-expire"
            broken("one command, one transaction or one script", f"{', '.join(names)} was sent", name)

    @staticmethod
    def _window(peek: Redis) -> Any:
        keys = _keys(peek)
        if len(keys) != 1:
            broken("one key for a client's window", f"the keys are {_some(keys) or 'none'}")
        return keys[0]

    @staticmethod
    def _call_of_another(client: Redis, keys: list[Any], taken: list[int]) -> None:
        for key in keys:
            # A window that is no counter is left alone; the other promises judge it.
            with suppress(ResponseError):
                taken.append(int(client.incr(key)))


@exercise("week1.session-store")
class TestSessionStore:
    IDLE, LIFETIME = 600, 3600

    def test_life_of_a_session(self, answer: Answer, redis: Redis) -> None:
        """A session knows its user until it is ended; ending tells whether there was one."""
        now = self._start()
        session, other = self._create(answer, redis, "ada", now), self._create(answer, redis, "Zoë:1", now)
        if session == other:
            broken("each call creates a session of its own", f"two calls returned {show(session)}")
        expect(answer.read_session(redis, session, now + 1, self.IDLE), "ada", "read_session for ada's session")
        expect(answer.end_session(redis, session), True, "end_session for ada's session")
        expect(answer.read_session(redis, session, now + 2, self.IDLE), None, "read_session after end_session")
        expect(answer.end_session(redis, session), False, "end_session for the second time")
        expect(answer.read_session(redis, other, now + 3, self.IDLE), "Zoë:1", "read_session for the session of Zoë:1")

    def test_unknown(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An unknown session gives None and is not created."""
        expect(
            answer.read_session(redis, "never-created", self._start(), 600),
            None,
            'read_session(r, "never-created", now, self.IDLE)',
        )
        if left := _keys(peek):
            broken("no key is created", f"now there is {_some(left)}", "zombie")

    def test_idle(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A session ends `idle` seconds after it was last read; the moment counts from `now`."""
        now = self._start()
        session = self._create(answer, redis, "ada", now)
        self._ends_at(peek, now, self.IDLE, "after create_session")
        for later in (100, 650, 1200):
            answer.read_session(redis, session, now + later, self.IDLE)
            self._ends_at(peek, now, later + self.IDLE, f"after a read {later} s later")

    def test_absolute(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """However often it is read, a session ends `lifetime` seconds after it was created."""
        now = self._start()
        session = self._create(answer, redis, "ada", now)
        for later in (500, 1000, 1500, 2000, 2500, 2990):
            answer.read_session(redis, session, now + later, self.IDLE)
        self._ends_at(peek, now, 2990 + self.IDLE, "after reads up to 2990 s later")
        for later in (3001, 3500):
            answer.read_session(redis, session, now + later, self.IDLE)
            self._ends_at(peek, now, self.LIFETIME, f"after a read {later} s later", later)
        short = answer.create_session(redis, "bob", now, 600, 60)
        if not isinstance(short, str):
            broken("create_session returns the session's id", f"it returned {show(short)}")
        ends = min(int(peek.pexpiretime(key)) for key in _keys(peek))
        if abs(ends / 1000 - (now + 60)) > 1:
            broken(
                "a session with idle 600 and lifetime 60 ends after 60 s",
                f"it ends {ends / 1000 - now:.0f} s after it was created",
                "no-limit",
            )

    def test_always_ends(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """At no moment is there a session without an end."""
        immortal = _watch_for_immortals(wire, peek)
        session = self._create(answer, redis, "ada", self._start())
        created = list(wire.names)
        answer.read_session(redis, session, self._start() + 5, self.IDLE)
        if immortal or not _one_step(created):
            broken(
                "session and end are written in one step",
                f"create_session sent {', '.join(created)}; a program that stops in between leaves a session for ever",
                "end-comes-later",
            )

    def test_ends_in_between(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A session that ends in the middle of a read stays ended."""
        now = self._start()
        session = self._create(answer, redis, "ada", now)
        meanwhile = _another_client(wire)
        for n, name in enumerate(_names_sent(wire, partial(answer.read_session, redis, session, now + 5, self.IDLE))):
            peek.flushdb()
            session = self._create(answer, redis, "ada", now)
            try:
                with _just_before(wire, n, partial(_expire, meanwhile, _keys(peek))) as done:
                    answer.read_session(redis, session, now + 5, self.IDLE)
            except AnswerProblem as problem:
                broken("the user or None", f"the session ended just before {name}: {problem.sentence}")
            if done and (left := _keys(peek)):
                broken("an ended session stays ended", f"it ended just before {name}; now there is {left[0]}", "zombie")

    def test_stops_in_between(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A program that stops in the middle of a read does not let the session outlive its absolute end."""
        now, lifetime = self._start(), self.IDLE + 300
        # `idle` seconds after this read are beyond the end, and so is the moment of the late one.
        read, late = now + self.IDLE - 100, now + lifetime + 100
        session = self._create(answer, redis, "ada", now, lifetime)
        names = _names_sent(wire, partial(answer.read_session, redis, session, read, self.IDLE))
        for n, name in enumerate(names[1:], 1):
            peek.flushdb()
            session = self._create(answer, redis, "ada", now, lifetime)
            with _just_before(wire, n, _stop), suppress(AnswerProblem):
                answer.read_session(redis, session, read, self.IDLE)
            # By then the server would have removed what expires before.
            _expire(peek, [key for key in _keys(peek) if 0 < int(peek.pexpiretime(key)) <= late * 1000])
            got = answer.read_session(redis, session, late, self.IDLE)
            if got is not None:
                broken(
                    f"a session with lifetime {lifetime} has ended {lifetime + 100} s after it was created: None",
                    f"a program stopped just before its {name} in a read {read - now} s after that, "
                    f"and read_session at {lifetime + 100} s returned {show(got)}",
                    "outlives-its-end",
                )

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """create_session and end_session are one round trip, read_session two at most."""
        now = self._start()
        for limit, name, call in self._calls(answer, redis, now):
            with wire.measure() as cost:
                call()
            if cost.round_trips > limit:
                broken(
                    f"round trips of {name}: at most {limit}", f"it made {cost.round_trips}: {', '.join(cost.names)}"
                )

    def test_unguessable(self, answer: Answer, redis: Redis) -> None:
        """Who knows many session ids cannot guess another."""
        now = self._start()
        ids = [self._create(answer, redis, "ada", now) for _ in range(16)]
        bits = sum(math.log2(len(set(column))) for column in zip(*ids, strict=False))
        if len(set(ids)) < 16 or bits < 60:
            broken("session ids have nothing in common", f"create_session gave {show(ids[0])}, {show(ids[1])}, …")
        _two_programs(answer, lambda program: self._create(program, redis, "ada", now), "session id")

    def _calls(self, answer: Answer, redis: Redis, now: int) -> list[tuple[int, str, Callable[[], object]]]:
        session = self._create(answer, redis, "ada", now)
        return [
            (1, "create_session", lambda: self._create(answer, redis, "ada", now)),
            (2, "read_session", lambda: answer.read_session(redis, session, now + 5, self.IDLE)),
            (1, "end_session", lambda: answer.end_session(redis, session)),
        ]

    @staticmethod
    def _start() -> int:
        """A moment some days ahead, so that it cannot be mistaken for the server's own now."""
        return int(time.time()) + 500_000

    def _create(self, answer: Answer, redis: Redis, user: str, now: int, lifetime: int = LIFETIME) -> str:
        session = answer.create_session(redis, user, now, self.IDLE, lifetime)
        if not isinstance(session, str) or not session:
            broken("create_session returns the session's id, a text", f"it returned {show(session)}")
        return session

    def _ends_at(self, peek: Redis, now: int, wanted: int, when: str, read_at: int | None = None) -> None:
        """Judge the moment at which the one session's key expires, in seconds after `now`."""
        keys = _keys(peek)
        if len(keys) != 1:
            broken("one key for a session", f"{when} the keys are {_some(keys) or 'none'}")
        expires = int(peek.pexpiretime(keys[0]))
        if expires == -1:
            broken(f"{when} the session ends {wanted} s after it was created", "it has no expiry", "end-comes-later")
        ends = expires / 1000 - now
        if abs(ends - wanted) <= 1:
            return
        name = None
        if ends < -self.LIFETIME:
            name = "two-clocks"
        elif read_at is not None and ends > self.LIFETIME:
            name = "no-limit" if abs(ends - read_at - self.IDLE) <= 1 else None
        elif wanted > self.IDLE and abs(ends - self.IDLE) <= 1:
            name = "reading-extends-by-itself"
        told = f"it ends {ends:.0f} s after"
        if name == "two-clocks":
            told = (
                f"it ends {expires / 1000 - time.time():.0f} s after what the server's clock says, which is not `now`"
            )
        broken(f"{when} the session ends {wanted} s after it was created", told, name)
