"""Promises of the notebook 05-transactions.

Most of them are about gaps: the `race` fixture lets two copies of an answer meet in every order that matters. What an
answer sends when it is alone (`_shape`) tells which gap it left open.
"""

from __future__ import annotations

import math
import os
import random
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import redis as redis_py
from redis import Redis

from grader.checks import Answer, AnswerProblem, broken, exercise, expect
from grader.checks.lines import run_line
from grader.checks.verdict import show
from grader.servers import Server
from grader.wire import Exchange, Wire
from grader.wire.faults import End as FaultEnd
from grader.wire.faults import Faults
from grader.wire.race import End, Race

_SCRIPTS = {"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL"}
_LOOKS = {"GET", "MGET", "EXISTS", "STRLEN", "LLEN", "SCARD", "LINDEX", "LRANGE", "GETRANGE", "TYPE"}


def _keys(peek: Redis) -> list[str]:
    """All keys of the check's own small database."""
    return sorted(peek.scan_iter(count=1000))


def _text(client: Redis, key: str) -> str | None:
    """The text at `key`; None for no such key, and words for what is no text."""
    kind = client.type(key)
    if kind == "string":
        stored = client.get(key)
        return None if stored is None else str(stored)
    return None if kind == "none" else f"(a {kind!s})"


def _number(client: Redis, key: str) -> int | None:
    """The number at `key`; None where there is no number."""
    text = _text(client, key)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _sum(client: Redis, *keys: str) -> int:
    """The sum of the numbers at `keys`; what is missing counts as 0."""
    return sum(_number(client, key) or 0 for key in keys)


def _read(client: Redis, key: str) -> Any:
    """What another client reads at `key`, in one command, whatever the answer has put there."""
    try:
        return client.get(key)
    except redis_py.ResponseError as error:
        return str(error)


def _count_money(client: Redis) -> int:
    """What another client counts in the accounts of ada and bob, in one command."""
    money = client.mget("account:ada", "account:bob")
    return sum(int(each) for each in money if each is not None and re.fullmatch(r"-?\d+", str(each)))


def _names_sent(wire: Wire, call: Callable[[], object]) -> list[str]:
    """The commands that `call` sends by itself."""
    with wire.measure() as cost:
        call()
    return cost.names


def _through(wire: Wire, name: str, call: Callable[[], Any]) -> Any:
    """What `call` of the answer's `name` returns; it has to have sent something through the client it was given."""
    try:
        with wire.measure() as cost:
            got = call()
    except AnswerProblem as problem:
        if "NameError" not in problem.sentence:
            raise
        more = "Is it made above the function, with the `r` of the notebook? The function has to do with its own `r`."
        raise AnswerProblem(problem.kind, f"{problem.sentence}. {more}", problem.where) from None
    if got is not None and not cost.names:
        told = f"it returned {show(got)}, and nothing was sent through that client. Is a script registered with another"
        broken(f"{name} works through the client it is given", f"{told} client?", "nothing-was-sent")
    return got


def _gap(names: list[str]) -> str | None:
    """Which misconception about the gap between looking and taking these commands of a buyer show."""
    looks = [n for n, name in enumerate(names) if name in _LOOKS]
    if "WATCH" in names:
        return "watch-too-late" if looks and looks[0] < names.index("WATCH") else "watch-is-used-up"
    if "MULTI" in names:
        return "multi-protects-the-check"
    return "check-then-act" if looks else None


# A client's commands; those in parentheses are another client's. What EXEC answers and what is left is to be
# predicted; beside each line, the pairs that betray a misconception.
_LINES: dict[str, dict[str, dict[tuple[str, str], str]]] = {
    "queue": {
        "SET x 1; MULTI; INCR x; INCR x; EXEC": {("replies", "1"): "runs-at-once"},
        "SET x 1; MULTI; INCR x; DISCARD; EXEC": {
            ("replies", "2"): "discard-is-exec",
            ("error", "2"): "discard-is-exec",
            ("replies", "1"): "discard-is-exec",
            ("nil", "1"): "discard-is-exec",
        },
        "SET x 1; MULTI; SET x 5; (INCR x); EXEC": {("replies", "6"): "runs-at-once", ("nil", "2"): "runs-at-once"},
    },
    "errors": {
        "SET x 1; MULTI; INCR x; INCR; INCR x; EXEC": {
            ("replies", "3"): "skips-the-bad-one",
            ("replies", "2"): "skips-the-bad-one",
            ("error", "2"): "skips-the-bad-one",
            ("error", "3"): "skips-the-bad-one",
        },
        "SET x 1; SET y z; MULTI; INCR x; INCR y; INCR x; EXEC": {
            ("error", "1"): "rolls-back",
            ("nil", "1"): "rolls-back",
            ("replies", "1"): "rolls-back",
            ("error", "2"): "rolls-back",
            ("replies", "2"): "rolls-back",
        },
        "SET x 1; MULTI; MULTI; INCR x; EXEC": {
            ("error", "1"): "nested-multi-spoils",
            ("nil", "1"): "nested-multi-spoils",
        },
    },
    "watch": {
        "SET x 1; WATCH x; (INCR x); MULTI; INCR x; EXEC": {
            ("replies", "2"): "watch-is-a-lock",
            ("replies", "3"): "watch-is-a-lock",
        },
        "SET x 1; WATCH x; MULTI; (INCR x); INCR x; EXEC": {
            ("replies", "3"): "watch-ends-at-multi",
            ("replies", "2"): "watch-is-a-lock",
        },
    },
    "touched": {
        "SET x 1; WATCH x; (GET x); MULTI; INCR x; EXEC": {("nil", "1"): "reading-touches"},
        "SET x 1; WATCH x; (SET x 1); MULTI; INCR x; EXEC": {("replies", "2"): "watch-compares-values"},
        "SET x 1; WATCH x; (EXPIRE x 100); MULTI; INCR x; EXEC": {("replies", "2"): "watch-compares-values"},
        "WATCH x; (SET x 7); MULTI; SET x 1; EXEC": {("replies", "1"): "missing-cannot-be-watched"},
        "SET x 1; WATCH x; INCR x; MULTI; INCR x; EXEC": {("replies", "3"): "own-writes-are-free"},
    },
    "ended": {
        "SET x 1; WATCH x; (INCR x); UNWATCH; MULTI; INCR x; EXEC": {("nil", "2"): "watch-outlives-exec"},
        "SET x 1; WATCH x; (INCR x); MULTI; INCR x; EXEC; MULTI; INCR x; EXEC": {("nil", "2"): "watch-outlives-exec"},
    },
}


def _really(server: Server, line: str) -> tuple[str, str]:
    """What the last EXEC of `line` answers and what `x` holds at the end, on an emptied database."""
    one, other = (server.client(single_connection_client=True) for _ in range(2))
    try:
        one.flushdb()
        said = ""
        for part in line.split("; "):
            client, command = (other, part[1:-1]) if part.startswith("(") else (one, part)
            try:
                reply = run_line(client, command)
                told = "nil" if reply is None else "replies"
            except redis_py.ResponseError:
                told = "error"
            if command == "EXEC":
                said = told
        return said, str(one.get("x"))
    finally:
        one.close()
        other.close()


def _judge(answer: Answer, server: Server, group: str) -> None:
    outcomes = answer.value("outcomes")
    if not isinstance(outcomes, dict):
        broken("outcomes is the dict of the starter", f"it is {show(outcomes)}")
    for line, known in _LINES[group].items():
        predicted = outcomes.get(line, ...)
        if predicted is ... or predicted is None:
            broken(f"a pair for `{line}`", "nothing is predicted yet")
        if not isinstance(predicted, tuple | list) or len(predicted) != 2:
            broken(f'a pair such as ("replies", "3") for `{line}`', f"you predicted {show(predicted)}")
        word, held = predicted
        if not isinstance(word, str) or not isinstance(held, str | int):
            broken(f'a pair such as ("replies", "3") for `{line}`', f"you predicted {show(predicted)}")
        said, left = _really(server, line)
        if (word, str(held)) != (said, left):
            broken(
                f"`{line}`: EXEC answers {said}, and x holds {left}",
                f"you predicted {show(word)} and {show(held)}",
                known.get((word, str(held))),
            )


@exercise("week2.predict-transactions")
class TestPredictTransactions:
    def test_queue(self, answer: Answer, server: Server) -> None:
        """What MULTI, EXEC and DISCARD do with the commands between them."""
        _judge(answer, server, "queue")

    def test_errors(self, answer: Answer, server: Server) -> None:
        """What becomes of the other commands when one of them is an error."""
        _judge(answer, server, "errors")

    def test_watch(self, answer: Answer, server: Server) -> None:
        """What WATCH does when another client writes to the key."""
        _judge(answer, server, "watch")

    def test_touched(self, answer: Answer, server: Server) -> None:
        """What counts as touching a watched key."""
        _judge(answer, server, "touched")

    def test_ended(self, answer: Answer, server: Server) -> None:
        """What ends a watch."""
        _judge(answer, server, "ended")


def _takes(command: tuple[bytes, ...]) -> bool:
    """Whether this command begins the step in which something is taken."""
    return command[0].upper() in {b"MULTI", b"DECRBY", b"INCRBY", b"SET", b"EVAL", b"EVALSHA"}


def _writes_before_multi(wire: Wire) -> bool:
    """Whether the answer wrote a number while it was watching, before its MULTI."""
    watching = False
    for exchange in wire.exchanges:
        if exchange.name == "WATCH":
            watching = True
        elif exchange.name in {"MULTI", "EXEC", "UNWATCH", "DISCARD"}:
            watching = False
        elif watching and exchange.name in {"DECRBY", "INCRBY", "DECR", "INCR", "SET"}:
            return True
    return False


@exercise("week2.stock-watch")
class TestStockWatch:
    def test_sells(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Pieces that are there are sold, the last one too, and the stock is lowered by as many."""
        peek.set("stock:green tea", 5)
        for count, left in ((2, 3), (3, 0)):
            call = f'buy(r, "green tea", {count}) with {left + count} in stock'
            try:
                got = answer.buy(redis, "green tea", count)
            except AnswerProblem as problem:
                if "TypeError" in problem.sentence and "Pipeline'" in problem.sentence:
                    broken(f"{call} returns True", problem.sentence, "reads-inside-multi")
                raise
            own = "own-writes-are-free" if _writes_before_multi(wire) else None
            expect(got, True, call, because=own)
            after = f"after {call}, the number at `stock:green tea`"
            expect(_number(peek, "stock:green tea"), left, after, because=own)

    def test_refuses(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Where there are too few, the answer is False and the stock stays as it is."""
        for left, count in ((0, 1), (2, 3)):
            peek.set("stock:tea", left)
            expect(answer.buy(redis, "tea", count), False, f'buy(r, "tea", {count}) with {left} in stock')
            expect(_number(peek, "stock:tea"), left, "then the number at `stock:tea`")

    def test_unknown(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An article that nobody knows is sold out, and no key is made for it."""
        expect(answer.buy(redis, "salt", 1), False, 'buy(r, "salt", 1), an unknown article')
        if keys := _keys(peek):
            broken("no key is made", f"now there is {keys[0]}", "unknown-gets-a-key")

    def test_last_one(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis, race: Race) -> None:
        """If two want the last piece, one gets it, in whatever order their commands arrive."""
        peek.set("stock:tea", 1)
        names = _names_sent(wire, lambda: answer.buy(redis, "tea", 1))

        def one_sold(end: End) -> None:
            left = _number(end.redis, "stock:tea")
            if end.results.count(True) > 1 or left is None or left < 0:
                broken("one buyer gets the last piece", f"the answers are {end.results}, and the stock is {left}")

        race(
            lambda r: answer.buy(r, "tea", 1),
            lambda r: answer.buy(r, "tea", 1),
            setup=lambda r: r.set("stock:tea", 1),
            invariant=one_sold,
            misconception=_gap(names),
        )

    def test_enough_for_both(self, answer: Answer, race: Race) -> None:
        """If there is enough for both, both get it, also the one who was slower."""

        def both(end: End) -> None:
            left = _number(end.redis, "stock:tea")
            if end.results != [True, True] or left != 0:
                told = f"the answers are {end.results}, and the stock is {left}"
                broken("3 are there, one buyer wants 1 and one wants 2: both are told True", told, "gives-up")

        race(
            lambda r: answer.buy(r, "tea", 1),
            lambda r: answer.buy(r, "tea", 2),
            setup=lambda r: r.set("stock:tea", 3),
            invariant=both,
        )

    def test_patient(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """However often others come first, a buyer goes on until there are too few."""
        other = wire.client("other", decode_responses=True)
        came: list[int] = []
        wire.before(_takes, lambda: came.append(other.decrby("stock:tea", 1)), times=25)
        peek.set("stock:tea", 100)
        got = answer.buy(redis, "tea", 60)
        call = f'buy(r, "tea", 60), with 100 in stock and {len(came)} others who took 1 each just before it,'
        expect(got, True, call, because="gives-up")
        expect(_number(peek, "stock:tea"), 40 - len(came), "then the number at `stock:tea`")

    def test_with_watch(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """It is done with WATCH: this exercise is about it. (The next ones take other ways.)"""
        peek.set("stock:tea", 2)
        names = _names_sent(wire, lambda: answer.buy(redis, "tea", 1))
        if "WATCH" not in names:
            broken("buy sends WATCH", f"it sent {', '.join(names)}")


def _script_calls(wire: Wire) -> list[tuple[str, set[str]]]:
    """Of every script that was run: its text or SHA1, and the keys it was given."""
    calls = []
    for exchange in wire.exchanges:
        if exchange.name in _SCRIPTS:
            words = [word.decode("utf-8", "replace") for word in exchange.command]
            calls.append((words[1], set(words[3 : 3 + int(words[2])])))
    return calls


@exercise("week2.stock-script")
class TestStockScript:
    def _stock(self, peek: Redis, **left: int) -> None:
        peek.flushdb()
        peek.mset({f"stock:{article}": count for article, count in left.items()})

    def _left(self, peek: Redis, *articles: str) -> list[int | None]:
        return [_number(peek, f"stock:{article}") for article in articles]

    def _buy(self, answer: Answer, redis: Redis, basket: dict[str, int]) -> Any:
        try:
            return answer.buy_basket(redis, dict(basket))
        except AnswerProblem as problem:
            if re.search(r"attempt to compare|with nil|nil value|boolean", problem.sentence):
                broken(f"buy_basket(r, {basket}) returns True or False", problem.sentence, "missing-is-nil")
            raise

    def test_sells(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A basket that is there is taken, to the last piece: True, and every stock is lowered."""
        self._stock(peek, tea=5, jam=12, salt=1)
        got = _through(wire, "buy_basket", lambda: answer.buy_basket(redis, {"tea": 2, "jam": 10}))
        expect(got, True, 'buy_basket(r, {"tea": 2, "jam": 10})')
        expect(self._left(peek, "tea", "jam", "salt"), [3, 2, 1], "with 5 tea, 12 jam, 1 salt before, what is left")
        expect(answer.buy_basket(redis, {"tea": 3}), True, 'then buy_basket(r, {"tea": 3})')
        expect(self._left(peek, "tea"), [0], "then what is left of the tea")

    def test_numbers(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """9 are fewer than 10, and 10 are more than 9."""
        for left, count in ((10, 9), (9, 10)):
            self._stock(peek, tea=left)
            call = f'buy_basket(r, {{"tea": {count}}}) with {left} in stock'
            expect(answer.buy_basket(redis, {"tea": count}), left >= count, call, because="compares-texts")

    def test_all_or_nothing(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """If one article is short, nothing at all is taken."""
        for basket in ({"tea": 1, "jam": 2}, {"jam": 2, "tea": 1}, {"tea": 1, "jam": 1, "salt": 9}):
            self._stock(peek, tea=5, jam=1, salt=1)
            got = self._buy(answer, redis, basket)
            left = self._left(peek, "tea", "jam", "salt")
            if left != [5, 1, 1]:
                told = f"after buy_basket(r, {basket}) there are {left}"
                broken("nothing is taken: 5 tea, 1 jam, 1 salt", told, "deducts-as-it-goes")
            expect(got, False, f"buy_basket(r, {basket}) with 5 tea, 1 jam, 1 salt")

    def test_unknown(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An unknown article is sold out, and no key is made for it."""
        self._stock(peek, tea=5)
        got = self._buy(answer, redis, {"tea": 1, "coffee": 1})
        expect(
            got, False, 'buy_basket(r, {"tea": 1, "coffee": 1}), where nobody knows coffee', because="missing-is-nil"
        )
        expect(_keys(peek), ["stock:tea"], "then the keys")

    def test_last_one(self, answer: Answer, race: Race) -> None:
        """If two want the last piece, one gets it."""

        def one_sold(end: End) -> None:
            left = [_number(end.redis, key) for key in ("stock:tea", "stock:jam")]
            if sorted(map(str, end.results)) != ["False", "True"] or left != [0, 1]:
                broken("one gets the last tea", f"the answers are {end.results}, and what is left is {left}")

        race(
            lambda r: answer.buy_basket(r, {"tea": 1, "jam": 1}),
            lambda r: answer.buy_basket(r, {"jam": 1, "tea": 1}),
            setup=lambda r: r.mset({"stock:tea": 1, "stock:jam": 2}),
            invariant=one_sold,
            misconception="check-outside",
        )

    def test_one_trip(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A basket costs one round trip, once the script is known."""
        articles = {f"article {n}": 1 for n in range(20)}
        self._stock(peek, **dict.fromkeys(articles, 5))
        answer.buy_basket(redis, articles)
        with wire.measure() as cost:
            answer.buy_basket(redis, articles)
        if cost.round_trips != 1:
            sent = ", ".join(cost.names[:6]) + (" …" if len(cost.names) > 6 else "")
            name = "loads-every-time" if "SCRIPT" in cost.names else "many-trips"
            broken("one round trip", f"a basket of 20 took {cost.round_trips}: {sent}", name)

    def test_same_text(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The server gets one script for all baskets, and is told every key in KEYS."""
        self._stock(peek, tea=9, jam=9)
        for basket in ({"tea": 1}, {"tea": 2}, {"jam": 1, "tea": 3}):
            wire_calls = len(_script_calls(wire))
            answer.buy_basket(redis, basket)
            wanted = {f"stock:{article}" for article in basket}
            for _, keys in _script_calls(wire)[wire_calls:]:
                if keys != wanted:
                    told = f"buy_basket(r, {basket}) gave {', '.join(sorted(keys)) or 'none'}"
                    broken(f"the script is given the keys {', '.join(sorted(wanted))}", told, "keys-in-the-script")
        texts = {text for text, _ in _script_calls(wire) if not re.fullmatch("[0-9a-fA-F]{40}", text)}
        names = {text for text, _ in _script_calls(wire)} - texts
        if len(texts) > 1 or len(names) > 1:
            broken(
                "one script for all baskets", f"three baskets made {max(len(texts), len(names))}", "script-per-basket"
            )


@exercise("week2.stock-command")
class TestStockCommand:
    def test_sells(self, answer: Answer, redis: Redis) -> None:
        """What was delivered can be sold, piece by piece, and then no more."""
        answer.deliver(redis, "green tea", 2)
        expect(answer.pieces_left(redis, "green tea"), 2, 'pieces_left(r, "green tea") after a delivery of 2')
        for nth, wanted, left in (("first", True, 1), ("second", True, 0), ("third", False, 0)):
            expect(answer.sell_one(redis, "green tea"), wanted, f'the {nth} sell_one(r, "green tea")')
            got = answer.pieces_left(redis, "green tea")
            expect(got, left, "then pieces_left", known={-1: "refusals-count"} if nth == "third" else None)

    def test_plain_commands(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """It is done without a transaction and without a script: this exercise is about commands that suffice alone."""
        answer.deliver(redis, "tea", 1)
        answer.sell_one(redis, "tea")
        answer.pieces_left(redis, "tea")
        for name in wire.names:
            if name in _SCRIPTS | {"FCALL_RO", "MULTI"}:
                known = None if name == "MULTI" else "script-for-one-command"
                broken("commands that are not in a transaction or a script", f"{name} was sent", known)

    def test_unknown(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Every article has its own stock; of one that nobody knows there are 0."""
        answer.deliver(redis, "tea", 1)
        expect(answer.sell_one(redis, "salt"), False, 'sell_one(r, "salt"), an unknown article')
        expect(answer.pieces_left(redis, "salt"), 0, 'pieces_left(r, "salt")', known={-1: "refusals-count"})
        expect(answer.pieces_left(redis, "tea"), 1, 'pieces_left(r, "tea")')

    def test_deliveries_add(self, answer: Answer, redis: Redis) -> None:
        """Deliveries add up, whatever is still there and however many were refused before."""
        for _ in range(3):
            answer.sell_one(redis, "tea")
        answer.deliver(redis, "tea", 3)
        got = answer.pieces_left(redis, "tea")
        expect(got, 3, "pieces_left after three refused buyers and a delivery of 3", known={0: "refusals-count"})
        answer.sell_one(redis, "tea")
        answer.deliver(redis, "tea", 3)
        got = answer.pieces_left(redis, "tea")
        call = "pieces_left after a delivery of 3, one sold, and a delivery of 3"
        expect(got, 5, call, known={3: "pieces-need-names", 4: "pieces-need-names"})

    def test_last_one(self, answer: Answer, redis: Redis, wire: Wire, race: Race) -> None:
        """If two want the last piece, one gets it."""
        answer.deliver(redis, "tea", 1)
        names = _names_sent(wire, lambda: answer.sell_one(redis, "tea"))

        def one_sold(end: End) -> None:
            if sorted(map(str, end.results)) != ["False", "True"]:
                broken("one True and one False", f"the answers are {end.results}")

        race(
            lambda r: answer.sell_one(r, "tea"),
            lambda r: answer.sell_one(r, "tea"),
            setup=lambda r: answer.deliver(r, "tea", 1),
            invariant=one_sold,
            misconception="check-then-act" if len(names) > 1 else None,
        )

    def test_nobody_refused(self, answer: Answer, race: Race) -> None:
        """Nobody is refused while a piece is there."""

        def deliver_and_sell(r: Redis) -> Any:
            answer.deliver(r, "tea", 1)
            return answer.sell_one(r, "tea")

        def one_sold(end: End) -> None:
            if end.results.count(True) != 1:
                told = "both were refused" if True not in end.results else "both were sold it"
                broken("a piece is delivered, two want it, one gets it", told)

        race(
            lambda r: answer.sell_one(r, "tea"),
            deliver_and_sell,
            invariant=one_sold,
            misconception="undo-comes-late",
        )

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Selling is one command, sold out or not; a delivery of 1000 is one round trip."""
        with wire.measure() as cost:
            answer.deliver(redis, "tea", 1000)
        if cost.round_trips != 1:
            broken("one round trip", f"deliver took {cost.round_trips}", "one-by-one")
        for article in ("tea", "salt"):
            with wire.measure() as cost:
                answer.sell_one(redis, article)
            if len(cost.names) != 1:
                broken("one command", f'sell_one(r, "{article}") sent {", ".join(cost.names) or "nothing"}')
        expect(answer.pieces_left(redis, "tea"), 999, "after a delivery of 1000 and one sold, pieces_left")


@exercise("week2.transfer")
class TestTransfer:
    def _open(self, peek: Redis, **money: int) -> None:
        peek.flushdb()
        peek.mset({f"account:{name}": amount for name, amount in money.items()})

    def _hold(self, peek: Redis, wanted: dict[str, int], after: str, because: str | None = None) -> None:
        """Judge what the accounts hold."""
        held = {key.removeprefix("account:"): _text(peek, key) for key in _keys(peek)}
        if held != {name: str(money) for name, money in wanted.items()}:
            told = ", ".join(f"{name} {money}" for name, money in held.items()) or "there are none"
            broken(f"after {after}: {', '.join(f'{name} {money}' for name, money in wanted.items())}", told, because)

    def test_moves(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The amount leaves one account and enters the other, to the last coin."""
        self._open(peek, ada=100, zoë=20)
        for amount, ada in ((30, 70), (1, 69), (69, 0)):
            call = f'transfer(r, "ada", "zoë", {amount})'
            expect(answer.transfer(redis, "ada", "zoë", amount), True, call)
            self._hold(peek, {"ada": ada, "zoë": 120 - ada}, call)

    def test_refuses(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Too little money, or an amount of zero or less: False, and nothing changes."""
        for amount in (101, 0, -5):
            self._open(peek, ada=100, bob=20)
            got = answer.transfer(redis, "ada", "bob", amount)
            name = "negative-amount" if amount <= 0 else None
            call = f'transfer(r, "ada", "bob", {amount}), where ada has 100'
            self._hold(peek, {"ada": 100, "bob": 20}, call, name)
            expect(got, False, call, because=name)

    def test_missing(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Both accounts have to exist; no account is made."""
        for source, target in (("ada", "eve"), ("eve", "ada")):
            self._open(peek, ada=100)
            got = answer.transfer(redis, source, target, 1)
            call = f'transfer(r, "{source}", "{target}", 1), where eve has no account'
            self._hold(peek, {"ada": 100}, call, "creates-the-account")
            expect(got, False, call)

    def test_itself(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """From an account to itself: nothing changes; True if there is enough."""
        for amount, wanted in ((30, True), (100, True), (101, False)):
            self._open(peek, ada=100)
            got = answer.transfer(redis, "ada", "ada", amount)
            call = f'transfer(r, "ada", "ada", {amount}), where ada has 100'
            self._hold(peek, {"ada": 100}, call, "self-transfer")
            expect(got, wanted, call)

    def test_halves(self, answer: Answer, race: Race) -> None:
        """At every moment there is as much money as before."""

        def nothing_missing(end: End) -> None:
            total = end.results[1]
            if total != 120:
                broken("whoever counts the money counts 120", f"another client counted {total}")

        race(
            lambda r: answer.transfer(r, "ada", "bob", 30),
            _count_money,
            setup=lambda r: r.mset({"account:ada": 100, "account:bob": 20}),
            invariant=nothing_missing,
            misconception="halves-are-seen",
        )

    def test_dies_anywhere(self, answer: Answer, faults: Faults) -> None:
        """Whichever command the program dies at, no money is lost and none is made."""

        def nothing_missing(end: FaultEnd) -> None:
            total = _sum(end.redis, "account:ada", "account:bob")
            if total != 120:
                broken("ada and bob have 120 together", f"they have {total}")

        faults.everywhere(
            lambda r: answer.transfer(r, "ada", "bob", 30),
            setup=lambda r: r.mset({"account:ada": 100, "account:bob": 20}),
            then=nothing_missing,
            misconception="halves-are-seen",
        )

    def test_two_spend(self, answer: Answer, race: Race) -> None:
        """Two transfers from one account never take more than there is."""

        def never_below(end: End) -> None:
            ada = _number(end.redis, "account:ada")
            total = _sum(end.redis, "account:ada", "account:bob", "account:eve")
            if ada is None or ada < 0 or total != 100:
                broken("ada has 100, two take 70 each: one of them may", f"ada is left with {ada}, all with {total}")

        race(
            lambda r: answer.transfer(r, "ada", "bob", 70),
            lambda r: answer.transfer(r, "ada", "eve", 70),
            setup=lambda r: r.mset({"account:ada": 100, "account:bob": 0, "account:eve": 0}),
            invariant=never_below,
            misconception="check-then-act",
        )

    def test_both_ways(self, answer: Answer, race: Race) -> None:
        """Two transfers at once that both can be done are both done."""

        def both(end: End) -> None:
            ada, bob = (_number(end.redis, f"account:{name}") for name in ("ada", "bob"))
            if end.results != [True, True] or (ada, bob) != (80, 40):
                told = f"the answers are {end.results}, and they have {ada} and {bob}"
                broken("ada has 100, bob 20; 30 go from ada to bob and 10 back: 80 and 40", told)

        race(
            lambda r: answer.transfer(r, "ada", "bob", 30),
            lambda r: answer.transfer(r, "bob", "ada", 10),
            setup=lambda r: r.mset({"account:ada": 100, "account:bob": 20}),
            invariant=both,
            misconception="gives-up",
        )

    def test_account_closes(self, answer: Answer, race: Race) -> None:
        """An account that is closed meanwhile does not come back."""

        def stays_closed(end: End) -> None:
            if end.redis.exists("account:bob"):
                broken("bob's account is closed", f"it is there again, with {_text(end.redis, 'account:bob')}")

        race(
            lambda r: answer.transfer(r, "ada", "bob", 30),
            lambda r: r.delete("account:bob"),
            setup=lambda r: r.mset({"account:ada": 100, "account:bob": 20}),
            invariant=stays_closed,
            misconception="watches-one-account",
        )


class _LineIsDeadError(redis_py.ConnectionError):
    """The connection broke behind a command."""


def _break_the_line() -> None:
    raise _LineIsDeadError("Connection closed by server.")


@exercise("week2.retry-wisely")
class TestRetryWisely:
    def _run(self, answer: Answer, redis: Redis, commands: Iterable[tuple[Any, ...]]) -> tuple[list[Any], list[Any]]:
        got = answer.run_batch(redis, list(commands))
        if not isinstance(got, tuple | list) or len(got) != 2 or not all(isinstance(part, list) for part in got):
            broken("two lists, replies and failed", f"run_batch returned {show(got)}")
        return got[0], got[1]

    def test_replies(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The replies come back in the order of the commands; nothing has failed."""
        peek.set("city", "Lima")
        commands = [("INCRBY", "a", 2), ("GET", "city"), ("GET", "nobody"), ("LPUSH", "b", "x", "y")]
        expect(self._run(answer, redis, commands), ([2, "Lima", None, 2], []), f"run_batch(r, {commands})")
        expect(self._run(answer, redis, []), ([], []), "run_batch(r, [])")

    def test_once(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """When one command fails, the others run, once."""
        peek.set("name", "ada")
        commands = [("INCRBY", "visits", 1), ("INCRBY", "name", 1), ("INCRBY", "visits", 1)]
        got: Any = None
        try:
            got = self._run(answer, redis, commands)
        except AnswerProblem as problem:
            if "ResponseError" not in problem.sentence:
                raise
            broken(
                f"run_batch(r, {commands}) returns replies, and [1] as failed", problem.sentence, "drops-the-refused"
            )
        visits = _number(peek, "visits")
        if visits != 2:
            known = {4: "runs-twice", 3: "runs-twice"}
            broken("two visits are counted as 2", f"the counter says {visits}", known.get(visits or 0))
        replies, failed = got
        if len(replies) != 3:
            broken("a reply for each command, None for a refused one", f"it is {show(replies)}", "drops-the-refused")
        expect((replies, failed), ([1, None, 2], [1]), f'run_batch(r, {commands}), where name is "ada",')

    def test_unknown_command(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A command that Redis does not know is refused, and the others run."""
        commands = [("INCRBY", "visits", 1), ("INCREASE", "visits", 1), ("INCRBY",), ("INCRBY", "visits", 1)]
        try:
            got = self._run(answer, redis, commands)
        except AnswerProblem as problem:
            broken(f"run_batch(r, {commands}) returns", problem.sentence, "transaction-for-a-batch")
        because = "transaction-for-a-batch" if _number(peek, "visits") is None else None
        expect(got, ([1, None, None, 2], [1, 2]), f"run_batch(r, {commands})", because=because)

    def test_not_again(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A refused command stays refused, also when it would succeed a moment later."""
        commands = [("LPUSH", "x", "a"), ("INCRBY", "x", 1), ("DEL", "x")]
        got = self._run(answer, redis, commands)
        left = _keys(peek)
        if left:
            told = f"x is there again, {show(_text(peek, 'x'))}"
            broken("LPUSH x, INCRBY x (refused), DEL x: then there is no x", told, "tries-again")
        expect(got, ([1, None, 1], [1]), f"run_batch(r, {commands})", because="tries-again")

    def test_one_trip(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A batch is one round trip, with or without errors."""
        peek.set("name", "ada")
        with wire.measure() as cost:
            self._run(answer, redis, [("INCRBY", f"n{n}", 1) for n in range(10)] + [("INCRBY", "name", 1)])
        if cost.round_trips != 1:
            broken("one round trip for 11 commands", f"there were {cost.round_trips}", "one-by-one")

    def test_line_breaks(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """If the connection breaks, nothing is sent again, and the ConnectionError comes out."""
        wire.after("INCRBY", _break_the_line)
        commands = [("INCRBY", "visits", 1), ("INCRBY", "visits", 1)]
        came_out = False
        try:
            self._run(answer, redis, commands)
        except AnswerProblem as problem:
            came_out = problem.kind == "redis-away" or "ConnectionError" in problem.sentence
            if not came_out and "LineIsDead" not in problem.sentence:
                raise
            came_out = True
        visits = _number(peek, "visits")
        told = f"the connection broke behind the commands, and the counter says {visits}"
        if visits != 2:
            broken("two visits, sent once, are 2", told, "sends-again-in-the-dark")
        if not came_out:
            broken("the ConnectionError comes out", "run_batch returned", "swallows-the-break")


@exercise("week2.buy-once")
class TestBuyOnce:
    def test_buys(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A purchase lowers the stock, to the last piece; each request is a purchase of its own."""
        peek.set("stock:green tea", 5)
        for request, count, left in (("a", 2, 3), ("Zoë 2", 3, 0)):
            call = f'buy_once(r, "green tea", {count}, "{request}") with {left + count} in stock'
            expect(answer.buy_once(redis, "green tea", count, request), True, call)
            expect(_number(peek, "stock:green tea"), left, f"after {call}, the number at `stock:green tea`")

    def test_again(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The same request again answers True, and nothing is taken, also when nothing is left."""
        for stock, left in ((5, 3), (2, 0)):
            peek.flushdb()
            peek.set("stock:tea", stock)
            call = f'buy_once(r, "tea", 2, "a") on a Redis that is empty but for {stock} tea'
            first = answer.buy_once(redis, "tea", 2, "a")
            if first is True and _number(peek, "stock:tea") == stock:
                broken(f"{call} takes 2", f"it returned True and {stock} are left", "remembered-in-python")
            expect(first, True, call)
            expect(_number(peek, "stock:tea"), left, f"after {call}, the number at `stock:tea`")
            got = answer.buy_once(redis, "tea", 2, "a")
            if _number(peek, "stock:tea") != left:
                guarded = any(word.upper() == b"NX" for e in wire.exchanges for word in e.command)
                name = "nx-stops-the-rest" if guarded else "every-call-buys"
                told = f"{stock} were there, and {_text(peek, 'stock:tea')} are left"
                broken("the same request for 2, sent twice, takes 2", told, name)
            late = "stock-before-request" if stock == 2 and got is False else None
            expect(got, True, f'the second buy_once(r, "tea", 2, "a"), with {left} left,', because=late)

    def test_refuses(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A request that cannot be met is refused, changes nothing, and may be made again when there is more."""
        peek.set("stock:tea", 1)
        for article, count in (("tea", 2), ("salt", 1)):
            call = f'buy_once(r, "{article}", {count}, "{article}") with 1 tea and no salt'
            expect(answer.buy_once(redis, article, count, article), False, call)
        if left := [key for key in _keys(peek) if key != "stock:tea"]:
            broken("a refused request leaves nothing behind", f"now there is {left[0]}", "remembers-refusals")
        expect(_number(peek, "stock:tea"), 1, "then the number at `stock:tea`")
        peek.set("stock:tea", 2)
        got = answer.buy_once(redis, "tea", 2, "tea")
        expect(got, True, "the same request, when there is enough,", because="remembers-refusals")
        expect(_number(peek, "stock:tea"), 0, "then the number at `stock:tea`", because="remembers-refusals")

    def test_forgets(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A request is remembered at `request:<request>` for a day."""
        peek.set("stock:tea", 5)
        answer.buy_once(redis, "tea", 1, "a")
        left = int(peek.pttl("request:a"))
        if left == -2:
            broken("the request is remembered at request:a", "there is no such key")
        if left == -1:
            broken("it is remembered for 86400 s", "request:a has no expiry", "remembers-for-ever")
        if not 86_390_000 < left <= 86_400_000:
            broken("it is remembered for 86400 s", f"request:a ends in {left / 1000:.0f} s")

    def test_dies_anywhere(self, answer: Answer, faults: Faults) -> None:
        """Whichever command the first call dies at, asking again makes it one purchase."""

        def one_purchase(end: FaultEnd) -> None:
            before = _number(end.redis, "stock:tea")
            again = answer.buy_once(end.redis, "tea", 2, "a")
            left = _number(end.redis, "stock:tea")
            if again is not True or left != 3:
                name = "written-down-later" if left == 1 else "written-down-first" if left == 5 else None
                told = (
                    f"{before} of 5 were left; the same request again returned {show(again)}, and now {left} are left"
                )
                broken("2 of 5 are bought, once", told, name)

        faults.everywhere(
            lambda r: answer.buy_once(r, "tea", 2, "a"),
            setup=lambda r: r.set("stock:tea", 5),
            then=one_purchase,
        )

    def test_same_at_once(self, answer: Answer, race: Race) -> None:
        """The same request twice at the same moment is one purchase."""

        def one_purchase(end: End) -> None:
            left = _number(end.redis, "stock:tea")
            if end.results != [True, True] or left != 3:
                told = f"the answers are {end.results}, and {left} of 5 are left"
                broken("both are told True, and 2 of 5 are taken", told)

        race(
            lambda r: answer.buy_once(r, "tea", 2, "a"),
            lambda r: answer.buy_once(r, "tea", 2, "a"),
            setup=lambda r: r.set("stock:tea", 5),
            invariant=one_purchase,
            misconception="check-then-act",
        )

    def test_last_one(self, answer: Answer, race: Race) -> None:
        """If two requests want the last piece, one gets it."""

        def one_sold(end: End) -> None:
            left = _number(end.redis, "stock:tea")
            if sorted(map(str, end.results)) != ["False", "True"] or left != 0:
                broken("one True and one False", f"the answers are {end.results}, and the stock is {left}")

        race(
            lambda r: answer.buy_once(r, "tea", 1, "a"),
            lambda r: answer.buy_once(r, "tea", 1, "b"),
            setup=lambda r: r.set("stock:tea", 1),
            invariant=one_sold,
            misconception="check-then-act",
        )

    def test_not_renewed(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The day is counted from the purchase: asking again does not make it longer."""
        peek.set("stock:tea", 5)
        answer.buy_once(redis, "tea", 1, "a")
        peek.expire("request:a", 100)
        answer.buy_once(redis, "tea", 1, "a")
        left = int(peek.pttl("request:a"))
        if not 90_000 < left <= 100_000:
            told = "has no end" if left == -1 else f"ends in {left / 1000:.0f} s"
            wanted = "request:a ends 86400 s after the purchase, in 100 s from here"
            broken(wanted, f"the same request came again, and now it {told}", "repeats-renew")


@exercise("week2.compare-and-set")
class TestCompareAndSet:
    def test_swaps(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A key that holds the old text gets the new one."""
        for old, new in (("open", "paid"), ("paid", "Zürich ✓"), ("Zürich ✓", "")):
            peek.set("status", old)
            expect(answer.cas(redis, "status", old, new), True, f'cas(r, "status", {old!r}, {new!r})')
            expect(_text(peek, "status"), new, "then GET status")

    def test_refuses(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A key that holds something else stays as it is."""
        peek.set("status", "paid")
        expect(answer.cas(redis, "status", "open", "closed"), False, 'cas(r, "status", "open", "closed"), it is paid,')
        expect(_text(peek, "status"), "paid", "then GET status")

    def test_missing(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """None as old means that there is no such key, and only that."""
        expect(answer.cas(redis, "new", "open", "paid"), False, 'cas(r, "new", "open", "paid"), a missing key,')
        expect(peek.exists("new"), 0, "then EXISTS new")
        expect(answer.cas(redis, "new", "", "paid"), False, 'cas(r, "new", "", "paid")', because="empty-is-missing")
        got = answer.cas(redis, "new", "None", "paid")
        call = 'cas(r, "new", "None", "paid"), a missing key against the text None,'
        expect(got, False, call, because="none-is-a-text")
        peek.set("text", "None")
        got = answer.cas(redis, "text", None, "x")
        expect(got, False, 'cas(r, "text", None, "x"), which holds the text None,', because="none-is-a-text")
        expect(answer.cas(redis, "text", "None", "x"), True, 'cas(r, "text", "None", "x")', because="none-is-a-text")
        expect(answer.cas(redis, "new", None, "open"), True, 'cas(r, "new", None, "open")')
        expect(_text(peek, "new"), "open", "then GET new")
        expect(answer.cas(redis, "new", None, "paid"), False, 'cas(r, "new", None, "paid"), it is open,')
        peek.set("empty", "")
        got = answer.cas(redis, "empty", None, "x")
        expect(got, False, 'cas(r, "empty", None, "x"), which holds "",', because="empty-is-missing")
        got = answer.cas(redis, "empty", "", "x")
        expect(got, True, 'cas(r, "empty", "", "x")', because="empty-is-missing")

    def test_keeps_expiry(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The key keeps its expiry, to the millisecond."""
        # TTL would answer 101 here: an end that is set from it comes 0.3 s late.
        peek.set("status", "open", px=100_700)
        before = int(peek.pexpiretime("status"))
        answer.cas(redis, "status", "open", "paid")
        after = int(peek.pexpiretime("status"))
        if after < 0:
            broken("the key still ends in 100.7 s", "after a swap it has no expiry", "loses-the-end")
        if abs(after - before) > 200:
            told = f"after a swap it ends {abs(after - before)} ms {'later' if after > before else 'earlier'}"
            broken("the key ends when it did", told, "end-in-whole-seconds")

    def test_never_shown(self, answer: Answer, race: Race) -> None:
        """A swap that is refused shows nobody a value that should not be there, and destroys none."""

        def as_it_was(end: End) -> None:
            held = _text(end.redis, "status")
            if end.results[1] != "paid" or held != "shipped":
                told = f"another client saw {show(end.results[1])}, then wrote shipped; at the end it is {show(held)}"
                broken('cas(r, "status", "open", "closed") leaves what is paid alone', told)

        def look_and_ship(r: Redis) -> Any:
            seen = _read(r, "status")
            r.set("status", "shipped")
            return seen

        race(
            lambda r: answer.cas(r, "status", "open", "closed"),
            look_and_ship,
            setup=lambda r: r.set("status", "paid"),
            invariant=as_it_was,
            misconception="writes-first",
        )

    def test_one_wins(self, answer: Answer, race: Race) -> None:
        """Of two who swap the same old value, one is told True, and its value is there."""

        def one(end: End) -> None:
            held = _text(end.redis, "status")
            told = f"the answers are {end.results}, and the key holds {show(held)}"
            if end.results.count(True) > 1:
                broken("one True and one False", told)
            if end.results not in ([True, False], [False, True]) or held != ("a", "b")[end.results.index(True)]:
                broken("one True and one False, and the winner's value", told)

        race(
            lambda r: answer.cas(r, "status", "open", "a"),
            lambda r: answer.cas(r, "status", "open", "b"),
            setup=lambda r: r.set("status", "open"),
            invariant=one,
            misconception="get-then-set",
        )

    def test_one_creates(self, answer: Answer, race: Race) -> None:
        """Of two who create the same key, one is told True."""

        def one(end: End) -> None:
            if sorted(map(str, end.results)) != ["False", "True"]:
                broken("one True and one False", f"the answers are {end.results}")

        race(
            lambda r: answer.cas(r, "status", None, "a"),
            lambda r: answer.cas(r, "status", None, "b"),
            invariant=one,
            misconception="get-then-set",
        )

    def test_only_touched(self, answer: Answer, race: Race) -> None:
        """A key that is only touched meanwhile still holds the old value: it is swapped."""

        def swapped(end: End) -> None:
            if end.results[0] is not True:
                told = f"it returned {show(end.results[0])}"
                broken('cas(r, "status", "open", "paid") returns True, also while somebody sets an expiry', told)

        race(
            lambda r: answer.cas(r, "status", "open", "paid"),
            lambda r: r.expire("status", 100),
            setup=lambda r: r.set("status", "open"),
            invariant=swapped,
            misconception="touched-is-changed",
        )


_TAKES = 100
_LEAST_BITS = 28


def _without_clocks(token: str) -> str:
    """The token without the numbers in it that are the time, in seconds or smaller units."""
    clocks = [clock * unit for clock in (time.time(), time.monotonic()) for unit in (1, 10**3, 10**6, 10**9)]

    def chance(number: re.Match[str]) -> str:
        return "" if any(abs(float(number[0]) / clock - 1) < 1e-4 for clock in clocks) else number[0]

    return re.sub(r"\d+(\.\d+)?", chance, token)


def _bits_of_chance(tokens: list[str]) -> float:
    """How many bits of chance these tokens show at the most: in each place, the characters that were seen there."""
    drawn = [_without_clocks(token) for token in tokens]
    width = max(map(len, drawn))
    places = zip(*(token.rjust(width) for token in drawn), strict=True)
    return sum(math.log2(len(set(place))) for place in places)


def _beginning(tokens: list[str]) -> str:
    """The text with which all tokens begin."""
    first, last = min(tokens), max(tokens)
    return first[: next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _own_name(tokens: list[str]) -> bool:
    """Whether all tokens share a part that only chance can have made: a name that the program drew for itself.

    What two programs have in common (the machine, the process number after a restart, the clock) is no such name.
    """
    if all(re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", token) for token in tokens):
        return True  # a UUID is made to be one of its kind, also the one with a clock in it
    shared = f"{_beginning(tokens)} {_beginning([token[::-1] for token in tokens])[::-1]}"
    machine = (socket.gethostname(), str(os.getpid()), str(uuid.getnode()), f"{uuid.getnode():012x}")
    clocks = (str(time.time_ns())[:6], str(time.monotonic_ns())[:6])
    for known in (*machine, *clocks):
        shared = shared.replace(known, " ")
    drawn = re.search(r"(?=[a-f]*[1-9])[0-9a-f]{8}", shared)
    return drawn is not None or all(re.search(kind, shared) for kind in ("[A-Z]", "[a-z]", "[1-9]", r"\S{8}"))


def _texts(reply: Any) -> Iterable[str]:
    """The numbers and texts in a reply, as text."""
    if isinstance(reply, list):
        for each in reply:
            yield from _texts(each)
    elif isinstance(reply, bytes):
        yield reply.decode("utf-8", "replace")
    elif reply is not None:
        yield str(reply)


def _from_server(token: str, exchanges: list[Exchange]) -> bool:
    """Whether Redis made this token, or the number in it (INCR, for example; but its clock is only a clock)."""
    said = {text for each in exchanges if each.name != "TIME" for text in _texts(each.reply)}
    return bool(said & {token, *re.findall(r"\d+", token)})


def _counted(tokens: list[str]) -> bool:
    """Whether the tokens are one text with a number that grows by one."""
    numbers = [[int(number) for number in re.findall(r"\d{1,18}", token)] for token in tokens]
    steps = [[after - before for before, after in zip(*pair, strict=False)] for pair in pairwise(numbers)]
    return all(1 in step and step == steps[0] for step in steps)


@exercise("week2.simple-lock")
class TestSimpleLock:
    def test_takes(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A free lock is taken for the seconds asked: its key holds the token that is returned."""
        for name, seconds in (("report", 30), ("Zoë 7", 600)):
            token = _through(wire, "acquire", partial(answer.acquire, redis, name, seconds))
            if not isinstance(token, str) or not token:
                broken("a token, as text", f'acquire(r, "{name}", {seconds}) returned {show(token)}')
            expect(_text(peek, f"lock:{name}"), token, f"then GET lock:{name}")
            left = int(peek.pttl(f"lock:{name}"))
            if left == -1:
                broken("the lock ends", "it has no expiry", "no-end")
            if not (seconds - 3) * 1000 <= left <= seconds * 1000:
                broken(f"the lock ends in {seconds} s", f"it ends in {left / 1000:.1f} s")

    def test_keeps_out(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A lock that somebody has is not taken: None, and neither token nor end changes."""
        token = answer.acquire(redis, "report", 30)
        expect(answer.acquire(redis, "report", 900), None, 'the second acquire(r, "report", …)')
        expect(_text(peek, "lock:report"), token, "then GET lock:report")
        if int(peek.pttl("lock:report")) > 30_000:
            broken("the lock still ends in 30 s", "a refused acquire has moved its end")

    def test_gives_back(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The owner gives it back, once; then it is free."""
        token = answer.acquire(redis, "report", 30)
        got = _through(wire, "release", lambda: answer.release(redis, "report", token))
        expect(got, True, 'release(r, "report", token)')
        expect(peek.exists("lock:report"), 0, "then EXISTS lock:report")
        expect(answer.release(redis, "report", token), False, 'release(r, "report", token) once more')
        if not isinstance(answer.acquire(redis, "report", 30), str):
            broken("the lock can be taken again", "acquire returned no token")

    def test_only_own(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Another token does not open it."""
        token = answer.acquire(redis, "report", 30)
        got = answer.release(redis, "report", "somebody else's")
        expect(
            _text(peek, "lock:report"), token, "GET lock:report after a release by another", because="deletes-any-lock"
        )
        expect(got, False, 'release(r, "report", "somebody else\'s")')

    def test_new_token(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Each acquisition has a token of its own, also for the same lock and program."""
        tokens = []
        for _ in range(3):
            tokens.append(answer.acquire(redis, "report", 30))
            peek.delete("lock:report")
        if len(set(map(str, tokens))) < 3:
            broken("three acquisitions, three tokens", f"they are {', '.join(map(show, tokens))}", "one-token-for-all")

    def test_nobody_elses(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """No other program comes to the same token by the same clock, the same seed, or the same counting."""
        state, now = random.getstate(), time.time()
        twins = []
        try:
            with patch.multiple(time, time=lambda: now, time_ns=lambda: int(now * 1e9)):
                for _ in range(2):
                    random.seed(1)
                    twins.append(str(answer.acquire(redis, "report", 30)))
                    peek.delete("lock:report")
        finally:
            random.setstate(state)
        if twins[0] == twins[1]:
            told = "two programs looked at the clock at the same moment, and `random` began alike in both"
            broken("two programs, two tokens", f"{told}: both have {show(twins[0])}", "token-comes-again")
        tokens, from_server = [], True
        for _ in range(_TAKES):
            sent = len(wire.exchanges)
            tokens.append(str(answer.acquire(redis, "report", 30)))
            from_server = from_server and _from_server(tokens[-1], wire.exchanges[sent:])
            peek.delete("lock:report")
        examples = f"for example {', '.join(map(show, tokens[:3]))}"
        if len(set(tokens)) < _TAKES:
            told = f"they have {len(set(tokens))} different tokens, {examples}"
            broken(f"{_TAKES} acquisitions, {_TAKES} tokens", told, "token-comes-again")
        if from_server or _own_name(tokens) or _bits_of_chance(tokens) >= _LEAST_BITS:
            return
        wanted = "a token to which no other program can come as well"
        if _counted(tokens):
            broken(wanted, f"they are counted in Python, {examples}; another program counts alike", "counts-in-python")
        told = f"there is too little chance in them, {examples}"
        broken(wanted, told, "token-comes-again")

    def test_one_gets_in(self, answer: Answer, race: Race) -> None:
        """Of two who come at once, one gets the lock, and the lock is theirs."""

        def one(end: End) -> None:
            tokens = [token for token in end.results if token is not None]
            if len(tokens) != 1 or _text(end.redis, "lock:report") != tokens[0]:
                told = f"{len(tokens)} have a token, and the lock holds {show(_text(end.redis, 'lock:report'))}"
                broken("one has a token, and it is the one in the lock", told)

        race(
            lambda r: answer.acquire(r, "report", 30),
            lambda r: answer.acquire(r, "report", 30),
            invariant=one,
            misconception="look-then-take",
        )

    def test_dies_anywhere(self, answer: Answer, faults: Faults) -> None:
        """Whichever command the worker dies at, no lock is left that never ends."""

        def ends(end: FaultEnd) -> None:
            if end.redis.pttl("lock:report") == -1:
                broken("every lock has an end", "lock:report has none")

        faults.everywhere(
            lambda r: answer.acquire(r, "report", 30),
            then=ends,
            misconception="set-then-expire",
        )

    def test_next_owner(self, answer: Answer, race: Race) -> None:
        """A worker that was too slow does not remove the lock of the next one."""

        def next_worker(r: Redis) -> Any:
            r.delete("lock:report")  # stands for the end of the slow worker's lock
            return answer.acquire(r, "report", 30)

        def still_theirs(end: End) -> None:
            held, token = _text(end.redis, "lock:report"), end.results[1]
            if token is None or held != token:
                broken("the lock of the next worker stays", f"the lock holds {show(held)}")

        race(
            lambda r: answer.release(r, "report", "token-of-a"),
            next_worker,
            setup=lambda r: r.set("lock:report", "token-of-a", ex=30),
            invariant=still_theirs,
            misconception="get-then-del",
        )


def _books(client: Redis) -> tuple[dict[str, dict[str, str]], dict[str, list[str]]]:
    """The orders by number, and the lists of the customers; what is of another type is left out."""
    orders, lists = {}, {}
    for key in _keys(client):
        kind = client.type(key)
        if kind == "hash" and key.startswith("order:"):
            fields = client.hgetall(key)
            orders[key.removeprefix("order:")] = {str(name): str(value) for name, value in fields.items()}
        if kind == "list" and key.startswith("customer:"):
            lists[key.removeprefix("customer:").removesuffix(":orders")] = [str(n) for n in client.lrange(key, 0, -1)]
    return orders, lists


def _wrong_in_the_books(client: Redis, stock: int) -> tuple[str, str] | None:
    """What is wrong, and the misconception it looks like, when there were `stock` tea and no orders at the start."""
    orders, lists = _books(client)
    last = _number(client, "orders:last") or 0
    sold = sum(int(order.get("count", "")) for order in orders.values() if order.get("count", "").isdigit())
    left = _number(client, "stock:tea")
    numbers, listed = sorted(orders), sorted(number for each in lists.values() for number in each)
    told = f"orders {', '.join(numbers) or 'none'}, last number {last}, listed {', '.join(listed) or 'none'}, "
    told += f"{sold} sold, {left} of {stock} left"
    if left is None or left < 0:
        return told, "check-then-act"
    if len(set(listed)) < len(listed):
        return told, "same-number-twice"
    if numbers != listed or left + sold != stock:
        return told, "half-an-order"
    if numbers != [str(number) for number in range(1, last + 1)]:
        return told, "number-outside"
    return None


@exercise("week2.invoice-numbers")
class TestInvoiceNumbers:
    def test_books(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An order lowers the stock, is written down and listed, and gets the next number, from 1."""
        peek.set("stock:green tea", 5)
        for number, customer, count in ((1, "ada", 2), (2, "zoë", 1), (3, "ada", 2)):
            call = f'place_order(r, "{customer}", "green tea", {count})'
            expect(answer.place_order(redis, customer, "green tea", count), number, call)
            wanted = {"customer": customer, "article": "green tea", "count": str(count)}
            expect(_books(peek)[0].get(str(number)), wanted, f"then HGETALL order:{number}")
        expect(_number(peek, "stock:green tea"), 0, "then the number at `stock:green tea`")
        expect(_number(peek, "orders:last"), 3, "then the number at `orders:last`")
        expect(_books(peek)[1], {"ada": ["1", "3"], "zoë": ["2"]}, "then the lists of the customers")

    def test_no_gap(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An order that is refused changes nothing and uses up no number."""
        peek.set("stock:tea", 2)
        for article, count in (("tea", 3), ("salt", 1)):
            call = f'place_order(r, "ada", "{article}", {count}) with 2 tea and no salt'
            expect(answer.place_order(redis, "ada", article, count), None, call)
            if _number(peek, "orders:last"):
                broken(
                    "no number is used up",
                    f"`orders:last` is {_text(peek, 'orders:last')} after {call}",
                    "number-first",
                )
            keys = [key for key in _keys(peek) if key != "orders:last"]
            expect(keys, ["stock:tea"], f"after {call}, the keys")
            expect(_text(peek, "stock:tea"), "2", "and GET stock:tea")
        got = answer.place_order(redis, "ada", "tea", 2)
        expect(got, 1, "the first order that goes through, place_order,", because="number-first")

    def test_last_one(self, answer: Answer, race: Race) -> None:
        """If two order the last piece, one gets it, and the books are right."""

        def right(end: End) -> None:
            wrong = _wrong_in_the_books(end.redis, 1)
            if wrong or end.results.count(None) != 1:
                told, name = wrong or (f"the answers are {end.results}", "check-then-act")
                broken("one order, with number 1", told, name)

        race(
            lambda r: answer.place_order(r, "ada", "tea", 1),
            lambda r: answer.place_order(r, "bob", "tea", 1),
            setup=lambda r: r.set("stock:tea", 1),
            invariant=right,
        )

    def test_two_orders(self, answer: Answer, race: Race) -> None:
        """Two orders at once get the numbers 1 and 2, also for different articles."""

        def right(end: End) -> None:
            numbers = sorted(map(str, end.results))
            if numbers == ["1", "1"]:
                broken("the numbers 1 and 2", "both orders got number 1", "same-number-twice")
            written = sorted(_books(end.redis)[0])
            if numbers != ["1", "2"] or written != ["1", "2"]:
                broken(
                    "the numbers 1 and 2",
                    f"they are {' and '.join(numbers)}, and written down are {', '.join(written)}",
                )

        race(
            lambda r: answer.place_order(r, "ada", "tea", 1),
            lambda r: answer.place_order(r, "bob", "jam", 1),
            setup=lambda r: r.mset({"stock:tea": 1, "stock:jam": 1}),
            invariant=right,
        )

    def test_stock_taken(self, answer: Answer, race: Race) -> None:
        """The stock may be changed without an order, too; it never goes below zero."""

        def not_below(end: End) -> None:
            left = _number(end.redis, "stock:tea")
            if left is None or left < 0:
                broken("what was there is sold once", f"the stock is {left}; place_order returned {end.results[0]}")

        race(
            lambda r: answer.place_order(r, "ada", "tea", 1),
            lambda r: r.set("stock:tea", 0),
            setup=lambda r: r.set("stock:tea", 1),
            invariant=not_below,
            misconception="watches-only-the-number",
        )

    def test_dies_anywhere(self, answer: Answer, faults: Faults) -> None:
        """Whichever command the program dies at, there is no half order and no number missing."""

        def whole(end: FaultEnd) -> None:
            if wrong := _wrong_in_the_books(end.redis, 5):
                broken("a whole order, or none", *wrong)

        faults.everywhere(
            lambda r: answer.place_order(r, "ada", "tea", 2),
            setup=lambda r: r.set("stock:tea", 5),
            then=whole,
        )
