"""Promises of the notebook 02-sets-and-tags.

What travels matters here as much as what comes back: a number asked for should not cost the members it counts. Sets
that must agree with each other are looked at after every order in which the commands of two clients can meet.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis, ResponseError

from grader.checks import Answer, AnswerProblem, broken, exercise, expect
from grader.checks.lines import run_lines
from grader.checks.verdict import show
from grader.wire import Wire
from grader.wire.faults import Faults
from grader.wire.race import End, Race

_SCRIPTS = {"EVAL", "EVALSHA", "FCALL"}


def _one_step(names: list[str]) -> bool:
    """Whether these commands run as one step on the server: one command, one transaction, or one script."""
    names = [name for name in names if name != "SCRIPT"]
    if len(names) <= 1 or set(names) <= _SCRIPTS:
        return True
    return names[0] == "MULTI" and names[-1] == "EXEC" and names.count("MULTI") == 1


def _keys(peek: Redis) -> list[str]:
    """All keys of the check's own small database."""
    return sorted(map(str, peek.scan_iter(count=1000)))


def _no_other_keys(peek: Redis, before: list[str], misconception: str) -> None:
    """Nothing was left behind, and nothing taken away."""
    after = _keys(peek)
    if left := sorted(set(after) - set(before)):
        broken("no other key is left behind", f"now there is {', '.join(left)}", misconception)
    if gone := sorted(set(before) - set(after)):
        broken("the sets that were asked about are left as they are", f"{', '.join(gone)} is gone")


def _holds(client: Redis, key: str, wanted: set[str], when: str, misconception: str | None = None) -> None:
    """The set `key` has these members, `when` says after what."""
    members = {str(member) for member in client.smembers(key)}
    if members != wanted:
        broken(f"{when}, {key} holds {_several(wanted)}", f"it holds {_several(members)}", misconception)


def _several(names: set[str]) -> str:
    """Names in order, to be read."""
    return ", ".join(sorted(names)) or "nothing"


def _one_trip(wire: Wire, call: Callable[[], object], typed: str, misconception: str) -> None:
    """`call` costs one round trip. A script may be loaded on the first call, so the second one counts."""
    call()
    wire.clear()
    call()
    if wire.round_trips != 1:
        broken("one round trip", f"{typed} sent {_listed(wire.names)}", misconception)


def _listed(names: list[str], limit: int = 8) -> str:
    """The commands sent, the first few by name."""
    rest = f" and {len(names) - limit} more" if len(names) > limit else ""
    return (", ".join(names[:limit]) or "nothing") + rest


# week2.predict-sets

# Each line is run on an empty database; what its last command answers is to be predicted. Beside it, the answers that
# betray a misconception.
_LINES: dict[str, dict[str, list[tuple[object, str]]]] = {
    "adding": {
        "SADD a x y x": [(3, "counts-the-arguments")],
        "SADD b x y; SADD b y z": [(2, "counts-the-arguments"), (3, "counts-the-arguments")],
        "SADD c 7 07 7; SCARD c": [(1, "members-are-numbers"), (3, "counts-the-arguments")],
    },
    "nothing": {
        "SCARD nobody": [(None, "missing-is-nothing"), (-1, "missing-is-nothing")],
        "SMEMBERS nobody": [(None, "missing-is-nothing")],
        "SADD d x; SMISMEMBER d y x": [([None, 1], "missing-is-nothing"), ([1], "missing-is-nothing")],
        "SADD e x; SREM e x; EXISTS e": [(1, "empty-set-stays")],
        "SADD f x; EXPIRE f 100; SREM f x; SADD f y; TTL f": [(100, "empty-set-stays"), (99, "empty-set-stays")],
    },
    "combining": {
        "SADD g 1 2 3; SADD h 2 3 4; SDIFF g h": [
            ({"1", "4"}, "difference-both-ways"),
            ({"4"}, "difference-both-ways"),
        ],
        "SADD i 1 2 3; SADD j 2 3; SDIFF j i": [({"1"}, "difference-both-ways")],
        "SADD k 1 2; SINTER k nobody": [({"1", "2"}, "missing-is-nothing"), (None, "missing-is-nothing")],
        "SADD l 1 2; SADD m 2 3; SUNIONSTORE n l m": [({"1", "2", "3"}, "store-shows-members")],
        "SET o x; SADD p 1; SINTERSTORE o p nobody; EXISTS o": [(1, "empty-set-stays")],
    },
    "chance": {
        "SPOP nobody": [(set(), "missing-is-nothing"), (0, "missing-is-nothing")],
    },
}
_COUNTS: dict[str, list[tuple[object, str]]] = {
    "SADD a x y z; SRANDMEMBER a 2": [],
    "SADD b x y z; SRANDMEMBER b 5": [(5, "sign-does-not-matter")],
    "SADD c x y z; SRANDMEMBER c -5": [(3, "sign-does-not-matter")],
    "SADD d x y z; SPOP d 5": [(5, "sign-does-not-matter")],
    "SADD e x y z; SPOP e 2; SMEMBERS e": [(3, "pop-leaves-them")],
    "SADD f x y z; SRANDMEMBER f 2; SMEMBERS f": [(1, "pop-leaves-them")],
}


def _run(peek: Redis, line: str) -> Any:
    """What the last command of `line` answers on an empty database."""
    peek.flushdb()
    return run_lines(peek, line)


def _predictions(answer: Answer, name: str) -> dict[Any, Any]:
    found = answer.value(name)
    if not isinstance(found, dict):
        broken(f"{name} is the dictionary of the starter", f"it is {show(found)}")
    return found


def _compare(line: str, predicted: Any, reply: Any, known: list[tuple[object, str]], what: str) -> None:
    if predicted is ...:
        broken(f"a prediction for `{line}`", "nothing is predicted yet")
    if type(predicted) is type(reply) and predicted == reply:
        return
    names = [name for value, name in known if type(value) is type(predicted) and value == predicted]
    broken(
        f"`{line}` answers {what}",
        f"you predicted {show(predicted)}, Redis answered {show(reply)}",
        names[0] if names else None,
    )


def _judge(answer: Answer, peek: Redis, group: str) -> None:
    predictions = _predictions(answer, "set_predictions")
    for line, known in _LINES[group].items():
        _compare(line, predictions.get(line, ...), _run(peek, line), known, "what you predicted")


@exercise("week2.predict-sets")
class TestPredictSets:
    def test_adding(self, answer: Answer, peek: Redis) -> None:
        """What SADD counts, and what is one member."""
        _judge(answer, peek, "adding")

    def test_nothing(self, answer: Answer, peek: Redis) -> None:
        """Sets that are not there, or not any more."""
        _judge(answer, peek, "nothing")

    def test_combining(self, answer: Answer, peek: Redis) -> None:
        """Intersections, unions and differences, and what their STORE forms answer."""
        _judge(answer, peek, "combining")

    def test_chance(self, answer: Answer, peek: Redis) -> None:
        """SPOP of a set that is not there, and how many members come back by chance."""
        _judge(answer, peek, "chance")
        predictions = _predictions(answer, "how_many")
        for line, known in _COUNTS.items():
            _compare(line, predictions.get(line, ...), len(_run(peek, line)), known, "as many members as you predicted")


# week2.unique-visitors

_MONTH = 30 * 86400


def _crowd(peek: Redis, key: str, numbers: range) -> None:
    """Fill a set with people whose names are long enough to notice when they travel."""
    peek.sadd(key, *[f"a visitor from far away {n}" for n in numbers])


def _little_travels(wire: Wire, call: Callable[[], object], typed: str) -> None:
    """The replies to `call` do not carry the members of the crowds it asks about."""
    wire.clear()
    with wire.measure() as cost:
        call()
    if cost.bytes_received > 2000:
        broken(
            "the members of the sets stay where they are",
            f"{typed} received {cost.bytes_received} bytes",
            "members-travel",
        )


@exercise("week2.unique-visitors")
class TestUniqueVisitors:
    def test_first_visit(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """visit tells whether it is the first visit of this visitor on this day."""
        for day, visitor, first in (
            ("mon", "ada", True),
            ("mon", "ada", False),
            ("mon", "Zoë", True),
            ("tue", "ada", True),
            ("mon", "", True),
            ("mon", "Zoë", False),
        ):
            wire.clear()
            expect(answer.visit(redis, day, visitor), first, f'visit(r, "{day}", "{visitor}")')
        _holds(peek, "visitors:mon", {"ada", "Zoë", ""}, "after these visits")

    def test_days_end(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A day's set ends 30 days after its last visit, and is never without an end."""
        for visitor, which in (("ada", "a first visit"), ("bob", "a second visitor"), ("ada", "ada coming again")):
            wire.clear()
            answer.visit(redis, "mon", visitor)
            left = peek.ttl("visitors:mon")
            if not _MONTH - 5 <= left <= _MONTH:
                happened = "has no expiry" if left == -1 else f"has {left} s left"
                name = "no-end" if left == -1 else "not-renewed" if 0 < left <= 1000 else None
                if name == "not-renewed" and "SISMEMBER" in wire.names:
                    name = "asks-first"
                broken(f"after {which} visitors:mon has {_MONTH} s left", f"it {happened}", name)
            peek.expire("visitors:mon", 1000)

    def test_visit_is_one_step(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """A visit is one round trip and one step, also for the one who comes again."""
        for visitor in ("ada", "ada"):
            answer.visit(redis, "sun", visitor)  # a script may be loaded here
        for visitor in ("ada", "bob", "ada"):
            wire.clear()
            answer.visit(redis, "mon", visitor)
            if {"SISMEMBER", "SMISMEMBER", "SMEMBERS"} & set(wire.names):
                broken("SADD itself tells who is new", f"visit sent {_listed(wire.names)}", "asks-first")
            if wire.round_trips != 1 or not _one_step(wire.names):
                broken(
                    "the visit and the end of its day are written in one step",
                    f"visit sent {_listed(wire.names)}",
                    "end-comes-later",
                )

    def test_union(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """unique_in counts everybody once, however many days they came."""
        peek.sadd("visitors:mon", "ada", "bob")
        peek.sadd("visitors:tue", "bob", "eve", "Zoë")
        for days, count in ((["mon", "tue"], 4), (["tue"], 3), (["mon", "tue", "wed", "mon"], 4), (["wed"], 0)):
            wire.clear()
            total = sum(peek.scard(f"visitors:{day}") for day in days)
            expect(
                answer.unique_in(redis, days),
                count,
                f"unique_in(r, {days!r})",
                known={total: "sums-the-days"} if total != count else None,
            )

    def test_no_days(self, answer: Answer, redis: Redis) -> None:
        """No days, no visitors: unique_in gives 0."""
        expect(answer.unique_in(redis, []), 0, "unique_in(r, [])")

    def test_union_leaves_nothing(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """unique_in leaves no key behind, whatever happens, and the days as they were."""
        peek.sadd("visitors:mon", "ada", "bob")
        peek.sadd("visitors:tue", "bob", "eve")
        before = _keys(peek)
        with wire.measure() as cost:
            answer.unique_in(redis, ["mon", "tue"])
        _no_other_keys(peek, before, "temp-stays")
        _holds(peek, "visitors:mon", {"ada", "bob"}, 'after unique_in(r, ["mon", "tue"])')
        stores = [name for name in cost.names if name.endswith("STORE")]
        if stores and not _one_step(cost.names):
            broken(
                "what is stored is removed in the same step",
                f"unique_in sent {_listed(cost.names)}: a program that stops after {stores[0]} leaves its key for ever",
                "temp-stays",
            )

    def test_came_back(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """came_back counts who came on both days."""
        peek.sadd("visitors:mon", "ada", "bob", "eve")
        peek.sadd("visitors:tue", "bob", "eve", "Zoë", "kim")
        for day, later, count in (("mon", "tue", 2), ("tue", "mon", 2), ("mon", "wed", 0)):
            wire.clear()
            expect(answer.came_back(redis, day, later), count, f'came_back(r, "{day}", "{later}")')
        _no_other_keys(peek, ["visitors:mon", "visitors:tue"], "temp-stays")

    def test_newcomers(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """newcomers are those of the day who came on none of the days before."""
        peek.sadd("visitors:mon", "ada", "bob")
        peek.sadd("visitors:tue", "eve")
        peek.sadd("visitors:wed", "bob", "eve", "kim", "Zoë")
        for before, wanted, wrong in (
            (["mon"], {"eve", "kim", "Zoë"}, {"ada"}),
            (["mon", "tue"], {"kim", "Zoë"}, {"ada"}),
            ([], {"bob", "eve", "kim", "Zoë"}, None),
            (["thu"], {"bob", "eve", "kim", "Zoë"}, set()),
        ):
            wire.clear()
            got = answer.newcomers(redis, "wed", before)
            expect(
                got,
                wanted,
                f'newcomers(r, "wed", {before!r})',
                because="backwards" if isinstance(got, set) and got == wrong else None,
            )

    def test_numbers_travel(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A number that is asked for comes as a number, and not as the names of all it counts."""
        _crowd(peek, "visitors:mon", range(150))
        _crowd(peek, "visitors:tue", range(50, 200))
        _little_travels(wire, lambda: answer.unique_in(redis, ["mon", "tue"]), 'unique_in(r, ["mon", "tue"])')
        _little_travels(wire, lambda: answer.came_back(redis, "mon", "tue"), 'came_back(r, "mon", "tue")')
        peek.sadd("visitors:wed", "a visitor from far away 7", "kim")
        _little_travels(
            wire, lambda: answer.newcomers(redis, "wed", ["mon", "tue"]), 'newcomers(r, "wed", ["mon", "tue"])'
        )

    def test_one_trip(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Each question is one round trip."""
        peek.sadd("visitors:mon", "ada")
        days = ["mon", "tue", "wed"]
        _one_trip(wire, lambda: answer.unique_in(redis, days), "unique_in(r, days)", "members-travel")
        _one_trip(wire, lambda: answer.came_back(redis, "mon", "tue"), "came_back(r, …)", "members-travel")
        _one_trip(wire, lambda: answer.newcomers(redis, "mon", days[1:]), "newcomers(r, …)", "members-travel")


# week2.friends


def _know(peek: Redis, *pairs: str) -> None:
    """Make friends: ``ada-bob`` makes each the friend of the other."""
    for pair in pairs:
        one, other = pair.split("-")
        peek.sadd(f"friends:{one}", other)
        peek.sadd(f"friends:{other}", one)


@exercise("week2.friends")
class TestFriends:
    def test_in_common(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """in_common gives the friends that both have."""
        _know(peek, "ada-bob", "ada-eve", "ada-tom", "bob-eve", "bob-kim", "eve-Zoë")
        for a, b, wanted in (
            ("ada", "bob", {"eve"}),
            ("ada", "kim", {"bob"}),
            ("tom", "kim", set()),
            ("ada", "nobody", set()),
        ):
            wire.clear()
            expect(answer.in_common(redis, a, b), wanted, f'in_common(r, "{a}", "{b}")')

    def test_suggest(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """suggest gives the friends of a friend whom one does not know yet, and never oneself."""
        _know(peek, "ada-bob", "ada-eve", "ada-tom", "bob-eve", "bob-kim", "bob-Zoë")
        for me, friend, wanted in (
            ("ada", "bob", {"kim", "Zoë"}),
            ("bob", "ada", {"tom"}),
            ("ada", "nobody", set()),
            ("nobody", "tom", {"ada"}),
        ):
            wire.clear()
            got = answer.suggest(redis, me, friend)
            mine, theirs = peek.smembers(f"friends:{me}"), peek.smembers(f"friends:{friend}")
            guessed = {me: "suggests-oneself", friend: "backwards"}
            why = next((name for who, name in guessed.items() if isinstance(got, set) and who in got), None)
            if isinstance(got, set) and got == mine - theirs and got != wanted:
                why = "backwards"
            expect(got, wanted, f'suggest(r, "{me}", "{friend}")', because=why)

    def test_mark(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """mark_friends tells for each of the people whether they are a friend, True or False."""
        _know(peek, "ada-bob", "ada-Zoë", "ada-tom")
        friends = {"bob", "Zoë", "tom"}
        # The second list names one person twice, so no set of it has as many members.
        for people in (["tom", "kim", "Zoë", "ida", "", "bob", "eve", "uma"], ["bob", "bob", "kim", "ida", "tom"]):
            wanted = {person: person in friends for person in people}
            wire.clear()
            got = answer.mark_friends(redis, "ada", people)
            asked = [[word.decode() for word in e.command[2:]] for e in wire.exchanges if e.name == "SMISMEMBER"]
            expect(
                got,
                wanted,
                f'mark_friends(r, "ada", {people!r})',
                because="other-order" if asked and people not in asked else None,
            )
            if any(type(value) is not bool for value in got.values()):
                broken("the values are True or False", f"they are {show(got)}", "numbers-for-truth")

    def test_mark_nobody(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Nobody asked for, nobody marked: an empty list gives an empty dictionary."""
        _know(peek, "ada-bob")
        try:
            got = answer.mark_friends(redis, "ada", [])
        except AnswerProblem as problem:
            if problem.kind != "raised":
                raise
            broken('mark_friends(r, "ada", []) returns {}', problem.sentence, "empty-is-an-error")
        expect(got, {}, 'mark_friends(r, "ada", [])')

    def test_one_by_one(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A page of people is marked in one round trip."""
        _know(peek, "ada-bob")
        people = ["kim", "bob", "eve"]
        _one_trip(
            wire, lambda: answer.mark_friends(redis, "ada", people), f'mark_friends(r, "ada", {people})', "one-by-one"
        )

    def test_little_travels(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Only what is asked for travels: the thousand other friends stay where they are."""
        _crowd(peek, "friends:ada", range(150))
        _crowd(peek, "friends:bob", range(160))
        for typed, call in (
            ('suggest(r, "ada", "bob")', lambda: answer.suggest(redis, "ada", "bob")),
            ('mark_friends(r, "ada", ["bob"])', lambda: answer.mark_friends(redis, "ada", ["bob"])),
            ('in_common(r, "ada", "kim")', lambda: answer.in_common(redis, "ada", "kim")),
        ):
            _little_travels(wire, call, typed)
            _one_trip(wire, call, typed, "members-travel")


# week2.set-encodings


def _steps(peek: Redis, members: list[Any]) -> list[tuple[int, str]]:
    """The encodings that a set of `members` goes through on this server: (members it had, encoding)."""
    with peek.pipeline(transaction=False) as pipe:
        for member in members:
            pipe.sadd("check:set", member)
            pipe.scard("check:set")
            pipe.object("encoding", "check:set")
        replies = pipe.execute()
    peek.delete("check:set")
    steps: list[tuple[int, str]] = []
    for count, encoding in zip(replies[1::3], replies[2::3], strict=True):
        if not steps or steps[-1][1] != encoding:
            steps.append((count, encoding))
    return steps


def _as_steps(value: Any) -> Any:
    """Pairs as tuples, whatever sequence the answer made them of."""
    if isinstance(value, list):
        return [tuple(pair) if isinstance(pair, list) else pair for pair in value]
    return value


@exercise("week2.set-encodings")
class TestSetEncodings:
    def test_steps(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """encoding_steps tells every encoding, and how many members the set had when it came."""
        members: list[Any]
        for typed, members in (
            ("[1, 2, 3]", [1, 2, 3]),
            ('["red"]', ["red"]),
            ("range(1, 521)", list(range(1, 521))),
            ("130 words", [f"word {n}" for n in range(130)]),
            ('[7, 8, 9, "red", 10]', [7, 8, 9, "red", 10]),
        ):
            wanted = _steps(peek, members)
            got = _as_steps(answer.encoding_steps(redis, members))
            at_the_end = isinstance(got, list) and got == [(len(members), wanted[-1][1])] and len(members) > 1
            expect(got, wanted, f"encoding_steps(r, {typed})", because="only-the-end" if at_the_end else None)

    def test_repeats(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A member that comes twice does not make the set larger."""
        members: list[Any] = [1, 2, 2, 1, 3, 3, "red"]
        expect(
            _as_steps(answer.encoding_steps(redis, members)),
            _steps(peek, members),
            f"encoding_steps(r, {members})",
            because="counts-additions",
        )

    def test_other_settings(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The server's settings decide, and not a number you remember."""
        try:
            peek.config_set("set-max-intset-entries", 20)
        except ResponseError as refused:
            pytest.skip(f"this Redis does not let its settings be changed: {refused}")
        members: list[Any] = list(range(40))
        expect(
            _as_steps(answer.encoding_steps(redis, members)),
            _steps(peek, members),
            "encoding_steps(r, range(40)) after CONFIG SET set-max-intset-entries 20",
            because="threshold-by-heart",
        )

    def test_converts_back(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """converts_back tells whether a set that shrank is stored like a new one."""
        members: list[Any]
        for typed, members in (
            ("range(1, 521)", list(range(1, 521))),
            ('[7, 8, "red"]', [7, 8, "red"]),
            ("[1, 2, 3]", [1, 2, 3]),
            ('["red", "blue"]', ["red", "blue"]),
            ("[1, 2, 1]", [1, 2, 1]),
            ('["red", "blue", "green", "red"]', ["red", "blue", "green", "red"]),
        ):
            same = len(_steps(peek, members)) == 1
            wire.clear()
            got = answer.converts_back(redis, members)
            why = "converts-back" if got is True else None
            if got is False and members[0] in members[1:]:
                why = "first-goes-too"
            expect(got, same, f"converts_back(r, {typed})", because=why)

    def test_own_key(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """What an earlier run left does no harm, and nothing is left behind."""
        peek.set("config:name", "x")
        calls: list[tuple[str, Callable[[], Any]]] = [
            ("encoding_steps(r, [1, 2])", lambda: answer.encoding_steps(redis, [1, 2])),
            ("converts_back(r, [1, 'red'])", lambda: answer.converts_back(redis, [1, "red"])),
        ]
        for typed, call in calls:
            wire.clear()
            call()
            _no_other_keys(peek, ["config:name"], "key-left-behind")
            used = {e.command[1] for e in wire.exchanges if e.name == "SADD"}
            for key in used:
                peek.sadd(key, "an old member")
            fresh = [(1, _steps(peek, [1])[0][1])] if "steps" in typed else False
            expect(
                _as_steps(call()),
                fresh,
                f"{typed}, the key holding an old member",
                because="key-left-behind",
            )
            peek.flushdb()
            peek.set("config:name", "x")

    def test_few_trips(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Hundreds of members take at most 10 round trips."""
        calls: list[tuple[str, Callable[[], Any]]] = [
            ("encoding_steps(r, range(200))", lambda: answer.encoding_steps(redis, range(200))),
            ("converts_back(r, range(200))", lambda: answer.converts_back(redis, range(200))),
        ]
        for typed, call in calls:
            with wire.measure() as cost:
                call()
            if cost.round_trips > 10:
                broken("at most 10 round trips", f"{typed} took {cost.round_trips}", "one-trip-each")


# week2.raffle


def _winners(value: Any, typed: str) -> list[Any]:
    """What a draw returned, if it is a list of names."""
    if not isinstance(value, list) or not all(isinstance(person, str) for person in value):
        broken(f"{typed} returns a list of people", f"it returned {show(value)}")
    return value


def _names_in(reply: Any) -> set[str]:
    """The people named in a reply, whether it is one name or many."""
    parts = reply if isinstance(reply, list | set | tuple) else [reply]
    return {part.decode() if isinstance(part, bytes) else part for part in parts if isinstance(part, bytes | str)}


@exercise("week2.raffle")
class TestRaffle:
    def test_enter(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """enter puts everybody in once, and tells who is new."""
        for person, new in (("ada", True), ("Zoë", True), ("ada", False)):
            expect(answer.enter(redis, "spring", person), new, f'enter(r, "spring", "{person}")')
        _holds(peek, "raffle:spring", {"ada", "Zoë"}, "with ada and Zoë entered")
        wire.clear()
        answer.enter(redis, "spring", "bob")
        if wire.round_trips != 1:
            broken("one round trip: SADD itself tells who is new", f"enter sent {_listed(wire.names)}", "asks-first")

    def test_draw(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A winner is drawn once: the winners of all draws are different, and out of the raffle."""
        entries = {f"person {n}" for n in range(9)}
        peek.sadd("raffle:spring", *entries)
        drawn: list[Any] = []
        for n in (1, 3, 0, 2):
            got = _winners(answer.draw(redis, "spring", n), f'draw(r, "spring", {n})')
            if len(set(got)) != n or len(got) != n:
                repeated = len(got) > len(set(got))
                broken(f"{n} different people win", f"draw returned {show(got)}", "puts-back" if repeated else None)
            drawn += got
            if back := set(got) & peek.smembers("raffle:spring"):
                broken("winners are out of the raffle", f"{min(back)} won and is still in it", "draws-and-leaves")
        if len(set(drawn)) != 6 or not set(drawn) <= entries:
            broken("six different people of the nine win", f"it was {show(drawn)}", "draws-and-leaves")

    def test_few_entries(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """With fewer entries than winners asked for, all win; of an empty raffle, nobody."""
        peek.sadd("raffle:spring", "ada", "bob")
        for wanted in (["ada", "bob"], []):
            got = _winners(answer.draw(redis, "spring", 5), 'draw(r, "spring", 5)')
            because = "puts-back" if len(got) > len(set(got)) else None
            expect(sorted(got), wanted, 'sorted(draw(r, "spring", 5))', because=because)

    def test_preview(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A preview shows different entries and leaves all of them in the raffle."""
        entries = {f"person {n}" for n in range(30)}
        peek.sadd("raffle:spring", *entries)
        for n, size in ((2, 2), (0, 0), (29, 29), (30, 30), (400, 30)):
            wire.clear()
            got = _winners(answer.preview(redis, "spring", n), f'preview(r, "spring", {n})')
            # Thirty of thirty, drawn with putting back, are never all different.
            put_back = any(e.name == "SRANDMEMBER" and e.command[2:3] == (b"%d" % -n,) for e in wire.exchanges if n)
            if len(set(got)) != len(got):
                broken("the entries shown are different", f"preview returned {show(got)}", "puts-back")
            expect(
                len(got),
                size,
                f'len(preview(r, "spring", {n})), with 30 entries',
                because="puts-back" if put_back else None,
            )
            _holds(peek, "raffle:spring", entries, "after a preview")
        expect(answer.preview(redis, "nothing", 3), [], 'preview(r, "nothing", 3)')

    def test_chance(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """It is chance who wins, and who is shown."""
        for function in ("draw", "preview"):
            seen = set()
            for _ in range(12):
                peek.sadd("raffle:spring", *[f"person {n}" for n in range(30)])
                seen.update(_winners(getattr(answer, function)(redis, "spring", 1), f'{function}(r, "spring", 1)'))
                peek.delete("raffle:spring")
            if len(seen) < 2:
                broken("every entry has the same chance", f"of 30 people {function} chose {show(seen)} twelve times")

    def test_two_draw(self, answer: Answer, race: Race) -> None:
        """Two programs draw at once: nobody wins twice, and everybody in the pot is drawn."""

        def all_win_once(end: End) -> None:
            drawn = [person for winners in end.results for person in _winners(winners, 'draw(r, "spring", 2)')]
            if len(set(drawn)) < len(drawn):
                broken("nobody wins twice", f"the two draws gave {end.results[0]} and {end.results[1]}")
            if set(drawn) != {"ada", "bob"}:
                broken("both entries win, as two draws ask for two each", f"the winners are {_several(set(drawn))}")

        race(
            lambda r: answer.draw(r, "spring", 2),
            lambda r: answer.draw(r, "spring", 2),
            setup=lambda r: r.sadd("raffle:spring", "ada", "bob"),
            invariant=all_win_once,
            misconception="sample-then-remove",
        )

    def test_nobody_is_passed_over(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Somebody else draws the person you have just chosen: you draw another one, if there is one."""
        peek.sadd("raffle:spring", "ada", "bob")
        with wire.measure() as cost:
            answer.draw(redis, "spring", 1)
        meanwhile: Redis = wire.client("meanwhile", decode_responses=True)
        for n in range(1, len(cost.names)):
            peek.delete("raffle:spring")
            peek.sadd("raffle:spring", "ada", "bob")
            wire.clear()
            taken: list[str] = []

            def snatch(taken: list[str] = taken) -> None:
                chosen = _names_in(wire.exchanges[-1].reply) & {"ada", "bob"}
                if len(chosen) == 1 and meanwhile.srem("raffle:spring", *chosen):
                    taken.extend(chosen)

            wire.before(n, snatch)
            got = answer.draw(redis, "spring", 1)
            if taken:
                other = {"ada": "bob", "bob": "ada"}[taken[0]]
                expect(got, [other], f'draw(r, "spring", 1) while another draws {taken[0]}', because="loser-goes-empty")

    def test_one_trip(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A draw is one round trip, and does not carry away the names of those who lost."""
        _crowd(peek, "raffle:spring", range(150))
        calls: list[tuple[str, Callable[[], Any]]] = [
            ('draw(r, "spring", 3)', lambda: answer.draw(redis, "spring", 3)),
            ('preview(r, "spring", 3)', lambda: answer.preview(redis, "spring", 3)),
        ]
        for typed, call in calls:
            with wire.measure() as cost:
                call()
            if cost.bytes_received > 2000:
                broken("only the names drawn travel", f"{typed} received {cost.bytes_received} bytes", "carries-all")
            _one_trip(wire, call, typed, "one-by-one")


# Tags

_TAG_KEY = re.compile("tag:(.*):items")


def _sides(client: Redis) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """All (item, tag) there are: as the items say, and as the tags say."""
    by_item: set[tuple[str, str]] = set()
    by_tag: set[tuple[str, str]] = set()
    for key in map(str, client.scan_iter(count=1000)):
        kind, _, rest = key.partition(":")
        name, _, last = rest.rpartition(":")
        if (kind, last) == ("item", "tags"):
            by_item |= {(name, str(tag)) for tag in client.smembers(key)}
        elif (kind, last) == ("tag", "items"):
            by_tag |= {(str(item), name) for item in client.smembers(key)}
    return by_item, by_tag


def _disagreement(client: Redis) -> str:
    """Where the two directions say different things, in words; empty if they agree."""
    by_item, by_tag = _sides(client)
    for item, tag in sorted(by_item - by_tag):
        return f"item:{item}:tags says {tag}, tag:{tag}:items does not say {item}"
    for item, tag in sorted(by_tag - by_item):
        return f"tag:{tag}:items says {item}, item:{item}:tags does not say {tag}"
    return ""


def _agree(client: Redis) -> None:
    if found := _disagreement(client):
        broken("both directions agree", found)


def _only_tags(client: Redis, wanted: set[str], when: str, misconception: str | None = None) -> None:
    """These are all the tags there are (``7: redis``), in both directions."""
    for side, found in zip(("items", "tags"), _sides(client), strict=True):
        said = {f"{item}: {tag}" for item, tag in found}
        if said != wanted:
            broken(
                f"{when}, the tags are {_several(wanted)}, and no others",
                f"the sets of the {side} say {_several(said)}",
                misconception,
            )


def _give(client: Redis, **tags_of: str) -> None:
    """Tag items as they should be tagged: ``_7="redis python"``."""
    with client.pipeline(transaction=True) as pipe:
        for item, tags in tags_of.items():
            for tag in tags.split():
                pipe.sadd(f"item:{item[1:]}:tags", tag)
                pipe.sadd(f"tag:{tag}:items", item[1:])
        pipe.execute()


def _take(client: Redis, item: str, tag: str) -> None:
    """Untag an item as it should be done."""
    with client.pipeline(transaction=True) as pipe:
        pipe.srem(f"item:{item}:tags", tag)
        pipe.srem(f"tag:{tag}:items", item)
        pipe.execute()


def _always(wire: Wire, look: Callable[[], str]) -> list[str]:
    """From now on `look` after every command; what it says comes into the list returned, with the command."""
    said: list[str] = []

    def after() -> None:
        if found := look():
            said.append(f"after {wire.exchanges[-1].lines()[0]}: {found}")

    wire.after(lambda command: True, after, times=1000)
    return said


@exercise("week2.tagging")
class TestTagging:
    def test_tag(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """tag writes both directions, and tells whether the tag is new for the item."""
        for item, name, new in (
            ("7", "redis", True),
            ("8", "redis", True),
            ("7", "redis", False),
            ("7", "größe", True),
        ):
            expect(answer.tag(redis, item, name), new, f'tag(r, "{item}", "{name}")')
        for key, wanted in (
            ("item:7:tags", {"redis", "größe"}),
            ("tag:redis:items", {"7", "8"}),
            ("tag:größe:items", {"7"}),
        ):
            _holds(peek, key, wanted, "after these calls of tag", "no-index" if key.startswith("tag") else None)

    def test_untag(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """untag removes both directions, and tells whether the item had the tag."""
        _give(peek, _7="redis python", _8="redis")
        for item, name, had in (("7", "redis", True), ("7", "redis", False), ("8", "python", False)):
            expect(answer.untag(redis, item, name), had, f'untag(r, "{item}", "{name}")')
        _holds(peek, "item:7:tags", {"python"}, 'after untag(r, "7", "redis")')
        _holds(peek, "tag:redis:items", {"8"}, 'after untag(r, "7", "redis")', "one-direction")

    def test_questions(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """items_with and tags_of answer from the sets, and nothing for what is not there."""
        _give(peek, _7="redis python", _8="redis")
        expect(answer.items_with(redis, "redis"), {"7", "8"}, 'items_with(r, "redis")')
        expect(answer.items_with(redis, "nothing"), set(), 'items_with(r, "nothing")')
        expect(answer.tags_of(redis, "7"), {"redis", "python"}, 'tags_of(r, "7")')
        expect(answer.tags_of(redis, "9"), set(), 'tags_of(r, "9")')

    def test_two_at_once(self, answer: Answer, redis: Redis, wire: Wire, race: Race) -> None:
        """One program tags an item while another takes the tag away: the directions agree afterwards."""
        answer.tag(redis, "7", "new")
        answer.untag(redis, "7", "new")
        name = "plain-pipeline" if wire.round_trips == 2 else "two-commands"
        wire.clear()
        for before in ("", "new"):
            race(
                lambda r: answer.tag(r, "7", "new"),
                lambda r: answer.untag(r, "7", "new"),
                setup=lambda r, before=before: _give(r, _7=before),
                invariant=lambda end: _agree(end.redis),
                misconception=name,
            )

    def test_dies_anywhere(self, answer: Answer, faults: Faults) -> None:
        """Whichever command the program stops at, both directions agree."""

        def stops_anywhere(change: Callable[[Redis], object], before: str) -> None:
            faults.everywhere(
                change,
                setup=lambda r: _give(r, _7=before),
                then=lambda end: _agree(end.redis),
                misconception="two-commands",
            )

        stops_anywhere(lambda r: answer.tag(r, "7", "new"), "")
        stops_anywhere(lambda r: answer.untag(r, "7", "new"), "new")

    def test_one_trip(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Each of the four functions is one round trip."""
        names = iter(("redis", "python", "redis", "python"))
        for typed, call in (
            ('tag(r, "7", "python")', lambda: answer.tag(redis, "7", next(names))),
            ('untag(r, "7", "python")', lambda: answer.untag(redis, "7", next(names))),
            ('items_with(r, "redis")', lambda: answer.items_with(redis, "redis")),
            ('tags_of(r, "7")', lambda: answer.tags_of(redis, "7")),
        ):
            _one_trip(wire, call, typed, "asks-first")


# week2.tag-search


@exercise("week2.tag-search")
class TestTagSearch:
    def test_all(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """with_all finds the items that have every tag."""
        _give(peek, _7="redis python", _8="redis java python", _9="redis", _10="java")
        for tags, wanted in (
            (["redis", "python"], {"7", "8"}),
            (["redis"], {"7", "8", "9"}),
            (["java", "redis", "python"], {"8"}),
            (["redis", "nothing"], set()),
        ):
            wire.clear()
            got = answer.with_all(redis, tags)
            tags_for_items = isinstance(got, set) and bool(got) and got <= {"redis", "python", "java"}
            expect(got, wanted, f"with_all(r, {tags})", because="wrong-direction" if tags_for_items else None)

    def test_any(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """with_any finds the items that have one of the tags."""
        _give(peek, _7="redis python", _8="redis java", _9="c", _10="java")
        for tags, wanted in (
            (["python", "java"], {"7", "8", "10"}),
            (["c", "nothing"], {"9"}),
            (["nothing"], set()),
        ):
            wire.clear()
            expect(answer.with_any(redis, tags), wanted, f"with_any(r, {tags})")

    def test_without(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """with_all_but leaves out the items with any of the unwanted tags."""
        _give(peek, _7="redis python", _8="redis java", _9="redis", _10="java", _11="redis old python")
        for tags, without, wanted in (
            (["redis"], ["python", "java"], {"9"}),
            (["redis"], ["java"], {"7", "9", "11"}),
            (["redis", "python"], ["old"], {"7"}),
            (["redis", "python"], [], {"7", "11"}),
            (["redis"], ["nothing"], {"7", "8", "9", "11"}),
        ):
            wire.clear()
            got = answer.with_all_but(redis, tags, without)
            because = None
            if len(tags) > 1 and got == peek.sdiff([f"tag:{name}:items" for name in tags + without]):
                because = "subtracts-the-second"
            elif isinstance(got, set) and not got & wanted:
                because = "without-first"
            expect(got, wanted, f"with_all_but(r, {tags}, {without})", because=because)

    def test_at_least(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """at_least tells whether there are n items with all of the tags, or more."""
        _give(peek, _7="redis python", _8="redis python", _9="redis")
        for tags, n, wanted in (
            (["redis", "python"], 1, True),
            (["redis", "python"], 2, True),
            (["redis", "python"], 3, False),
            (["redis"], 3, True),
            (["nothing"], 1, False),
        ):
            wire.clear()
            expect(answer.at_least(redis, tags, n), wanted, f"at_least(r, {tags}, {n})")

    def test_no_tags(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A search without tags finds nothing."""
        _give(peek, _7="redis")
        calls: list[tuple[str, Callable[[], Any], Any]] = [
            ("with_all(r, [])", lambda: answer.with_all(redis, []), set()),
            ("with_any(r, [])", lambda: answer.with_any(redis, []), set()),
            ('with_all_but(r, [], ["java"])', lambda: answer.with_all_but(redis, [], ["java"]), set()),
            ("at_least(r, [], 1)", lambda: answer.at_least(redis, [], 1), False),
        ]
        for typed, call, nothing in calls:
            try:
                got = call()
            except AnswerProblem as problem:
                if problem.kind != "raised":
                    raise
                broken(f"{typed} returns {show(nothing)}", problem.sentence, "empty-is-an-error")
            expect(got, nothing, typed)

    def test_leaves_nothing(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A search leaves no key behind, and changes none."""
        _give(peek, _7="redis python", _8="redis java")
        before = _keys(peek)
        for typed, call in self._searches(answer, redis):
            wire.clear()
            call()
            _no_other_keys(peek, before, "temp-stays")
            _agree(peek)
            stores = [name for name in wire.names if name.endswith("STORE")]
            if stores and not _one_step(wire.names):
                broken(
                    "what is stored is removed in the same step",
                    f"{typed} sent {_listed(wire.names)}: a program that stops after {stores[0]} leaves its key",
                    "temp-stays",
                )

    def test_any_name(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A tag can have any name, so a search keeps nothing under a key that a tag may have."""
        _give(peek, _7="redis python", _8="redis java")
        for typed, call in self._searches(answer, redis):
            wire.clear()
            call()
            named = {word.decode("utf-8", "replace") for e in wire.exchanges for word in e.command[1:]}
            for name in sorted(match[1] for word in named if (match := _TAG_KEY.fullmatch(word))):
                _give(peek, _9=name)
                wire.clear()
                call()
                if found := _disagreement(peek):
                    broken(f"a tag called {name} is as it was after {typed}", found, "temp-is-a-tag")
                _take(peek, "9", name)

    def test_little_travels(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Only what is found travels, in one round trip."""
        _crowd(peek, "tag:redis:items", range(150))
        _crowd(peek, "tag:java:items", range(2, 150))
        peek.sadd("tag:python:items", "a visitor from far away 0", "7")
        for typed, call in self._searches(answer, redis):
            if "any" not in typed:
                _little_travels(wire, call, typed)
            _one_trip(wire, call, typed, "members-travel")

    def test_stops_counting(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """at_least stops counting at n."""
        for tag in ("redis", "python"):
            peek.sadd(f"tag:{tag}:items", *range(2000))
        wire.clear()
        expect(answer.at_least(redis, ["redis", "python"], 3), True, 'at_least(r, ["redis", "python"], 3)')
        for exchange in wire.exchanges:
            counted = exchange.reply if isinstance(exchange.reply, int) else 0
            if counted > 3 or exchange.name in {"SINTERSTORE", "SINTER", "SMEMBERS"}:
                broken(
                    "it stops at 3 of the 2000 items",
                    f"{exchange.lines()[0]} went through all of them",
                    "counts-everything",
                )

    @staticmethod
    def _searches(answer: Answer, redis: Redis) -> list[tuple[str, Callable[[], Any]]]:
        two = ["redis", "python"]
        return [
            (f"with_all(r, {two})", lambda: answer.with_all(redis, two)),
            (f"with_any(r, {two})", lambda: answer.with_any(redis, two)),
            (f'with_all_but(r, {two}, ["java"])', lambda: answer.with_all_but(redis, two, ["java"])),
            (f"at_least(r, {two}, 2)", lambda: answer.at_least(redis, two, 2)),
        ]


# week2.retag


def _change_of(wire: Wire, call: Callable[[], object]) -> str:
    """Which gap a change has that read something first, by the commands it sends."""
    with wire.measure() as cost:
        call()
    names = cost.names
    reads = [n for n, name in enumerate(names) if name in {"SMEMBERS", "SSCAN", "SMISMEMBER", "SISMEMBER"}]
    if "WATCH" not in names:
        return "unwatched"
    if reads and reads[0] < names.index("WATCH"):
        return "reads-before-watching"
    return "gives-up"


def _tags(client: Redis, item: str = "7") -> set[str]:
    return {str(tag) for tag in client.smembers(f"item:{item}:tags")}


def _one_of(end: End, *allowed: set[str]) -> None:
    """The directions agree, and item 7 has one of these sets of tags."""
    _nobody_gave_up(end)
    _agree(end.redis)
    tags = _tags(end.redis)
    if tags not in allowed:
        wanted = " or ".join(show(sorted(one)) for one in allowed)
        broken(f"item 7 has the tags {wanted} afterwards", f"it has {sorted(tags)}")


_WRITES = {"SADD", "SREM", "SMOVE", "DEL", "UNLINK", "SUNIONSTORE", "SDIFFSTORE", "SINTERSTORE", "RENAME", "COPY"}


@pytest.fixture
def own_writes(wire: Wire) -> None:
    """Break the promise when the answer's own writes break its watch: it would try again for ever."""
    refused = []

    def look() -> None:
        seen = wire.exchanges
        begin = max((n for n, e in enumerate(seen) if e.name in {"WATCH", "UNWATCH", "EXEC"}), default=len(seen))
        watched = {key for e in seen[begin : begin + 1] for key in e.command[1:]}
        for exchange in seen[begin:]:
            if exchange.name in _WRITES and watched & set(exchange.command[1:]):
                refused.append(exchange.lines()[0])
                break
        if len(refused) == 2:
            broken(
                "a change is queued, and made by EXEC",
                f"{refused[-1]} ran at once, on a key that is watched: so EXEC refuses",
                "no-multi",
            )

    # Before the transaction leaves, all commands since WATCH are those that ran at once.
    wire.before("EXEC", look, times=1000)


def _persists(wire: Wire, peek: Redis, meanwhile: Callable[[int], object], call: Callable[[], object]) -> None:
    """`call` goes through though others are quicker eight times in a row; `meanwhile` gets 0 to 7."""
    rounds = iter(range(8))
    wire.before("EXEC", lambda: meanwhile(next(rounds)), times=8)
    if _unless_watch_error(call) == _GAVE_UP:
        broken("the change is tried again when another was quicker", "it raised WatchError", "gives-up")
    _agree(peek)


_GAVE_UP = "gave up: WatchError"


def _unless_watch_error(call: Callable[[], object]) -> object:
    """What `call` returns, or `_GAVE_UP` when it lets WatchError out: a broken promise, and no accident."""
    try:
        return call()
    except AnswerProblem as problem:
        if problem.kind == "raised" and "WatchError" in problem.sentence:
            return _GAVE_UP
        raise


def _nobody_gave_up(end: End) -> None:
    if any(isinstance(result, str) and result == _GAVE_UP for result in end.results):
        broken("the change is tried again when another was quicker", "it raised WatchError", "gives-up")


@exercise("week2.retag")
@pytest.mark.usefixtures("own_writes")
class TestRetag:
    def test_replaces(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The item has exactly the new tags, in both directions; other items keep theirs."""
        _give(peek, _7="redis old", _8="redis old")
        for tags in (["redis", "cache"], ["größe"], ["größe"], ["a", "b", "a"]):
            wire.clear()
            answer.retag(redis, "7", tags)
            _holds(peek, "item:7:tags", set(tags), f'after retag(r, "7", {tags})', "adds-only")
            if found := _disagreement(peek):
                broken("both directions agree", found, "adds-only")
        _holds(peek, "item:8:tags", {"redis", "old"}, "when only item 7 was retagged")

    def test_no_tags(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An empty list takes all tags away, and an item without tags can get some."""
        _give(peek, _7="redis old", _8="redis")
        answer.retag(redis, "7", [])
        _only_tags(peek, {"8: redis"}, 'after retag(r, "7", [])')
        answer.retag(redis, "9", ["new"])
        _only_tags(peek, {"8: redis", "9: new"}, 'after retag(r, "9", ["new"])')

    def test_every_moment(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """At no moment does a reader find the item without tags, or one direction ahead of the other."""
        _give(peek, _7="redis old")
        said = _always(wire, lambda: _disagreement(peek) or ("" if _tags(peek) else "item 7 has no tags"))
        answer.retag(redis, "7", ["redis", "cache"])
        if said:
            broken("all of the change is seen at once", said[0], "in-steps")

    def test_against_tagging(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis, race: Race) -> None:
        """Another program tags or untags the item meanwhile: the end is as if one had come after the other."""
        _give(peek, _7="old")
        name = _change_of(wire, lambda: answer.retag(redis, "7", ["b"]))
        wire.clear()
        race(
            lambda r: _unless_watch_error(lambda: answer.retag(r, "7", ["b"])),
            lambda r: _give(r, _7="c"),
            setup=lambda r: _give(r, _7="a"),
            invariant=lambda end: _one_of(end, {"b"}, {"b", "c"}),
            misconception=name,
        )

    def test_many_are_quicker(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Others change the item's tags eight times in a row: you try again until it works."""
        _give(peek, _7="old")
        _persists(wire, peek, lambda n: _give(peek, _7=f"tag{n}"), lambda: answer.retag(redis, "7", ["b"]))
        _holds(peek, "item:7:tags", {"b"}, 'after retag(r, "7", ["b"]), tried often', "gives-up")

    def test_two_retag(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis, race: Race) -> None:
        """Two programs retag the item at once: it has the tags of the one that came last."""
        _give(peek, _7="old")
        name = _change_of(wire, lambda: answer.retag(redis, "7", ["b"]))
        wire.clear()
        race(
            lambda r: _unless_watch_error(lambda: answer.retag(r, "7", ["b"])),
            lambda r: _unless_watch_error(lambda: answer.retag(r, "7", ["c"])),
            setup=lambda r: _give(r, _7="a"),
            invariant=lambda end: _one_of(end, {"b"}, {"c"}),
            misconception=name,
        )


# week2.rename-tag


@exercise("week2.rename-tag")
@pytest.mark.usefixtures("own_writes")
class TestRenameTag:
    def test_merges(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """All items of the old tag have the new one, and none of those that had it before is lost."""
        _give(peek, _7="js redis", _8="js", _9="javascript", _10="js javascript", _11="redis")
        got = answer.rename_tag(redis, "js", "javascript")
        now = peek.smembers("tag:javascript:items")
        if "9" not in now:
            broken("item 9 keeps its tag javascript", f"tag:javascript:items holds {show(sorted(now))}", "overwrites")
        renamed = 'after rename_tag(r, "js", "javascript")'
        _holds(peek, "tag:javascript:items", {"7", "8", "9", "10"}, renamed)
        _holds(peek, "tag:js:items", set(), renamed)
        for item, wanted in (
            ("7", {"javascript", "redis"}),
            ("8", {"javascript"}),
            ("9", {"javascript"}),
            ("10", {"javascript"}),
            ("11", {"redis"}),
        ):
            _holds(peek, f"item:{item}:tags", wanted, renamed, "items-not-told")
        expect(got, 3, 'rename_tag(r, "js", "javascript"), three items having the tag js')

    def test_new_name_is_free(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The new tag need not exist before."""
        _give(peek, _7="js", _8="js größe")
        expect(answer.rename_tag(redis, "js", "ä"), 2, 'rename_tag(r, "js", "ä")')
        _only_tags(peek, {"7: ä", "8: ä", "8: größe"}, 'after rename_tag(r, "js", "ä")')

    def test_no_such_tag(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Renaming a tag that no item has changes nothing, and answers 0."""
        _give(peek, _7="javascript")
        typed = 'rename_tag(r, "js", "javascript"), no item having the tag js'
        try:
            got = answer.rename_tag(redis, "js", "javascript")
        except AnswerProblem as problem:
            if problem.kind != "raised":
                raise
            broken(f"{typed} returns 0", problem.sentence, "missing-is-an-error")
        expect(got, 0, typed)
        _only_tags(peek, {"7: javascript"}, "afterwards")

    def test_same_name(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A tag renamed to itself stays as it is."""
        _give(peek, _7="js", _8="js")
        got = answer.rename_tag(redis, "js", "js")
        _only_tags(peek, {"7: js", "8: js"}, 'after rename_tag(r, "js", "js")', "same-name-deletes")
        expect(got, 2, 'rename_tag(r, "js", "js"), two items having it', because="same-name-deletes")

    def test_every_moment(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """At no moment do an item and a tag contradict each other."""
        _give(peek, _7="js", _8="js")
        said = _always(wire, lambda: _disagreement(peek))
        answer.rename_tag(redis, "js", "javascript")
        if said:
            broken("all of the change is seen at once", said[0], "in-steps")

    def test_others_tag(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis, race: Race) -> None:
        """Others give and take the old tag meanwhile: both directions agree, and nobody has lost anything."""
        name = self._gap(answer, redis, wire, peek)

        def renamed(end: End) -> None:
            _nobody_gave_up(end)
            _agree(end.redis)
            _holds(end.redis, "item:8:tags", {"javascript"}, "item 8 having had js all the time")

        for other in (lambda r: _give(r, _7="js"), lambda r: _take(r, "9", "js")):
            race(
                lambda r: _unless_watch_error(lambda: answer.rename_tag(r, "js", "javascript")),
                other,
                setup=lambda r: _give(r, _8="js", _9="js"),
                invariant=renamed,
                misconception=name,
            )

    def test_taken_away(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis, race: Race) -> None:
        """Another program takes both tags from an item meanwhile: it has neither of them afterwards."""
        name = self._gap(answer, redis, wire, peek)

        def take_both(r: Redis) -> None:
            _take(r, "7", "js")
            _take(r, "7", "javascript")

        def neither(end: End) -> None:
            _nobody_gave_up(end)
            _agree(end.redis)
            _holds(end.redis, "item:7:tags", set(), "with js and then javascript taken away")

        race(
            lambda r: _unless_watch_error(lambda: answer.rename_tag(r, "js", "javascript")),
            take_both,
            setup=lambda r: _give(r, _7="js"),
            invariant=neither,
            misconception=name,
        )

    def test_two_rename(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis, race: Race) -> None:
        """Two programs rename the tag at once: one comes first, and its name is the name for all items."""
        name = self._gap(answer, redis, wire, peek)

        def one_name(end: End) -> None:
            _nobody_gave_up(end)
            _agree(end.redis)
            tags = [_tags(end.redis, item) for item in "78"]
            if tags not in ([{"ts"}, {"ts"}], [{"javascript"}, {"javascript"}]):
                happened = " and ".join(f"item {item} has {_several(of)}" for item, of in zip("78", tags, strict=True))
                broken("items 7 and 8 both have ts, or both javascript", happened)

        race(
            lambda r: _unless_watch_error(lambda: answer.rename_tag(r, "js", "ts")),
            lambda r: _unless_watch_error(lambda: answer.rename_tag(r, "js", "javascript")),
            setup=lambda r: _give(r, _7="js", _8="js"),
            invariant=one_name,
            misconception=name,
        )

    def test_many_are_quicker(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Others give the old tag to items eight times in a row: you try again until it works."""
        _give(peek, _7="js")
        _persists(
            wire,
            peek,
            lambda n: _give(peek, **{f"_1{n}": "js"}),
            lambda: answer.rename_tag(redis, "js", "javascript"),
        )
        _holds(peek, "item:7:tags", {"javascript"}, "after a rename that was tried often", "gives-up")

    @staticmethod
    def _gap(answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> str:
        """Which gap this rename has, by the commands it sends for two items."""
        _give(peek, _7="js", _8="js")
        wire.clear()
        name = _change_of(wire, lambda: answer.rename_tag(redis, "js", "javascript"))
        several = wire.names.count("EXEC") > 1
        wire.clear()
        return "item-by-item" if several else name


# week2.online-now


def _ends(peek: Redis) -> dict[str, int]:
    """How many seconds each key has left; -1 for a key without an end."""
    return {key: int(peek.ttl(key)) for key in _keys(peek)}


@exercise("week2.online-now")
class TestOnlineNow:
    def test_online(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Online is who was seen in this minute or in the one before."""
        for user, now in (("ada", 120), ("bob", 179.9), ("Zoë", 180), ("bob", 190), ("kim", 240)):
            answer.seen(redis, user, now)
        if not _keys(peek) and any(name in {"EXPIREAT", "PEXPIREAT"} for name in wire.names):
            broken("what was seen is remembered", "every key was gone at once", "server-clock")
        wire.clear()
        expect(answer.online(redis, 10_000), set(), "online(r, 10000), hours later", because="one-growing-set")
        for now, wanted in (
            (181, {"ada", "bob", "Zoë"}),
            (239.9, {"ada", "bob", "Zoë"}),
            (240, {"bob", "Zoë", "kim"}),
            (299, {"bob", "Zoë", "kim"}),
            (300, {"kim"}),
            (360, set()),
            (100, set()),
        ):
            wire.clear()
            got = answer.online(redis, now)
            missing = isinstance(got, set) and got < wanted
            expect(got, wanted, f"online(r, {now})", because="this-minute-only" if missing else None)

    def test_among(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """online_among tells who of the people asked about is online."""
        for user, now in (("ada", 130), ("bob", 185), ("eve", 70), ("tom", 130), ("tom", 185)):
            answer.seen(redis, user, now)
        for people, wanted in (
            (["ada", "kim", "bob"], {"ada", "bob"}),
            (["eve", "tom"], {"tom"}),
            (["kim"], set()),
            (["bob", "bob"], {"bob"}),
        ):
            wire.clear()
            expect(answer.online_among(redis, people, 186), wanted, f"online_among(r, {people}, 186)")

    def test_among_nobody(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Nobody asked about, nobody online."""
        answer.seen(redis, "ada", 130)
        wire.clear()
        try:
            got = answer.online_among(redis, [], 131)
        except AnswerProblem as problem:
            if problem.kind != "raised":
                raise
            broken("online_among(r, [], 131) returns set()", problem.sentence, "empty-is-an-error")
        expect(got, set(), "online_among(r, [], 131)")

    def test_ends(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Every key ends 300 s after the last time somebody was seen in its minute."""
        for user, now, again in (("ada", 120, ""), ("bob", 170, ""), ("ada", 179, " in the same minute")):
            wire.clear()
            answer.seen(redis, user, now)
            for key, left in _ends(peek).items():
                if not 297 <= left <= 300:
                    happened = f"{key} has no expiry" if left == -1 else f"{key} has {left} s left"
                    name = "never-ends" if left == -1 else "ends-too-early" if left < 120 else None
                    if 190 <= left <= 200 and any(key.encode() in e.command for e in wire.exchanges):
                        name = "not-renewed"
                    broken(f'300 s left after seen(r, "{user}", {now}){again}', happened, name)
                peek.expire(key, 200)

    def test_never_without_end(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """There is no moment at which a key has no end."""
        said = _always(wire, lambda: ", ".join(key for key, left in _ends(peek).items() if left == -1))
        answer.seen(redis, "ada", 120)
        if said or not _one_step(wire.names):
            broken("member and end are written in one step", f"seen sent {_listed(wire.names)}", "end-comes-later")

    def test_nothing_is_scanned(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """No walk through keys or members: the names of the keys can be computed."""
        for call in self._calls(answer, redis):
            call()
        scans = {"KEYS", "SCAN", "SSCAN"} & set(wire.names)
        if scans:
            broken("nothing is scanned", f"{', '.join(sorted(scans))} was sent", "scans")

    def test_little_travels(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """One round trip each; who else is online does not travel."""
        for n in range(100):
            answer.seen(redis, f"a visitor from far away {n}", 130)
        wire.clear()
        with wire.measure() as cost:
            answer.online_among(redis, ["a visitor from far away 7", "kim"], 131)
        if cost.bytes_received > 2000:
            broken(
                "only the people asked about travel",
                f"online_among received {cost.bytes_received} bytes",
                "carries-everybody",
            )
        for call in self._calls(answer, redis):
            _one_trip(wire, call, "the function", "several-trips")

    @staticmethod
    def _calls(answer: Answer, redis: Redis) -> list[Callable[[], Any]]:
        return [
            lambda: answer.seen(redis, "ada", 130),
            lambda: answer.online(redis, 131),
            lambda: answer.online_among(redis, ["ada", "bob"], 131),
        ]
