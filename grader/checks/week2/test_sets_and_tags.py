"""Promises of the notebook 02-sets-and-tags.

What travels matters here as much as what comes back: a number asked for should not cost the members it counts. Sets
that must agree with each other are looked at after every order in which the commands of two clients can meet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis import Redis

from grader.checks import Answer, AnswerProblem, broken, exercise, expect
from grader.checks.verdict import show
from grader.wire import Wire, split_line

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


def _one_trip(wire: Wire, call: Callable[[], object], typed: str, misconception: str) -> None:
    """`call` costs one round trip. A script may be loaded on the first call, so the second one counts."""
    call()
    with wire.measure() as cost:
        call()
    if cost.round_trips != 1:
        broken("one round trip", f"{typed} sent {_listed(cost.names)}", misconception)


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
    reply: Any = None
    for command in line.split(";"):
        name, *words = split_line(command)
        # redis-py makes a set of the reply to SMEMBERS, but knows the command by its name as text.
        reply = peek.execute_command(name.decode(), *words)  # type: ignore[no-untyped-call]
    return reply


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


def _only_the_number(wire: Wire, call: Callable[[], object], typed: str) -> None:
    """The reply to `call` does not carry the members it counts."""
    with wire.measure() as cost:
        call()
    if cost.bytes_received > 2000:
        broken(
            "a number comes over the network, and not the members it counts",
            f"{typed} received {cost.bytes_received} bytes",
            "members-travel",
        )


@exercise("week2.unique-visitors")
class TestUniqueVisitors:
    def test_first_visit(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """visit tells whether it is the first visit of this visitor on this day."""
        for day, visitor, first in (
            ("mon", "ada", True),
            ("mon", "ada", False),
            ("mon", "Zoë", True),
            ("tue", "ada", True),
            ("mon", "", True),
            ("mon", "Zoë", False),
        ):
            expect(answer.visit(redis, day, visitor), first, f'visit(r, "{day}", "{visitor}")')
        expect(peek.smembers("visitors:mon"), {"ada", "Zoë", ""}, "SMEMBERS visitors:mon")

    def test_days_end(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A day's set ends 30 days after its last visit, and is never without an end."""
        for visitor in ("ada", "bob"):
            answer.visit(redis, "mon", visitor)
            left = peek.ttl("visitors:mon")
            if not _MONTH - 5 <= left <= _MONTH:
                happened = "has no expiry" if left == -1 else f"has {left} s left"
                broken(
                    f"after a visit visitors:mon has {_MONTH} s left",
                    f"it {happened}",
                    "no-end" if left == -1 else None,
                )
            peek.expire("visitors:mon", 1000)

    def test_visit_is_one_step(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """A visit is one round trip and one step, also for the one who comes again."""
        for visitor in ("ada", "bob", "ada"):
            with wire.measure() as cost:
                answer.visit(redis, "mon", visitor)
        if {"SISMEMBER", "SMISMEMBER", "SMEMBERS"} & set(cost.names):
            broken("SADD itself tells who is new", f"visit sent {_listed(cost.names)}", "asks-first")
        if cost.round_trips != 1 or not _one_step(cost.names):
            broken(
                "the visit and the end of its day are written in one step",
                f"visit sent {_listed(cost.names)}",
                "end-comes-later",
            )

    def test_union(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """unique_in counts everybody once, however many days they came."""
        peek.sadd("visitors:mon", "ada", "bob")
        peek.sadd("visitors:tue", "bob", "eve", "Zoë")
        for days, count in ((["mon", "tue"], 4), (["tue"], 3), (["mon", "tue", "wed", "mon"], 4), (["wed"], 0)):
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
        expect(peek.smembers("visitors:mon"), {"ada", "bob"}, "SMEMBERS visitors:mon afterwards")
        stores = [name for name in cost.names if name.endswith("STORE")]
        if stores and not _one_step(cost.names):
            broken(
                "what is stored is removed in the same step",
                f"unique_in sent {_listed(cost.names)}: a program that stops after {stores[0]} leaves its key for ever",
                "temp-stays",
            )

    def test_came_back(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """came_back counts who came on both days."""
        peek.sadd("visitors:mon", "ada", "bob", "eve")
        peek.sadd("visitors:tue", "bob", "eve", "Zoë", "kim")
        for day, later, count in (("mon", "tue", 2), ("tue", "mon", 2), ("mon", "wed", 0)):
            expect(answer.came_back(redis, day, later), count, f'came_back(r, "{day}", "{later}")')
        expect(_keys(peek), ["visitors:mon", "visitors:tue"], "the keys afterwards")

    def test_newcomers(self, answer: Answer, redis: Redis, peek: Redis) -> None:
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
            got = answer.newcomers(redis, "wed", before)
            expect(got, wanted, f'newcomers(r, "wed", {before!r})', because="backwards" if got == wrong else None)

    def test_numbers_travel(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A number that is asked for comes as a number, and not as the names of all it counts."""
        _crowd(peek, "visitors:mon", range(150))
        _crowd(peek, "visitors:tue", range(50, 200))
        _only_the_number(wire, lambda: answer.unique_in(redis, ["mon", "tue"]), 'unique_in(r, ["mon", "tue"])')
        _only_the_number(wire, lambda: answer.came_back(redis, "mon", "tue"), 'came_back(r, "mon", "tue")')
        peek.sadd("visitors:wed", "a visitor from far away 7", "kim")
        _only_the_number(
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
    def test_in_common(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """in_common gives the friends that both have."""
        _know(peek, "ada-bob", "ada-eve", "ada-tom", "bob-eve", "bob-kim", "eve-Zoë")
        for a, b, wanted in (
            ("ada", "bob", {"eve"}),
            ("ada", "kim", {"bob"}),
            ("tom", "kim", set()),
            ("ada", "nobody", set()),
        ):
            expect(answer.in_common(redis, a, b), wanted, f'in_common(r, "{a}", "{b}")')

    def test_suggest(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """suggest gives the friends of a friend whom one does not know yet, and never oneself."""
        _know(peek, "ada-bob", "ada-eve", "ada-tom", "bob-eve", "bob-kim", "bob-Zoë")
        for me, friend, wanted in (
            ("ada", "bob", {"kim", "Zoë"}),
            ("bob", "ada", {"tom"}),
            ("ada", "nobody", set()),
            ("nobody", "tom", {"ada"}),
        ):
            got = answer.suggest(redis, me, friend)
            mine, theirs = peek.smembers(f"friends:{me}"), peek.smembers(f"friends:{friend}")
            guessed = {me: "suggests-oneself", friend: "backwards"}
            why = next((name for who, name in guessed.items() if isinstance(got, set) and who in got), None)
            if got == mine - theirs and got != wanted:
                why = "backwards"
            expect(got, wanted, f'suggest(r, "{me}", "{friend}")', because=why)

    def test_mark(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """mark_friends tells for each of the people whether they are a friend, True or False."""
        _know(peek, "ada-bob", "ada-Zoë")
        people = ["kim", "Zoë", "bob", ""]
        wanted = {"kim": False, "Zoë": True, "bob": True, "": False}
        got = answer.mark_friends(redis, "ada", people)
        expect(got, wanted, f'mark_friends(r, "ada", {people!r})')
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
            _only_the_number(wire, call, typed)
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
            name = "only-the-end" if got == [(len(members), wanted[-1][1])] and len(members) > 1 else None
            expect(got, wanted, f"encoding_steps(r, {typed})", because=name)

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
        peek.config_set("set-max-intset-entries", 20)
        members: list[Any] = list(range(40))
        expect(
            _as_steps(answer.encoding_steps(redis, members)),
            _steps(peek, members),
            "encoding_steps(r, range(40)) after CONFIG SET set-max-intset-entries 20",
            because="threshold-by-heart",
        )

    def test_converts_back(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """converts_back tells whether a set that shrank is stored like a new one."""
        members: list[Any]
        for typed, members in (
            ("range(1, 521)", list(range(1, 521))),
            ('[7, 8, "red"]', [7, 8, "red"]),
            ("[1, 2, 3]", [1, 2, 3]),
            ('["red", "blue"]', ["red", "blue"]),
        ):
            steps = _steps(peek, members)
            expect(
                answer.converts_back(redis, members),
                len(steps) == 1,
                f"converts_back(r, {typed})",
                because="converts-back",
            )

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
        """600 members take at most 10 round trips."""
        calls: list[tuple[str, Callable[[], Any]]] = [
            ("encoding_steps(r, range(600))", lambda: answer.encoding_steps(redis, range(600))),
            ("converts_back(r, range(600))", lambda: answer.converts_back(redis, range(600))),
        ]
        for typed, call in calls:
            with wire.measure() as cost:
                call()
            if cost.round_trips > 10:
                broken("at most 10 round trips", f"{typed} took {cost.round_trips}", "one-trip-each")
