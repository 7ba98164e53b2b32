"""Promises of the notebook 04-hashes-and-profiles.

Whether a change touches only what it should is asked of the race: somebody else changes another field in every order
that matters. What a reading costs is asked of the wire.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from redis import Redis, ResponseError

from grader.checks import Answer, AnswerProblem, broken, exercise, expect
from grader.checks.lines import run_line
from grader.checks.verdict import show
from grader.wire import Wire
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


def _listed(names: list[str], limit: int = 8) -> str:
    """The commands sent, the first few by name."""
    rest = f" and {len(names) - limit} more" if len(names) > limit else ""
    return (", ".join(names[:limit]) or "nothing") + rest


def _one_trip(wire: Wire, call: Callable[[], object], typed: str, misconception: str | None = None) -> list[str]:
    """`call` costs one round trip; its commands. A script may be loaded on the first call, so the second one counts."""
    call()
    with wire.measure() as cost:
        call()
    if cost.round_trips != 1:
        broken("one round trip", f"{typed} took {cost.round_trips}: {_listed(cost.names)}", misconception)
    return cost.names


def _storable(call: Callable[[], Any], misconception: str) -> Any:
    """What `call` returns; if redis-py refuses a value of Python's, that is the misconception."""
    try:
        return call()
    except AnswerProblem as problem:
        if "DataError" in problem.sentence:
            broken("values that redis-py can send", problem.sentence, misconception)
        raise


def _raises_not(call: Callable[[], Any], expected: str, misconception: str) -> Any:
    """What `call` returns; if it raises, that is the misconception."""
    try:
        return call()
    except AnswerProblem as problem:
        if problem.kind != "raised":
            raise
        broken(expected, problem.sentence, misconception)


def _left(milliseconds: int) -> str:
    """A reply of PTTL or HPTTL in words."""
    if milliseconds == -2:
        return "is not there"
    return "has no end" if milliseconds == -1 else f"has {milliseconds / 1000:.1f} s left"


def _about(milliseconds: int, seconds: float) -> bool:
    """Whether `milliseconds` are what is left of `seconds`, give or take what the check itself may have taken."""
    return (seconds - 3) * 1000 <= milliseconds <= seconds * 1000


# week2.predict-hashes

# Each line is run on an empty database; what its last command answers is to be predicted. Beside it, the answers that
# betray a misconception.
_LINES: dict[str, dict[str, list[tuple[object, str]]]] = {
    "counting": {
        "HSET a name Ada city London": [(4, "counts-written")],
        "HSET b x 1; HSET b x 2": [(1, "counts-written")],
        "HSET c x 1 y 2; HSET c y 3 z 4": [(2, "counts-written")],
        "HSET d x 1; HSETNX d x 2; HGET d x": [("2", "nx-overwrites"), (1, "numbers-inside"), (2, "nx-overwrites")],
        "HSET f x 1; HDEL f x y": [(2, "counts-named")],
    },
    "missing": {
        "HGET nobody name": [("error", "missing-is-an-error")],
        "HLEN nobody": [("error", "missing-is-an-error"), (None, "missing-is-an-error")],
        "HSET e x 1 z 3; HMGET e z y x": [
            (["3", "1"], "gaps-are-closed"),
            (["1", "3"], "gaps-are-closed"),
            (["1", None, "3"], "gaps-are-closed"),
            ([3, None, 1], "numbers-inside"),
        ],
        "HINCRBY k logins 5": [("error", "missing-is-an-error"), (None, "missing-is-an-error")],
    },
    "last field": {
        "HSET g x 1; HDEL g x; EXISTS g": [(1, "empty-hash-stays")],
        "HSET h x 1; EXPIRE h 100; HDEL h x; HSET h x 1; TTL h": [(100, "empty-hash-stays")],
        "HSET i x 1; EXPIRE i 100; HSET i y 2; TTL i": [(-1, "every-write-clears")],
    },
    "types": {
        "HSET j age 41; HGET j age": [(41, "numbers-inside")],
        "HSET l age ten; HINCRBY l age 1": [(1, "text-counts-as-zero")],
        "HSET m name Zoë; HSTRLEN m name": [(3, "letters-not-bytes")],
        "SET n x; HGET n name": [(None, "types-are-mixed")],
        "HSET o name Ada; SET o Ada; TYPE o": [("error", "types-are-mixed"), ("hash", "types-are-mixed")],
    },
}


def _reply(peek: Redis, line: str) -> Any:
    """What the last command of `line` answers on an empty database; an error is the text "error"."""
    peek.flushdb()
    reply: Any = None
    for command in line.split(";"):
        try:
            reply = run_line(peek, command)
        except ResponseError:
            reply = "error"
    return reply


def _judge_replies(answer: Answer, peek: Redis, group: str) -> None:
    predictions = answer.value("hash_predictions")
    if not isinstance(predictions, dict):
        broken("hash_predictions is the dictionary of the starter", f"it is {show(predictions)}")
    for line, known in _LINES[group].items():
        predicted = predictions.get(line, ...)
        if predicted is ...:
            broken(f"a prediction for `{line}`", "nothing is predicted yet")
        reply = _reply(peek, line)
        clock = line.rpartition(";")[2].strip().startswith("TTL") and reply > 0
        if type(predicted) is type(reply) and (predicted == reply or (clock and abs(predicted - reply) <= 1)):
            continue
        names = [name for value, name in known if type(value) is type(predicted) and value == predicted]
        broken(
            f"`{line}` answers what you predicted",
            f"you predicted {show(predicted)}, Redis answered {show(reply)}",
            names[0] if names else None,
        )


@exercise("week2.predict-hashes")
class TestPredictHashes:
    def test_counting(self, answer: Answer, peek: Redis) -> None:
        """What HSET, HSETNX and HDEL count."""
        _judge_replies(answer, peek, "counting")

    def test_missing(self, answer: Answer, peek: Redis) -> None:
        """Keys and fields that are not there."""
        _judge_replies(answer, peek, "missing")

    def test_last_field(self, answer: Answer, peek: Redis) -> None:
        """The last field, and the expiry of the key."""
        _judge_replies(answer, peek, "last field")

    def test_types(self, answer: Answer, peek: Redis) -> None:
        """Numbers, letters, and keys of another type."""
        _judge_replies(answer, peek, "types")


# week2.user-profile

_ADA = {"name": "Ada", "age": 36, "newsletter": False, "interests": ["chess", "tea"], "city": "London"}
_ZOE = {"name": "Zoë", "age": 0, "newsletter": True, "interests": [], "city": None}


def _why_not(loaded: Any, wanted: dict[str, Any]) -> str | None:
    """The misconception in a loaded profile that differs from what was saved."""
    if not isinstance(loaded, dict):
        return None
    if loaded.get("city") == "None":
        return "none-becomes-text"
    if wanted["city"] is None and isinstance(loaded.get("city"), str):
        return "old-city-stays"
    if any(type(loaded.get(field)) is str for field in ("age", "newsletter", "interests")):
        return "all-texts"
    if loaded.get("newsletter") is True and wanted["newsletter"] is False:
        return "text-is-true"
    return None


def _is_a_hash_of_fields(peek: Redis, user: str) -> None:
    """The user is kept where the task says, a field for each key of the profile."""
    kind = str(peek.type(f"user:{user}"))
    if kind != "hash" or not peek.hexists(f"user:{user}", "name"):
        what = f"it is a {kind}" if kind != "none" else f"the keys are {', '.join(_keys(peek)) or 'none'}"
        broken(
            f"`user:{user}` is a hash with a field for each key of the profile",
            what if kind != "hash" else f"its fields are {', '.join(map(str, peek.hkeys(f'user:{user}')))}",
            "one-text-for-all",
        )


def _loads(answer: Answer, redis: Redis, user: str, wanted: dict[str, Any], when: str) -> None:
    """`load_user` returns `wanted`, type by type."""
    loaded = answer.load_user(redis, user)
    typed = f'load_user(r, "{user}") {when}'
    if not isinstance(loaded, dict):
        expect(loaded, wanted, typed)
    for field, value in wanted.items():
        if field not in loaded or type(loaded[field]) is not type(value) or loaded[field] != value:
            broken(
                f"{typed} has {show(value)} under {field!r}",
                f"it returned {show(loaded)}",
                _why_not(loaded, wanted),
            )
    if extra := sorted(map(str, set(loaded) - set(wanted))):
        broken(f"{typed} has the six keys promised", f"there is {', '.join(extra)} too")


def _save(answer: Answer, profile: dict[str, Any], r: Redis) -> None:
    answer.save_user(r, "ada", dict(profile))


def _birthday(r: Redis) -> None:
    # An answer may have put something else in the place of the hash; the invariant will say so.
    with suppress(ResponseError):
        r.hincrby("user:ada", "age", 1)


@exercise("week2.user-profile")
class TestUserProfile:
    def test_types(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """What was saved is loaded, every value with its type, and 0 logins."""
        for user, profile in (("ada", _ADA), ("zoe", _ZOE)):
            _storable(partial(answer.save_user, redis, user, dict(profile)), "python-types-go-in")
            _is_a_hash_of_fields(peek, user)
            _loads(answer, redis, user, {**profile, "logins": 0}, "after saving")

    def test_missing(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A user who was never saved is None, and asking creates nothing."""
        loaded = _raises_not(
            lambda: answer.load_user(redis, "nobody"), 'load_user(r, "nobody") returns None', "missing-is-a-user"
        )
        expect(
            loaded, None, 'load_user(r, "nobody")', because="missing-is-a-user" if isinstance(loaded, dict) else None
        )
        if left := _keys(peek):
            broken("no key is created", f"now there is {', '.join(left)}")

    def test_empty_name(self, answer: Answer, redis: Redis) -> None:
        """A user whose name is the empty text is a user."""
        nameless = _ADA | {"name": ""}
        answer.save_user(redis, "ada", dict(nameless))
        loaded = answer.load_user(redis, "ada")
        expect(
            loaded,
            nameless | {"logins": 0},
            'load_user(r, "ada") after saving with the name ""',
            because="empty-is-nobody" if loaded is None else None,
        )

    def test_saving_again(self, answer: Answer, redis: Redis) -> None:
        """Saving again replaces all five; a city that is None now is gone, one that is empty is not."""
        answer.save_user(redis, "ada", dict(_ADA))
        for change in ({"city": None}, {"city": "", "age": 37, "newsletter": True, "interests": []}, {"city": "Rome"}):
            answer.save_user(redis, "ada", _ADA | change)
            _loads(answer, redis, "ada", _ADA | change | {"logins": 0}, f"after saving with {show(change)}")

    def test_counts(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """count_login counts from 1; the logins are loaded, and a save leaves them alone."""
        answer.save_user(redis, "ada", dict(_ADA))
        for wanted in (1, 2):
            expect(answer.count_login(redis, "ada"), wanted, f"count_login number {wanted}")
        _loads(answer, redis, "ada", _ADA | {"logins": 2}, "after two logins")
        answer.save_user(redis, "ada", _ADA | {"city": None})
        loaded = answer.load_user(redis, "ada")
        logins = loaded.get("logins") if isinstance(loaded, dict) else loaded
        expect(logins, 2, 'load_user(r, "ada")["logins"] after saving again', because="save-resets-logins")

    def test_newsletter(self, answer: Answer, redis: Redis) -> None:
        """set_newsletter changes that field, to True and to False, and no other."""
        answer.save_user(redis, "ada", dict(_ADA))
        for on in (True, False):
            _storable(partial(answer.set_newsletter, redis, "ada", on), "python-types-go-in")
            _loads(answer, redis, "ada", _ADA | {"newsletter": on, "logins": 0}, f"after set_newsletter(…, {on})")

    def test_half_a_user(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A login, or a newsletter, that comes after a user was deleted makes no user."""
        for call in ("count_login", "set_newsletter"):
            answer.save_user(redis, "ada", dict(_ADA))
            peek.flushdb()
            if call == "count_login":
                answer.count_login(redis, "ada")
            else:
                answer.set_newsletter(redis, "ada", True)
            loaded = _raises_not(lambda: answer.load_user(redis, "ada"), f"None, after a late {call}", "half-a-user")
            expect(loaded, None, f'load_user(r, "ada") after a late {call}', because="half-a-user")

    def test_two_logins(self, answer: Answer, race: Race) -> None:
        """Two logins at the same moment are both counted."""

        def both_counted(end: End) -> None:
            if sorted(map(str, end.results)) != ["1", "2"]:
                broken("one login is number 1, the other 2", f"the two calls returned {show(end.results)}")

        race(
            lambda r: answer.count_login(r, "ada"),
            lambda r: answer.count_login(r, "ada"),
            setup=lambda r: answer.save_user(r, "ada", dict(_ADA)),
            invariant=both_counted,
            misconception="reads-then-writes",
        )

    def test_one_field(self, answer: Answer, redis: Redis, peek: Redis, race: Race) -> None:
        """While the newsletter is changed, somebody changes the age: both last."""
        answer.save_user(redis, "ada", dict(_ADA))
        _is_a_hash_of_fields(peek, "ada")

        def both_changed(end: End) -> None:
            _loads(answer, end.redis, "ada", _ADA | {"newsletter": True, "age": 37, "logins": 0}, "in the end")

        race(
            lambda r: answer.set_newsletter(r, "ada", True),
            _birthday,
            setup=lambda r: answer.save_user(r, "ada", dict(_ADA)),
            invariant=both_changed,
            misconception="reads-then-writes",
        )

    def test_trips(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Loading, counting and changing the newsletter are one round trip each."""
        answer.save_user(redis, "ada", dict(_ADA))
        _one_trip(wire, lambda: answer.load_user(redis, "ada"), "load_user", "a-trip-each")
        _one_trip(wire, lambda: answer.count_login(redis, "ada"), "count_login", "a-trip-each")
        _one_trip(wire, lambda: answer.set_newsletter(redis, "ada", True), "set_newsletter", "a-trip-each")

    def test_whole_or_not(self, answer: Answer, race: Race) -> None:
        """Whoever loads while somebody saves gets the old profile or the new one, never a mixture."""
        for old, new in ((_ADA, _ZOE), (_ZOE, _ADA)):

            def old_or_new(end: End, old: dict[str, Any] = old, new: dict[str, Any] = new) -> None:
                if end.results[1] not in (old | {"logins": 0}, new | {"logins": 0}):
                    broken("the old profile or the new one", f"load_user returned {show(end.results[1])}")

            race(
                partial(_save, answer, new),
                lambda r: answer.load_user(r, "ada"),
                setup=partial(_save, answer, old),
                invariant=old_or_new,
                misconception="half-a-save",
            )

    def test_saving_is_one_trip(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """A save is one round trip, with and without a city."""
        for profile in (_ADA, _ZOE):
            _one_trip(
                wire,
                partial(answer.save_user, redis, "ada", dict(profile)),
                "save_user",
                "a-trip-each",
            )


# week2.partial-read


@exercise("week2.partial-read")
class TestPartialRead:
    def test_reads(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """For each key, in the order asked, the fields named, as texts."""
        peek.hset("article:1", mapping={"title": "Hashes", "stars": 4, "author": "Zoë"})
        peek.hset("article:2", mapping={"title": "Lists", "stars": 5, "author": "Bob"})
        expect(
            answer.read_fields(redis, ["article:2", "article:1"], {"stars": "0", "title": "-"}),
            [{"stars": "5", "title": "Lists"}, {"stars": "4", "title": "Hashes"}],
            'read_fields(r, ["article:2", "article:1"], {"stars": "0", "title": "-"})',
        )
        expect(
            answer.read_fields(redis, ["article:1", "article:1"], {"author": None}),
            [{"author": "Zoë"}, {"author": "Zoë"}],
            'read_fields(r, ["article:1", "article:1"], {"author": None})',
        )

    def test_defaults(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A missing field gives its default, as it is; a missing hash gives all defaults."""
        peek.hset("article:1", "title", "Hashes")
        for stars in (0, None, "many"):
            got = _raises_not(
                partial(answer.read_fields, redis, ["nobody", "article:1"], {"title": "-", "stars": stars}),
                "a dict for each key, missing or not",
                "missing-is-left-out",
            )
            wanted = [{"title": "-", "stars": stars}, {"title": "Hashes", "stars": stars}]
            short = isinstance(got, list) and sum(len(row) for row in got if isinstance(row, dict)) < 4
            expect(
                got,
                wanted,
                f'read_fields(r, ["nobody", "article:1"], {{"title": "-", "stars": {stars!r}}})',
                because="missing-is-left-out" if short else None,
            )

    def test_empty_text(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An empty text that is stored is returned, not the default."""
        peek.hset("article:1", mapping={"title": "", "stars": 0})
        expect(
            answer.read_fields(redis, ["article:1"], {"title": "(untitled)", "stars": "none"}),
            [{"title": "", "stars": "0"}],
            "read_fields of an article whose title is the empty text",
            because="empty-is-missing",
        )

    def test_bytes(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Only what was asked for comes over the wire."""
        for number in range(3):
            peek.hset(f"article:{number}", mapping={"title": "x", "text": "long " * 1000})
        with wire.measure() as cost:
            answer.read_fields(redis, [f"article:{number}" for number in range(3)], {"title": "-"})
        if cost.bytes_received > 1000:
            broken(
                "three titles of one letter come over the wire",
                f"{cost.bytes_received} bytes came: {_listed(cost.names)}",
                "reads-everything",
            )

    def test_trips(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """One round trip for all keys, and no transaction."""
        keys = [f"article:{number}" for number in range(20)]
        names = _one_trip(
            wire,
            lambda: answer.read_fields(redis, keys, {"title": "-", "stars": "0"}),
            "reading 20 hashes",
            "a-trip-each",
        )
        if "MULTI" in names:
            broken(
                "the reads are sent together, without a transaction",
                f"{_listed(names)} was sent",
                "transaction-for-reads",
            )

    def test_nothing(self, answer: Answer, redis: Redis) -> None:
        """No keys give an empty list."""
        expect(answer.read_fields(redis, [], {"title": "-"}), [], 'read_fields(r, [], {"title": "-"})')


# week2.shop-cart


@exercise("week2.shop-cart")
class TestShopCart:
    def test_adds(self, answer: Answer, redis: Redis) -> None:
        """What is put in adds up, each article for itself and each cart for itself."""
        for item, count in (("tea", 2), ("jam", 1), ("tea", 3)):
            answer.put_in(redis, "ada", item, count)
        answer.put_in(redis, "bob", "tea", 7)
        expect(answer.cart_items(redis, "ada"), {"tea": 5, "jam": 1}, 'cart_items(r, "ada")')
        expect(answer.cart_size(redis, "ada"), 6, 'cart_size(r, "ada")')

    def test_takes(self, answer: Answer, redis: Redis) -> None:
        """take_out gives True for each piece that was there, and False from then on."""
        answer.put_in(redis, "ada", "tea", 2)
        expect(
            [answer.take_out(redis, "ada", "tea") for _ in range(4)], [True, True, False, False], "four calls, two teas"
        )
        expect(answer.take_out(redis, "ada", "jam"), False, 'take_out(r, "ada", "jam"), never put in')
        expect(answer.cart_items(redis, "ada"), {}, 'cart_items(r, "ada") after that', because="shows-zeros")
        answer.put_in(redis, "ada", "tea", 1)
        expect(
            answer.cart_items(redis, "ada"),
            {"tea": 1},
            'cart_items(r, "ada") after one more tea',
            because="goes-negative",
        )

    def test_zeros(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Quantities of 0 and below are neither shown nor counted; a missing cart is empty."""
        peek.hset("cart:ada", mapping={"tea": 0, "jam": -1, "bread": 1, "salt": 2})
        expect(
            answer.cart_items(redis, "ada"),
            {"bread": 1, "salt": 2},
            "cart_items with 0 tea and -1 jam",
            because="shows-zeros",
        )
        expect(answer.cart_size(redis, "ada"), 3, "cart_size with 0 tea and -1 jam", because="shows-zeros")
        expect(answer.cart_items(redis, "nobody"), {}, 'cart_items(r, "nobody")')
        expect(answer.cart_size(redis, "nobody"), 0, 'cart_size(r, "nobody")')

    def test_two_put_in(self, answer: Answer, race: Race) -> None:
        """Two devices put in at the same moment: both count."""
        race(
            lambda r: answer.put_in(r, "ada", "tea", 1),
            lambda r: answer.put_in(r, "ada", "tea", 2),
            invariant=lambda end: expect(
                answer.cart_items(end.redis, "ada"), {"tea": 3}, 'cart_items(r, "ada") after 1 and 2 were put in'
            ),
            misconception="reads-then-adds",
        )

    def test_at_zero(self, answer: Answer, redis: Redis, wire: Wire, race: Race) -> None:
        """The last piece is taken out while another is put in: one is left."""
        answer.put_in(redis, "ada", "tea", 1)
        with wire.measure() as cost:
            answer.take_out(redis, "ada", "tea")
        looked = cost.names[-2:] == ["HGET", "HDEL"]
        race(
            lambda r: answer.take_out(r, "ada", "tea"),
            lambda r: answer.put_in(r, "ada", "tea", 1),
            setup=lambda r: answer.put_in(r, "ada", "tea", 1),
            invariant=lambda end: expect(
                answer.cart_items(end.redis, "ada"), {"tea": 1}, 'cart_items(r, "ada") in the end'
            ),
            misconception="looks-again" if looked else "removes-at-zero",
        )

    def test_last_piece(self, answer: Answer, race: Race) -> None:
        """Two devices take out the last piece: one gets it, and the cart is empty."""

        def one_taken(end: End) -> None:
            expect(
                sorted(map(bool, end.results)),
                [False, True],
                'sorted([take_out(r, "ada", "tea"), take_out(r, "ada", "tea")])',
            )
            expect(answer.cart_items(end.redis, "ada"), {}, 'cart_items(r, "ada") in the end')

        race(
            lambda r: answer.take_out(r, "ada", "tea"),
            lambda r: answer.take_out(r, "ada", "tea"),
            setup=lambda r: answer.put_in(r, "ada", "tea", 1),
            invariant=one_taken,
            misconception="checks-first",
        )

    def test_below_zero(self, answer: Answer, race: Race) -> None:
        """A piece is put in while somebody takes one out that is not there: nothing is lost."""

        def adds_up(end: End) -> None:
            left = {} if end.results[0] else {"tea": 1}
            expect(
                answer.cart_items(end.redis, "ada"),
                left,
                f'cart_items(r, "ada") after take_out returned {end.results[0]}',
            )

        race(
            lambda r: answer.take_out(r, "ada", "tea"),
            lambda r: answer.put_in(r, "ada", "tea", 1),
            invariant=adds_up,
            misconception="sets-back-to-zero",
        )

    def test_trips(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """put_in, cart_items and cart_size are one round trip; cart_size does not fetch the names."""
        _one_trip(wire, lambda: answer.put_in(redis, "ada", "tea", 1), "put_in", "reads-then-adds")
        peek.hset("cart:ada", "a very long name, as articles have " * 100, 1)
        _one_trip(wire, lambda: answer.cart_items(redis, "ada"), "cart_items")
        _one_trip(wire, lambda: answer.cart_size(redis, "ada"), "cart_size", "fetches-the-names")
        with wire.measure() as cost:
            answer.cart_size(redis, "ada")
        if cost.bytes_received > 1000:
            broken(
                "cart_size fetches the quantities alone",
                f"{cost.bytes_received} bytes came: {_listed(cost.names)}",
                "fetches-the-names",
            )


# week2.memory-of-a-user

_SHORT = {"name": "Ada Lovelace", "email": "ada@example.org", "age": 36, "city": "London"}
_OBJECTS: dict[str, dict[str, Any]] = {
    "four short fields": _SHORT,
    "one long text": _SHORT | {"bio": "x" * 300},
    "a single number": {"visits": 1},
}


def _weigh(peek: Redis, name: str, fields: dict[Any, Any]) -> dict[str, int]:
    """The bytes of the three layouts, as the task describes them."""
    peek.hset(f"{name}:hash", mapping=fields)
    peek.set(f"{name}:json", json.dumps(fields))
    keys = {f"{name}:{field}": value for field, value in fields.items()}
    peek.mset(keys)
    weights = {
        "hash": int(peek.memory_usage(f"{name}:hash", samples=0) or 0),
        "json": int(peek.memory_usage(f"{name}:json") or 0),
        "keys": sum(int(peek.memory_usage(key) or 0) for key in keys),
    }
    peek.delete(f"{name}:hash", f"{name}:json", *keys)
    return weights


def _compare_weights(got: Any, wanted: dict[str, int], layout: str, because: str | None) -> None:
    """The measured bytes are those of the check, give or take how full the server's buffers were."""
    if not isinstance(got, dict) or type(got.get(layout)) is not int:
        broken('a dict with whole numbers under "hash", "json" and "keys"', f"layout_bytes returned {show(got)}")
    if not abs(got[layout] - wanted[layout]) <= wanted[layout] * 0.12:
        broken(f"about {wanted[layout]} bytes under {layout!r}", f"layout_bytes returned {show(got)}", because)


@exercise("week2.memory-of-a-user")
class TestMemoryOfAUser:
    def test_predicted(self, answer: Answer, peek: Redis) -> None:
        """For each of the three objects you predicted the cheapest layout."""
        predictions = answer.value("cheapest")
        if not isinstance(predictions, dict):
            broken("`cheapest` is the dictionary of the starter", f"it is {show(predictions)}")
        known = {"hash": "hash-always-wins", "keys": "keys-look-cheap"}
        for label, fields in _OBJECTS.items():
            predicted = predictions.get(label, ...)
            if predicted is ...:
                broken(f"a prediction for {label}", "nothing is predicted yet")
            weights = _weigh(peek, "demo", fields)
            best = min(weights, key=lambda layout: weights[layout])
            if predicted != best:
                misconception = known.get(predicted) if isinstance(predicted, str) else None
                broken(f"{label}: {best!r} ({show(weights)})", f"you predicted {show(predicted)}", misconception)

    def test_measures(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The bytes are those that Redis tells for the keys."""
        for fields in _OBJECTS.values():
            wanted = _weigh(peek, "demo", fields)
            got = answer.layout_bytes(redis, "demo", dict(fields))
            asked = "MEMORY" in wire.names
            for layout in ("hash", "json"):
                _compare_weights(
                    got, wanted, layout, None if asked else "whole-server" if "INFO" in wire.names else "content-only"
                )
            _compare_weights(got, wanted, "keys", "one-of-many" if asked else None)

    def test_whole_hash(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A hash of many fields, one of which is large, is weighed as a whole."""
        for large in (3, 33):
            fields: dict[str, Any] = {f"field{number}": number for number in range(40)} | {
                f"field{large}": "x" * 50_000
            }
            wanted = _weigh(peek, "many", fields)
            _compare_weights(answer.layout_bytes(redis, "many", dict(fields)), wanted, "hash", "estimated")

    def test_others(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """What other clients write meanwhile is not counted."""
        wanted = _weigh(peek, "demo", _SHORT)
        numbers = iter(range(1000))
        wire.after(lambda command: True, lambda: peek.set(f"other:{next(numbers)}", "x" * 50_000), times=1000)
        got = answer.layout_bytes(redis, "demo", dict(_SHORT))
        for layout in wanted:
            _compare_weights(got, wanted, layout, "whole-server")

    def test_clean(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The keys are those of the table, nothing is left behind, and nothing of others is touched."""
        peek.mset({"demo": "mine", "demo:other": "mine", "demographics": "mine"})
        before = _keys(peek)
        seen: set[str] = set()
        wire.after(lambda command: True, lambda: seen.update(_keys(peek)), times=1000)
        answer.layout_bytes(redis, "demo", dict(_SHORT))
        after = _keys(peek)
        if left := sorted(set(after) - set(before)):
            broken("nothing is left behind", f"now there is {', '.join(left[:4])}", "leaves-rubbish")
        if gone := sorted(set(before) - set(after)):
            broken("the keys of others stay", f"gone: {', '.join(gone)}", "deletes-others")
        wanted = {f"demo:{name}" for name in ("hash", "json", *_SHORT)}
        if strange := sorted(seen - set(before) - wanted):
            broken(f"keys such as {', '.join(sorted(wanted)[:3])}", f"there was {', '.join(strange[:3])}")


# week2.bulk-import


class _Feed:
    """Profiles that come one after the other; it notes how many were taken and not yet stored."""

    def __init__(self, peek: Redis, many: int, batch: int) -> None:
        self.peek = peek
        self.many = many
        self.batch = batch
        self.ahead = 0
        self.early: list[int] = []

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for number in range(self.many):
            stored = int(self.peek.dbsize())
            self.ahead = max(self.ahead, number - stored)
            if stored < number - number % self.batch:
                self.early.append(number + 1)
            yield f"user:{number}", {"name": f"user {number}", "age": number % 90}


@exercise("week2.bulk-import")
class TestBulkImport:
    def test_stores(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Every profile is a hash under its key, the last ones too, and their number is returned."""
        for many in (6, 7, 1, 0):
            peek.flushdb()
            got = answer.import_profiles(redis, iter(_Feed(peek, many, 3)), 3)
            stored = {key: peek.hgetall(key) if peek.type(key) == "hash" else peek.type(key) for key in _keys(peek)}
            wanted = {f"user:{n}": {"name": f"user {n}", "age": str(n % 90)} for n in range(many)}
            if stored != wanted:
                rest = sorted(set(wanted) - set(stored))
                lost = rest and len(stored) == many - many % 3
                broken(
                    f"{many} profiles in batches of 3 are {many} hashes",
                    f"{', '.join(rest)} is missing" if rest else f"there is {show(stored)}",
                    "forgets-the-rest" if lost else None,
                )
            expect(got, many, f"import_profiles(r, …, 3) with {many} profiles")

    def test_again(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An import that is run again, with some profiles stored already, counts all profiles that came."""
        for many, there in ((2, 0), (6, 2), (6, 6)):
            got = answer.import_profiles(redis, iter(_Feed(peek, many, 3)), 3)
            expect(
                got,
                many,
                f"import_profiles(r, …, 3) with {many} profiles, {there} of them stored already,",
                known={many - there: "counts-new-fields"},
            )

    def test_lazy(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """No profile is fetched before the batches in front of it are stored."""
        feed = _Feed(peek, 115, 25)
        answer.import_profiles(redis, iter(feed), 25)
        if feed.ahead > 25:
            broken(
                "never more than one batch of 25 is fetched and not yet stored",
                f"at one moment {feed.ahead} were; there were {wire.round_trips} round trips",
                "one-giant-pipeline" if wire.round_trips <= 1 else "listed-first",
            )
        if feed.early:
            broken(
                "profile 26 is fetched when the first 25 are stored, and so on",
                f"profile {feed.early[0]} was fetched before the batch in front of it was stored",
                "one-ahead",
            )

    def test_batches(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """One round trip for each batch: 115 profiles in batches of 25 are 5."""
        answer.import_profiles(redis, iter(_Feed(peek, 115, 25)), 25)
        if wire.round_trips != 5:
            broken("5 round trips", f"there were {wire.round_trips}", "a-trip-each" if wire.round_trips > 5 else None)

    def test_no_transaction(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Others may be served within a batch: no transaction, no script."""
        answer.import_profiles(redis, iter(_Feed(peek, 6, 3)), 3)
        if found := [name for name in wire.names if name == "MULTI" or name in _SCRIPTS]:
            broken("plain commands, sent together", f"{found[0]} was sent", "transaction-of-a-batch")


# week2.stock-take


def _fill_stock(peek: Redis, many: int = 2000) -> int:
    """A hash of `many` articles; how many pieces there are."""
    peek.hset("stock", mapping={f"article:{number}": number % 7 for number in range(many)})
    return sum(number % 7 for number in range(many))


def _read_at_once(peek: Redis) -> str:
    """The command that read a whole hash since the server was reset, by a client or inside a script; or nothing."""
    statistics = peek.info("commandstats")
    return next((name for name in ("HGETALL", "HKEYS", "HVALS") if f"cmdstat_{name.lower()}" in statistics), "")


@exercise("week2.stock-take")
class TestStockTake:
    def test_adds(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """stock_take adds up all quantities, and gives 0 where there is no hash."""
        peek.hset("stock", mapping={"tea": 3, "jam": 4, "salt": 0})
        expect(answer.stock_take(redis, "stock"), 7, 'stock_take(r, "stock")')
        expect(answer.stock_take(redis, "nothing"), 0, 'stock_take(r, "nothing")')

    def test_pages(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A hash of 2000 articles is walked in pages of 100 to 1000, to its end."""
        wanted = _fill_stock(peek)
        got = answer.stock_take(redis, "stock")
        if name := _read_at_once(peek):
            broken("the hash is walked page by page", f"{name} ran: everybody waited", "everything-at-once")
        for exchange in wire.exchanges:
            words = [word.upper() for word in exchange.command]
            count = words[words.index(b"COUNT") + 1] if b"COUNT" in words[:-1] else b"10"
            if count.isdigit() and int(count) > 1000:
                broken("COUNT is 1000 at most", f"COUNT {count.decode()} was asked for", "everything-at-once")
        expect(
            got, wanted, 'stock_take(r, "stock")', because="first-page-only" if wire.names.count("HSCAN") == 1 else None
        )
        if wire.round_trips > 25:
            broken(
                "at most one round trip for every 100 fields", f"{wire.round_trips} for 2000 fields", "ten-at-a-time"
            )

    def test_repeats(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """An article counts once, also if the hash shrinks during the walk and HSCAN repeats itself."""
        _fill_stock(peek)
        first: dict[str, int] = {}

        def shrink() -> None:
            reply = wire.exchanges[-1].reply
            if first or not isinstance(reply, list) or len(reply) < 2 or not isinstance(reply[1], list):
                return
            words = [word.decode() if isinstance(word, bytes) else str(word) for word in reply[1]]
            first.update({name: int(value) for name, value in zip(words[::2], words[1::2], strict=True)})
            # The hash is a small one now, in the compact encoding, and the rest of the walk gives all of it.
            with peek.pipeline() as pipe:
                pipe.delete("stock")
                pipe.hset("stock", mapping=dict(list(first.items())[-3:]))
                pipe.execute()

        wire.after("HSCAN", shrink, times=1000)
        got = answer.stock_take(redis, "stock")
        if first:
            expect(
                got,
                sum(first.values()),
                'stock_take(r, "stock"), all articles but three of the first page being removed after that page,',
                because="counts-twice",
            )

    def test_draws(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """spot_check draws n different names, and all if there are fewer."""
        peek.hset("stock", mapping={"tea": 3, "jam": 4, "salt": 0})
        for n, wanted in ((1, 1), (2, 2), (3, 3), (30, 3)):
            got = answer.spot_check(redis, "stock", n)
            typed = f'spot_check(r, "stock", {n}), the stock being tea, jam and salt,'
            if not isinstance(got, list) or not all(isinstance(name, str) for name in got):
                broken(f"{typed} returns a list of names", f"it returned {show(got)}")
            if len(set(got)) < len(got):
                broken(f"{typed} returns {wanted} different names", f"it returned {show(got)}", "draws-again")
            if len(got) != wanted or not set(got) <= {"tea", "jam", "salt"}:
                broken(f"{typed} returns {wanted} of them", f"it returned {show(got)}")
        expect(answer.spot_check(redis, "nothing", 2), [], 'spot_check(r, "nothing", 2)')

    def test_cheap(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A draw is one round trip, and only the names drawn come over the wire."""
        _fill_stock(peek)
        answer.spot_check(redis, "stock", 3)
        with wire.measure() as cost:
            answer.spot_check(redis, "stock", 3)
        if cost.bytes_received > 500 or _read_at_once(peek):
            broken(
                "three names come over the wire",
                f"{cost.bytes_received} bytes came: {_listed(cost.names)}",
                "everything-at-once",
            )
        if cost.round_trips != 1:
            broken("one round trip", f"{_listed(cost.names)} was sent")

    def test_chance(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Draws differ: of 2000 articles, ten draws of three are not always the same."""
        _fill_stock(peek)
        draws = {str(answer.spot_check(redis, "stock", 3)) for _ in range(10)}
        if len(draws) < 2:
            broken("draws at random", f"ten draws gave {draws.pop()} each time", "not-random")


# week2.counters-that-expire


def _field_left(peek: Redis, key: str, field: str) -> int:
    """The milliseconds that a field has left, as HPTTL tells them."""
    return int(run_line(peek, f"HPTTL {key} FIELDS 1 {field}")[0])


@exercise("week2.counters-that-expire")
class TestCountersThatExpire:
    def test_counts(self, answer: Answer, redis: Redis) -> None:
        """Hits of each page of each site are counted from 1."""
        for site, page, wanted in (("blog", "home", 1), ("blog", "home", 2), ("blog", "about", 1), ("shop", "home", 1)):
            expect(
                answer.count_hit(redis, site, page, 60),
                wanted,
                f'count_hit(r, "{site}", "{page}", 60), hit number {wanted}',
            )

    def test_shows(self, answer: Answer, redis: Redis) -> None:
        """page_hits shows the counts as numbers, and {} where there are none."""
        for page in ("home", "home", "about"):
            answer.count_hit(redis, "blog", page, 60)
        texts = {"home": "2", "about": "1"}
        got = answer.page_hits(redis, "blog")
        expect(got, {"home": 2, "about": 1}, 'page_hits(r, "blog")', because="all-texts" if got == texts else None)
        expect(answer.page_hits(redis, "nobody"), {}, 'page_hits(r, "nobody")')

    def test_field_ends(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The field of a page ends after the seconds given, and the key has no end of its own."""
        for page, seconds in (("home", 60), ("about", 900)):
            answer.count_hit(redis, "blog", page, seconds)
            if peek.pttl("hits:blog") != -1:
                broken(
                    "the pages end one by one",
                    f"the whole hash {_left(int(peek.pttl('hits:blog')))}",
                    "expires-the-key",
                )
            left = _field_left(peek, "hits:blog", page)
            if not _about(left, seconds):
                broken(f"the field {page} has {seconds} s left", f"it {_left(left)}")

    def test_window_stays(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A later hit leaves the end of the window where it is."""
        answer.count_hit(redis, "blog", "home", 60)
        run_line(peek, "HEXPIRE hits:blog 20 FIELDS 1 home")
        answer.count_hit(redis, "blog", "home", 60)
        left = _field_left(peek, "hits:blog", "home")
        if not _about(left, 20):
            broken(
                "a window with 20 s left has 20 s left after the next hit",
                f"the field {_left(left)}",
                "set-clears-the-end" if left == -1 else "window-slides",
            )

    def test_new_window(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """When the window has ended, the next hit is number 1 of a new one."""
        answer.count_hit(redis, "blog", "home", 60)
        run_line(peek, "HPEXPIRE hits:blog 0 FIELDS 1 home")
        expect(answer.count_hit(redis, "blog", "home", 60), 1, "the first hit after the window")
        left = _field_left(peek, "hits:blog", "home")
        if not _about(left, 60):
            broken("the new window has 60 s", f"the field {_left(left)}")

    def test_one_step(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Count and end are one step and one round trip, on the first hit and on later ones."""
        for hit in ("first", "second"):
            with wire.measure() as cost:
                answer.count_hit(redis, "blog", "home", 60)
            if not _one_step(cost.names) or (cost.round_trips != 1 and "SCRIPT" not in cost.names):
                broken("one step on the server", f"the {hit} hit sent {_listed(cost.names)}", "two-steps")
        _one_trip(wire, lambda: answer.page_hits(redis, "blog"), "page_hits")


# week2.profile-lost-update


@exercise("week2.profile-lost-update")
class TestProfileLostUpdate:
    def test_updates(self, answer: Answer, redis: Redis) -> None:
        """Changes are applied to what is there, and other fields and users stay as they are."""
        for changes in ({"name": "Ada", "city": "Lima"}, {"city": "Rome", "motto": ""}):
            answer.update_user(redis, "ada", changes)
        answer.update_user(redis, "bob", {"name": "Bob"})
        expect(answer.read_user(redis, "ada"), {"name": "Ada", "city": "Rome", "motto": ""}, 'read_user(r, "ada")')
        expect(answer.read_user(redis, "nobody"), {}, 'read_user(r, "nobody")')

    def test_removes(self, answer: Answer, redis: Redis) -> None:
        """A field that becomes None is removed; one that is not there may become None too."""
        answer.update_user(redis, "ada", {"name": "Ada", "city": "Lima", "phone": "1"})
        for changes, wanted in (
            ({"city": None, "nick": None}, {"name": "Ada", "phone": "1"}),
            ({"phone": None, "name": "Ada L."}, {"name": "Ada L."}),
            ({"name": None}, {}),
        ):
            _storable(partial(answer.update_user, redis, "ada", dict(changes)), "none-is-skipped")
            got = answer.read_user(redis, "ada")
            text = isinstance(got, dict) and "None" in got.values()
            expect(
                got,
                wanted,
                f"read_user after the changes {changes}",
                because="none-becomes-text" if text else "none-is-skipped",
            )

    def test_no_changes(self, answer: Answer, redis: Redis) -> None:
        """No changes do nothing, and make no user."""
        answer.update_user(redis, "ada", {})
        expect(answer.read_user(redis, "ada"), {}, 'read_user after update_user(r, "ada", {})')
        answer.update_user(redis, "ada", {"name": "Ada"})
        answer.update_user(redis, "ada", {})
        expect(answer.read_user(redis, "ada"), {"name": "Ada"}, "read_user after a change and no change")

    def test_both_last(self, answer: Answer, redis: Redis, wire: Wire, race: Race) -> None:
        """Two writers change different fields at the same moment: both changes last."""
        answer.update_user(redis, "ada", {"city": "Rome"})
        rewritten = "HGETALL" in wire.names
        race(
            lambda r: answer.update_user(r, "ada", {"city": "Rome"}),
            lambda r: answer.update_user(r, "ada", {"mail": "new"}),
            setup=lambda r: answer.update_user(r, "ada", {"city": "Lima", "mail": "old"}),
            invariant=lambda end: expect(
                answer.read_user(end.redis, "ada"), {"city": "Rome", "mail": "new"}, 'read_user(r, "ada") in the end'
            ),
            misconception="hash-but-rewritten" if rewritten else "reads-and-rewrites",
        )

    def test_removal_lasts(self, answer: Answer, race: Race) -> None:
        """One removes a field while the other changes another: the field stays away."""
        race(
            lambda r: answer.update_user(r, "ada", {"phone": None}),
            lambda r: answer.update_user(r, "ada", {"city": "Rome"}),
            setup=lambda r: answer.update_user(r, "ada", {"city": "Lima", "phone": "1"}),
            invariant=lambda end: expect(
                answer.read_user(end.redis, "ada"), {"city": "Rome"}, 'read_user(r, "ada") in the end'
            ),
            misconception="reads-and-rewrites",
        )

    def test_together(self, answer: Answer, race: Race) -> None:
        """The changes of one call appear together, whether fields are written or removed."""
        old = {"street": "Main 1", "city": "Lima", "zip": "15001"}
        new = {"street": "Via 2", "city": "Rome"}

        def old_or_new(end: End) -> None:
            if end.results[1] not in (old, new):
                broken("the old address or the new one", f"read_user returned {show(end.results[1])}")

        race(
            lambda r: answer.update_user(r, "ada", new | {"zip": None}),
            lambda r: answer.read_user(r, "ada"),
            setup=lambda r: answer.update_user(r, "ada", dict(old)),
            invariant=old_or_new,
            misconception="one-by-one",
        )

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """A change is one round trip and sends what is changed, however long the rest of the profile is."""
        answer.update_user(redis, "ada", {"city": "Lima", "bio": "long " * 4000})
        for changes in ({"city": "Rome"}, {"city": None}, {"city": "Oslo", "phone": None}):
            with wire.measure() as cost:
                answer.update_user(redis, "ada", changes)
            bytes_moved = cost.bytes_sent + cost.bytes_received
            if bytes_moved > 2000:
                broken(
                    f"the change {changes} moves some hundred bytes at most",
                    f"{bytes_moved} bytes moved: {_listed(cost.names)}",
                    "sends-it-all",
                )
            if cost.round_trips != 1 and "SCRIPT" not in cost.names:
                broken("one round trip", f"{_listed(cost.names)} was sent", "one-by-one")
        _one_trip(wire, lambda: answer.read_user(redis, "ada"), "read_user")


# week2.session-fields


def _opened(answer: Answer, redis: Redis, user: str = "ada", seconds: int = 1800) -> str:
    session = answer.open_session(redis, user, seconds)
    if not isinstance(session, str) or not session:
        broken("open_session returns the session's id, a text", f"it returned {show(session)}")
    return session


def _why_not_one(names: list[str]) -> str:
    """The misconception in commands that are not one step: asked first and then written well, or written in two."""
    if "MULTI" in names[1:] and _one_step(names[names.index("MULTI") :]):
        return "asks-first"
    return "write-then-expire"


@exercise("week2.session-fields")
class TestSessionFields:
    def test_remembers(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """What is remembered is recalled as it was: texts, numbers, lists, booleans, None."""
        session = _storable(lambda: _opened(answer, redis, "Zoë"), "texts-only")
        expect(answer.recall(redis, session, 1800), {"user": "Zoë"}, "recall of a new session")
        values: dict[str, object] = {
            "seen": ["tea", "jam"], "dark": False, "coupon": None, "visits": 3, "zip": "007", "where": {"lat": 1.5}
        }  # fmt: skip
        for field, value in values.items():
            _storable(partial(answer.remember, redis, session, field, value, 1800), "texts-only")
        got = _raises_not(lambda: answer.recall(redis, session, 1800), "a dict of what was remembered", "texts-only")
        if not isinstance(got, dict) or set(got) != {"user", *values}:
            broken(f"recall has user, {', '.join(values)}", f"it returned {show(got)}")
        for field, value in values.items():
            expect(got[field], value, f'recall(r, session, 1800)["{field}"]', because="texts-only")
        if (kind := str(peek.type(f"session:{session}"))) != "hash":
            happened = f"it is a {kind}" if kind != "none" else f"the keys are {', '.join(_keys(peek)) or 'none'}"
            broken(f"`session:{session}` is a hash", happened)

    def test_ids(self, answer: Answer, redis: Redis) -> None:
        """Ids cannot be guessed, and sessions are apart."""
        ids = [_opened(answer, redis, f"user{number}") for number in range(8)]
        # How many characters all ids have in common at the front: chance leaves none, counters and clocks many.
        common = 0
        while common < min(map(len, ids)) and len({session[common] for session in ids}) == 1:
            common += 1
        if len(set(ids)) < 8 or min(map(len, ids)) < 16 or common > 6:
            broken("ids made of 128 bits of chance", f"ids are {show(ids[0])}, {show(ids[1])}, …", "guessable-id")
        for number, session in enumerate(ids):
            expect(answer.recall(redis, session, 1800), {"user": f"user{number}"}, f"recall of session number {number}")

    def test_closed(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A session that was closed, or never opened, is None."""
        session, other = _opened(answer, redis), _opened(answer, redis, "bob")
        answer.close_session(redis, session)
        expect(answer.recall(redis, other, 1800), {"user": "bob"}, "recall of another session")
        answer.close_session(redis, other)
        for name in (session, "nobody"):
            got = _raises_not(partial(answer.recall, redis, name, 1800), "recall returns None", "comes-back")
            expect(got, None, "recall of a session that is not open", known={}, because="comes-back")
        if left := _keys(peek):
            broken("nothing is left of it", f"there is {', '.join(left)}")

    def test_slides(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Opening, remembering and recalling give the session the seconds asked, from now on."""
        session = _opened(answer, redis, "ada", 1800)
        key = f"session:{session}"
        calls: tuple[tuple[str, Callable[[], object], int], ...] = (
            ("open_session", lambda: None, 1800),
            ("remember", lambda: answer.remember(redis, session, "dark", True, 600), 600),
            ("recall", lambda: answer.recall(redis, session, 900), 900),
        )
        for name, call, seconds in calls:
            call()
            left = int(peek.pttl(key))
            if not _about(left, seconds):
                broken(
                    f"after {name} the session has {seconds} s left",
                    f"it {_left(left)}",
                    "write-then-expire" if left == -1 else "does-not-slide",
                )

    def test_late(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A remember that comes after the end brings no session back, and leaves nothing without an end."""
        session = _opened(answer, redis)
        answer.remember(redis, session, "dark", True, 600)
        answer.close_session(redis, session)
        _raises_not(lambda: answer.remember(redis, session, "dark", True, 600), "remember does not raise", "comes-back")
        for key in _keys(peek):
            if peek.pttl(key) == -1:
                broken("what is left behind ends by itself", f"{key} has no end", "late-write-stays")
        got = _raises_not(lambda: answer.recall(redis, session, 600), "recall returns None", "comes-back")
        expect(got, None, "recall after a late remember", because="comes-back")

    def test_two_tabs(self, answer: Answer, redis: Redis, peek: Redis, race: Race) -> None:
        """Two tabs remember different fields at the same moment: both are there."""
        session = _opened(answer, redis)
        # An id is made of chance, so the session is opened once, and put back before each order of commands.
        saved = {key: peek.dump(key) or b"" for key in _keys(peek)}

        def put_back(r: Redis) -> None:
            for key, dump in saved.items():
                r.restore(key, 600_000, dump)

        race(
            lambda r: answer.remember(r, session, "dark", True, 600),
            lambda r: answer.remember(r, session, "seen", ["tea"], 600),
            setup=put_back,
            invariant=lambda end: expect(
                answer.recall(end.redis, session, 600),
                {"user": "ada", "dark": True, "seen": ["tea"]},
                "recall(r, session, 600) in the end",
            ),
            misconception="whole-session-rewritten",
        )

    def test_one_step(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Each function is one step: whatever moment the program stops at, no key is without its end."""
        session = _opened(answer, redis)
        calls: tuple[tuple[str, Callable[[], object]], ...] = (
            ("open_session", lambda: answer.open_session(redis, "ada", 600)),
            ("remember", lambda: answer.remember(redis, session, "dark", True, 600)),
            ("recall", lambda: answer.recall(redis, session, 600)),
        )
        for name, call in calls:
            call()
            with wire.measure() as cost:
                call()
            if not _one_step(cost.names) and "WATCH" not in cost.names:
                broken(f"{name} is one step on the server", f"it sent {_listed(cost.names)}", _why_not_one(cost.names))

    def test_trips(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """One round trip for each call."""
        session = _opened(answer, redis)
        _one_trip(wire, lambda: answer.open_session(redis, "ada", 600), "open_session", "write-then-expire")
        with wire.measure() as cost:
            answer.remember(redis, session, "dark", True, 600)
        why = _why_not_one(cost.names)
        _one_trip(wire, lambda: answer.remember(redis, session, "dark", True, 600), "remember", why)
        _one_trip(wire, lambda: answer.recall(redis, session, 600), "recall", "does-not-slide")
        _one_trip(wire, lambda: answer.close_session(redis, session), "close_session")
