"""Promises of the notebook 03-sorted-sets-and-leaderboards.

Moments are arguments here, so nothing is waited for. Pairs of a member and its score may be tuples or lists: what
redis-py gives depends on the protocol of the connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis import Redis

from grader.checks import Answer, AnswerProblem, broken, exercise, expect
from grader.checks.verdict import show
from grader.wire import Wire, split_line


def _as_tuples(rows: Any) -> Any:
    """`rows` with each row a tuple, where it is a list of lists or tuples; anything else as it is."""
    if not isinstance(rows, list):
        return rows
    return [tuple(row) if isinstance(row, list | tuple) else row for row in rows]


def _expect_rows(
    actual: Any,
    wanted: list[tuple[Any, ...]],
    call: str,
    *,
    known: list[tuple[list[tuple[Any, ...]], str]] | None = None,
    because: str | None = None,
) -> None:
    """`expect` for a list of rows, each a tuple or a list, with the types inside the rows compared too."""
    rows = _as_tuples(actual)
    for wrong, name in known or []:
        if rows == wrong and rows != wanted:
            because = name
    expect(rows, wanted, call, because=because)
    for row, right in zip(rows, wanted, strict=True):
        if [type(part) for part in row] != [type(part) for part in right]:
            broken(f"{call} returns {show(wanted)}", f"{call} returned {show(actual)}: look at the types", because)


def _one_trip(wire: Wire, call: Callable[[], object], told: str, misconception: str | None = None) -> None:
    with wire.measure() as cost:
        call()
    if cost.round_trips != 1:
        broken(f"{told} makes one round trip", f"it sent {', '.join(cost.names) or 'nothing'}", misconception)


def _few_bytes(wire: Wire, call: Callable[[], object], limit: int, told: str, misconception: str) -> None:
    """Let `call` receive at most `limit` bytes."""
    with wire.measure() as cost:
        call()
    if cost.bytes_received > limit:
        broken(
            f"{told} is sent at most {limit} bytes",
            f"it sent {', '.join(cost.names[:5])} and received {cost.bytes_received} bytes",
            misconception,
        )


# Each line runs on a board made anew; what its last command answers is to be predicted. Beside it, the answers that
# betray a misconception.
_BOARD = "ZADD board 10 ada 20 bob 20 Zoe 30 eve"
_BY_NAME = ["ada", "bob", "Zoe", "eve"]
_LINES: dict[str, dict[str, list[tuple[Any, str]]]] = {
    "zadd": {
        "ZADD board 15 ada 5 kim": [(2, "zadd-counts-writes")],
        "ZADD board CH 15 ada 20 bob": [(0, "zadd-counts-writes"), (2, "zadd-counts-writes")],
    },
    "conditions": {
        "ZADD board GT 5 kim": [(0, "conditions-confused")],
        "ZADD board XX 5 kim; ZCARD board": [(5, "conditions-confused")],
        "ZINCRBY board 5 kim": [(None, "missing-needs-setting-up"), (0, "missing-needs-setting-up")],
    },
    "ranks": {
        "ZRANK board ada": [(1, "ranks-from-one")],
        "ZREVRANK board eve": [(1, "ranks-from-one"), (3, "revrank-is-rank"), (4, "revrank-is-rank")],
        "ZRANK board nobody": [(-1, "missing-has-a-rank"), (0, "missing-has-a-rank"), (4, "missing-has-a-rank")],
    },
    "order": {
        "ZRANGE board 0 -1": [(_BY_NAME, "ties-as-a-person-would")],
        "ZRANGE board 0 1 REV": [
            (["eve", "Zoe"], "ties-keep-their-order"),
            (["eve"], "end-is-excluded"),
            (["bob", "eve"], "rev-keeps-the-bounds"),
        ],
    },
    "bounds": {
        "ZRANGE board (20 30 BYSCORE": [
            (["Zoe", "bob", "eve"], "bracket-means-nothing"),
            (["bob", "Zoe", "eve"], "bracket-means-nothing"),
            ([], "end-is-excluded"),
        ],
        "ZRANGE board 10 30 BYSCORE REV": [
            (["eve", "bob", "Zoe", "ada"], "rev-keeps-the-bounds"),
            (["eve", "Zoe", "bob", "ada"], "rev-keeps-the-bounds"),
            (["ada", "Zoe", "bob", "eve"], "rev-keeps-the-bounds"),
        ],
        "ZCOUNT board 10 20": [(1, "end-is-excluded"), (2, "end-is-excluded")],
    },
    "limits": {
        "ZADD board 9007199254740993 kim; ZSCORE board kim": [(9007199254740993, "scores-are-integers")],
        "ZREM board ada bob Zoe eve; EXISTS board": [(1, "empty-set-stays")],
    },
}


def _judge_predictions(answer: Answer, peek: Redis, group: str) -> None:
    predictions = answer.value("zset_predictions")
    if not isinstance(predictions, dict):
        broken("zset_predictions is the dict of the starter", f"it is {show(predictions)}")
    for line, known in _LINES[group].items():
        predicted = predictions.get(line, ...)
        peek.delete("board")
        reply: Any = None
        for command in (_BOARD, *line.split(";")):
            reply = peek.execute_command(*split_line(command))  # type: ignore[no-untyped-call]
        if isinstance(reply, float | str):
            # A score, as ZSCORE and ZINCRBY answer it.
            reply = int(float(reply))
        if predicted is ...:
            broken(f"a prediction for `{line}`", "nothing is predicted yet")
        if isinstance(predicted, bool) or not isinstance(predicted, int | float | list | tuple | None):
            broken(f"a whole number, a list or None for `{line}`", f"you predicted {show(predicted)}")
        said = list(predicted) if isinstance(predicted, tuple) else predicted
        if said != reply:
            broken(
                f"`{line}` answers what you predicted",
                f"you predicted {show(predicted)}, Redis answered {show(reply)}",
                next((name for wrong, name in known if said == wrong and type(said) is type(wrong)), None),
            )


@exercise("week2.predict-zsets")
class TestPredictZsets:
    def test_zadd(self, answer: Answer, peek: Redis) -> None:
        """What ZADD answers, without and with CH."""
        _judge_predictions(answer, peek, "zadd")

    def test_conditions(self, answer: Answer, peek: Redis) -> None:
        """ZADD with GT and XX, and ZINCRBY, for a member that is not there."""
        _judge_predictions(answer, peek, "conditions")

    def test_ranks(self, answer: Answer, peek: Redis) -> None:
        """Ranks from both ends, and of somebody who is missing."""
        _judge_predictions(answer, peek, "ranks")

    def test_order(self, answer: Answer, peek: Redis) -> None:
        """The order of equal scores, forwards and backwards."""
        _judge_predictions(answer, peek, "order")

    def test_bounds(self, answer: Answer, peek: Redis) -> None:
        """Ranges by score: open bounds, reversed bounds, both ends."""
        _judge_predictions(answer, peek, "bounds")

    def test_limits(self, answer: Answer, peek: Redis) -> None:
        """A score above 2^53, and a board without members."""
        _judge_predictions(answer, peek, "limits")


@exercise("week2.leaderboard")
class TestLeaderboard:
    def test_adds(self, answer: Answer, redis: Redis) -> None:
        """add_points returns the new total; a new player starts at 0, and points can be taken away."""
        for points, total in ((300, 300), (20, 320), (-20, 300), (0, 300)):
            expect(
                answer.add_points(redis, "board", "ada", points),
                total,
                f'add_points(r, "board", "ada", {points}), which makes {total},',
                known={points: "replaces-the-score", None: "not-returned", False: "not-returned"},
            )

    def test_top(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """top gives the n best, the best first, or all if there are fewer."""
        people = [("zoe", 420), ("bob", 380), ("ada", 310), ("kim", 90)]
        peek.zadd("board", dict(people))
        for n in (1, 2, 4, 10):
            _expect_rows(
                answer.top(redis, "board", n),
                people[:n],
                f'top(r, "board", {n})',
                known=[(people[: n + 1], "end-is-excluded"), (people[::-1][:n], "lowest-first")],
            )

    def test_nobody(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The top 0 are nobody, and an empty board has no top."""
        _expect_rows(answer.top(redis, "board", 3), [], 'top(r, "board", 3) of an empty board')
        peek.zadd("board", {"ada": 1, "bob": 2})
        expect(
            _as_tuples(answer.top(redis, "board", 0)),
            [],
            'top(r, "board", 0) of two players',
            because="minus-one-is-all",
        )

    def test_rank(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """rank counts from 1 at the best."""
        peek.zadd("board", {"zoe": 420, "ada": 310, "kim": -5, "bob": 380})
        for place, player in enumerate(["zoe", "bob", "ada", "kim"], 1):
            expect(
                answer.rank(redis, "board", player),
                place,
                f'rank(r, "board", "{player}")',
                known={place - 1: "ranks-from-zero", None: "first-is-missing", 5 - place: "lowest-first"},
            )

    def test_missing(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """rank gives None for somebody who is not on the board, and puts nobody on it."""
        peek.zadd("board", {"ada": 310})
        try:
            place = answer.rank(redis, "board", "nobody")
        except AnswerProblem as problem:
            broken('rank(r, "board", "nobody") returns None', problem.sentence, "missing-has-a-rank")
        expect(place, None, 'rank(r, "board", "nobody")', because="missing-has-a-rank")
        expect(peek.zcard("board"), 1, 'ZCARD board after rank(r, "board", "nobody")')

    def test_agree(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """rank and top agree about players with equal points."""
        peek.zadd("board", dict.fromkeys(["ada", "Zoe", "bob", "élan"], 7))
        best = answer.top(redis, "board", 4)
        ranks = [answer.rank(redis, "board", row[0]) for row in _rows_of(best, 'top(r, "board", 4)')]
        if ranks != [1, 2, 3, 4]:
            broken(
                "the players of top, in that order, have the ranks 1, 2, 3, 4",
                f"top gave {show(best)}, their ranks are {show(ranks)}",
            )

    def test_both_count(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Two games of one player that end at the same moment both count."""
        other = wire.client("another game", decode_responses=True)
        answer.add_points(redis, "board", "ada", 100)
        names = self._names(wire, lambda: answer.add_points(redis, "board", "ada", 1))
        for n, name in enumerate(names):
            peek.flushdb()
            peek.zadd("board", {"ada": 100})
            wire.clear()
            wire.before(n, lambda: other.zincrby("board", 50, "ada"))
            answer.add_points(redis, "board", "ada", 7)
            if peek.zscore("board", "ada") != 157:
                broken(
                    "100 points, then 50 and 7 at the same moment, make 157",
                    f"ada has {show(peek.zscore('board', 'ada'))}: the 50 came just before your {name}",
                    "read-then-write",
                )

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """On a board of 500 players each function makes one round trip and fetches what was asked for."""
        peek.zadd("board", {f"player:{number:04}": number for number in range(500)})
        for told, call in (
            ("add_points", lambda: answer.add_points(redis, "board", "player:0007", 1)),
            ("top(r, board, 3)", lambda: answer.top(redis, "board", 3)),
            ("rank", lambda: answer.rank(redis, "board", "player:0007")),
        ):
            _few_bytes(wire, call, 400, told, "fetches-the-board")
            _one_trip(wire, call, told)

    @staticmethod
    def _names(wire: Wire, call: Callable[[], object]) -> list[str]:
        with wire.measure() as cost:
            call()
        return cost.names


def _rows_of(rows: Any, call: str) -> list[tuple[Any, ...]]:
    """`rows` if it is a list of tuples or lists that are not empty."""
    found = _as_tuples(rows)
    if not isinstance(found, list) or not all(isinstance(row, tuple) and row for row in found):
        broken(f"{call} returns a list of tuples", f"it returned {show(rows)}")
    return found


@exercise("week2.around-me")
class TestAroundMe:
    def test_middle(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """In the middle of the board: n above, the player, n below, with the ranks of the whole board."""
        board = self._board(peek)
        for n in (1, 2):
            _expect_rows(
                answer.around(redis, "board", "ada", n),
                board[3 - n : 4 + n],
                f'around(r, "board", "ada", {n})',
                known=[
                    (board[3 - n : 3 + n], "end-is-excluded"),
                    ([(rank - 1, *rest) for rank, *rest in board[3 - n : 4 + n]], "ranks-from-zero"),
                    ([(i, *row[1:]) for i, row in enumerate(board[3 - n : 4 + n], 1)], "counts-from-the-window"),
                    ([(8 - row[0], *row[1:]) for row in board[3 - n : 4 + n]][::-1], "lowest-first"),
                ],
            )

    def test_alone(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """With n = 0 there is only the player."""
        board = self._board(peek)
        _expect_rows(answer.around(redis, "board", "ada", 0), board[3:4], 'around(r, "board", "ada", 0)')

    def test_upper_end(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """At the top of the board nobody is above: the list begins with the best."""
        board = self._board(peek)
        for place, player in enumerate(("zoe", "sam"), 1):
            for n in (2, 3, 50):
                _expect_rows(
                    answer.around(redis, "board", player, n),
                    board[: place + n],
                    f'around(r, "board", "{player}", {n}), who has rank {place},',
                    because="below-zero-is-the-end",
                )

    def test_lower_end(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """At the bottom nobody is below: the list ends with the last."""
        board = self._board(peek)
        _expect_rows(answer.around(redis, "board", "kim", 2), board[4:], 'around(r, "board", "kim", 2), who is last,')

    def test_missing(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Somebody who is not on the board gets the empty list, also on an empty board."""
        for there in (False, True):
            if there:
                self._board(peek)
            try:
                found = answer.around(redis, "board", "nobody", 1)
            except AnswerProblem as problem:
                broken('around(r, "board", "nobody", 1) returns []', problem.sentence, "missing-has-a-rank")
            expect(found, [], 'around(r, "board", "nobody", 1)', because="missing-has-a-rank")

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Of a board of a thousand only those few are fetched, in two round trips at most."""
        peek.zadd("board", {f"player:{number:04}": number for number in range(1000)})

        def call() -> object:
            return answer.around(redis, "board", "player:0500", 2)

        _few_bytes(wire, call, 600, "around", "fetches-the-board")
        with wire.measure() as cost:
            call()
        if cost.round_trips > 2:
            broken("at most two round trips", f"it made {cost.round_trips}: {', '.join(cost.names)}", "one-trip-each")

    @staticmethod
    def _board(peek: Redis) -> list[tuple[Any, ...]]:
        """Make a board of seven and return it as [(rank, player, points), …]."""
        people = {"zoe": 420, "bob": 380, "sam": 380, "ada": 310, "eve": 250, "Élodie": 3, "kim": -90}
        peek.zadd("board", people)
        # sam stands above bob: with equal points the later name is first when read from the top.
        order = ["zoe", "sam", "bob", "ada", "eve", "Élodie", "kim"]
        return [(rank, player, people[player]) for rank, player in enumerate(order, 1)]
