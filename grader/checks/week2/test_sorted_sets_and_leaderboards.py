"""Promises of the notebook 03-sorted-sets-and-leaderboards.

Moments are arguments here, so nothing is waited for. Pairs of a member and its score may be tuples or lists: what
redis-py gives depends on the protocol of the connection.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from redis import Redis

from grader.checks import Answer, AnswerProblem, broken, exercise, expect
from grader.checks.lines import run_lines
from grader.checks.verdict import show
from grader.wire import Wire
from grader.wire.race import End, Race

_SCRIPTS = {"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL"}


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
    """Let `call` receive at most `limit` bytes; the card shows this one call."""
    wire.clear()
    with wire.measure() as cost:
        call()
    if cost.bytes_received > limit:
        broken(
            f"{told} is sent at most {limit} bytes",
            f"it sent {', '.join(cost.names[:5])} and received {cost.bytes_received} bytes",
            misconception,
        )


def _names(wire: Wire, call: Callable[[], object]) -> list[str]:
    """The commands that `call` sends when it is made for the second time: a script is known by then."""
    call()
    with wire.measure() as cost:
        call()
    return cost.names


def _one_step(names: list[str]) -> bool:
    """Whether these commands run as one step on the server: one command, one transaction, or one script."""
    names = [name for name in names if name != "SCRIPT"]
    if "WATCH" in names and "MULTI" in names:
        # What was read before is guarded: if it changed, EXEC does nothing.
        names = names[names.index("MULTI") :]
    if len(names) <= 1 or set(names) <= _SCRIPTS:
        return True
    return names[0] == "MULTI" and names[-1] == "EXEC" and names.count("MULTI") == 1


def _immortal(peek: Redis) -> list[str]:
    """The keys that have no expiry."""
    return [key for key in peek.scan_iter(count=1000) if peek.pttl(key) == -1]


def _watch_for_immortals(wire: Wire, peek: Redis) -> list[str]:
    """From now on, after every command, note the keys without expiry in the list returned."""
    seen: list[str] = []
    wire.after(lambda command: True, lambda: seen.extend(_immortal(peek)), times=1000)
    return seen


def _sorted_sets(peek: Redis) -> dict[str, list[tuple[str, float]]]:
    """All sorted sets with their members and scores."""
    keys = sorted(peek.scan_iter(count=1000, _type="zset"))
    return {key: _as_tuples(peek.zrange(key, 0, -1, withscores=True)) for key in keys}


def _stored(peek: Redis) -> int:
    """How many things lie in all keys together; a string is one."""
    count: dict[str, Callable[[str], Any]] = {
        "zset": peek.zcard,
        "list": peek.llen,
        "set": peek.scard,
        "hash": peek.hlen,
    }
    return sum(int(count.get(str(peek.type(key)), peek.exists)(key)) for key in peek.scan_iter(count=1000))


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
        reply = run_lines(peek, f"{_BOARD}; {line}")
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

    def test_upper_end(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """At the top of the board nobody is above: the list begins with the best."""
        board = self._board(peek)
        for place, player in enumerate(("zoe", "sam"), 1):
            for n in (2, 3, 50):
                wire.clear()
                found = answer.around(redis, "board", player, n)
                _expect_rows(
                    found,
                    board[: place + n],
                    f'around(r, "board", "{player}", {n}), who has rank {place},',
                    because=self._at_the_top(found, board, place, n, wire),
                )

    @staticmethod
    def _at_the_top(found: Any, board: list[tuple[Any, ...]], place: int, n: int, wire: Wire) -> str | None:
        """What is wrong with a window at the top, by the range that was sent and by its rows."""
        ranges = [e.command for e in wire.exchanges if e.name in {"ZRANGE", "ZREVRANGE"}]
        if any(len(words) > 2 and words[2].startswith(b"-") for words in ranges):
            return "below-zero-is-the-end"
        rows = _as_tuples(found)
        if rows == board[: 2 * n + 1]:
            return "window-keeps-its-length"
        if rows == [] and _SCRIPTS & set(wire.names):
            return "below-zero-is-the-end"
        return "first-is-missing" if rows == [] and place == 1 and not ranges else None

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


@exercise("week2.high-score")
class TestHighScore:
    def test_first(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A player's first score is kept and answered with True, also a negative one."""
        for player, score in (("ada", 300), ("bob", 0), ("kim", -5)):
            got = answer.submit(redis, "best", player, score)
            call = f'submit(r, "best", "{player}", {score}), the first of {player},'
            if peek.zscore("best", player) != score:
                name = "nobody-new" if score > 0 else "zero-to-start"
                broken(f"{call} is kept", f"the score of {player} is {show(peek.zscore('best', player))}", name)
            expect(got, True, call)

    def test_better(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A higher score replaces the old one, and the answer is True."""
        peek.zadd("best", {"ada": 300, "kim": -5})
        for player, score in (("ada", 301), ("kim", -4)):
            got = answer.submit(redis, "best", player, score)
            call = f'submit(r, "best", "{player}", {score}), one more than before,'
            if peek.zscore("best", player) != score:
                broken(f"{call} is kept", f"the score of {player} is {show(peek.zscore('best', player))}")
            expect(got, True, call, known={False: "zadd-counts-changes"})

    def test_not_better(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A lower or an equal score changes nothing, and the answer is False."""
        peek.zadd("best", {"ada": 300, "bob": 0})
        for score in (299, -300, 300):
            got = answer.submit(redis, "best", "ada", score)
            call = f'submit(r, "best", "ada", {score}), whose best is 300,'
            if peek.zscore("best", "ada") != 300:
                broken(f"{call} changes nothing", f"her score is {show(peek.zscore('best', 'ada'))}")
            looks = "ZADD" in wire.names and wire.names[-1] == "ZSCORE"
            expect(got, False, call, known={True: "looks-afterwards" if looks else "equal-is-better"})
        expect(peek.zscore("best", "bob"), 0.0, "the score of bob, who did not play,")

    def test_at_once(self, answer: Answer, redis: Redis, wire: Wire, race: Race) -> None:
        """Two games of one player end at once: the better score stands, in whatever order their commands come."""

        def best_stands(end: End) -> None:
            best = end.redis.zscore("best", "ada")
            if best != 300:
                broken("100, then 300 and 200 at once, leave 300", f"ada has {show(best)}")
            if end.results[0] is not True:
                broken("the 300 are answered with True", f"they are answered with {show(end.results[0])}")

        race(
            lambda r: answer.submit(r, "best", "ada", 300),
            lambda r: answer.submit(r, "best", "ada", 200),
            setup=lambda r: r.zadd("best", {"ada": 100}),
            invariant=best_stands,
            misconception=self._gap(answer, redis, wire),
        )

    def test_same_at_once(self, answer: Answer, redis: Redis, wire: Wire, race: Race) -> None:
        """Two equal scores of one player come at once: one of them changed the board."""

        def one_changed(end: End) -> None:
            if sorted(map(str, end.results)) != ["False", "True"]:
                broken("one True and one False", f"they are answered with {show(end.results)}")

        race(
            lambda r: answer.submit(r, "best", "ada", 300),
            lambda r: answer.submit(r, "best", "ada", 300),
            invariant=one_changed,
            misconception=self._gap(answer, redis, wire),
        )

    @staticmethod
    def _gap(answer: Answer, redis: Redis, wire: Wire) -> str:
        """What is wrong if a race is found, by the commands that are sent."""
        with wire.measure() as cost:
            answer.submit(redis, "best", "eve", 1)
        if "ZADD" in cost.names and cost.names[-1] == "ZSCORE":
            return "looks-afterwards"
        return "pipeline-after-the-look" if "MULTI" in cost.names else "read-then-write"


@exercise("week2.stable-ties")
class TestStableTies:
    LAST = 2**32 - 1

    def test_points(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Most points first, and the points come back as they were reached."""
        season = [("zoe", 2_000_000, 1800000500), ("ada", 1_999_999, 0), ("bob", 700, 5), ("kim", 0, self.LAST)]
        self._judge(answer, redis, peek, season, [3, 0, 2, 1], "points decide")

    def test_moments(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Among equal points, who reached them first stands first, whatever their names and whoever reported first."""
        season = [
            ("kim", 500, 1800000000),
            ("ada", 500, 1800000001),
            ("zoe", 500, 1800003600),
            ("Bob", 500, 4000000000),
        ]
        self._judge(answer, redis, peek, season, [0, 1, 2, 3], "one second decides")
        self._judge(answer, redis, peek, season, [2, 3, 1, 0], "one second decides, whoever reports first")

    def test_exact(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """One second decides between two players with two million points, from 1970 to 2106."""
        season = [
            ("ada", 2_000_000, 0),
            ("zoe", 2_000_000, 1),
            ("bob", 2_000_000, 1800000000),
            ("Élodie", 2_000_000, 1800000001),
            ("kim", 2_000_000, self.LAST - 1),
            ("lea", 2_000_000, self.LAST),
        ]
        self._judge(answer, redis, peek, season, [5, 3, 1, 0, 2, 4], "one second decides")

    def test_one_point(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """One point outweighs any moment: later by 136 years, but one point more, stands above."""
        season = [("late", 501, self.LAST), ("early", 500, 0), ("later", 1, self.LAST), ("first", 0, 0)]
        self._judge(answer, redis, peek, season, [1, 0, 3, 2], "one point decides")

    def test_best_counts(self, answer: Answer, redis: Redis) -> None:
        """More points count; fewer, or the same once more at a later moment, change nothing."""
        season = [("ada", 500, 1800000000), ("zoe", 500, 1800000010)]
        self._fill(answer, redis, season)
        for points, when in ((500, 1800000099), (400, 1800000001), (400, 1700000000)):
            answer.reach(redis, "season", "ada", points, when)
            fallen = [("zoe", 500), ("ada", points)]
            _expect_rows(
                answer.standings(redis, "season", 2),
                [("ada", 500), ("zoe", 500)],
                f'standings(r, "season", 2), when ada (500, before zoe) has reported {points} at {when},',
                known=[(fallen, "last-one-wins")],
            )
        answer.reach(redis, "season", "zoe", 501, 1800000200)
        _expect_rows(
            answer.standings(redis, "season", 2), [("zoe", 501), ("ada", 500)], "standings after zoe has reached 501"
        )

    def test_late_report(self, answer: Answer, redis: Redis) -> None:
        """A report that arrives late still counts from its own moment."""
        self._fill(answer, redis, [("ada", 500, 1800000099), ("zoe", 500, 1800000010)])
        answer.reach(redis, "season", "ada", 500, 1800000000)
        _expect_rows(
            answer.standings(redis, "season", 2),
            [("ada", 500), ("zoe", 500)],
            "standings, when it turns out that ada had her 500 before zoe,",
        )

    def test_n(self, answer: Answer, redis: Redis) -> None:
        """standings gives n players, or all there are; an empty season has none."""
        expect(answer.standings(redis, "season", 3), [], 'standings(r, "season", 3) of an empty season')
        self._fill(answer, redis, [("ada", 3, 1), ("bob", 2, 1), ("eve", 1, 1)])
        for n in (1, 2, 9):
            _expect_rows(
                answer.standings(redis, "season", n),
                [("ada", 3), ("bob", 2), ("eve", 1)][:n],
                f'standings(r, "season", {n}) of three players',
            )

    def test_at_once(self, answer: Answer, race: Race) -> None:
        """Two reports for one player come at once: the better one stands."""

        def best_stands(end: End) -> None:
            _expect_rows(
                answer.standings(end.redis, "season", 1),
                [("ada", 500)],
                "standings, after reports of 500 and 400 for ada at once,",
                because="read-then-write",
            )

        race(
            lambda r: answer.reach(r, "season", "ada", 500, 1800000000),
            lambda r: answer.reach(r, "season", "ada", 400, 1800000000),
            setup=lambda r: answer.reach(r, "season", "ada", 300, 1700000000),
            invariant=best_stands,
            misconception="read-then-write",
        )

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Each function makes one round trip."""
        answer.reach(redis, "season", "ada", 1, 1)
        _one_trip(wire, lambda: answer.reach(redis, "season", "ada", 2, 2), "reach")
        _one_trip(wire, lambda: answer.standings(redis, "season", 1), "standings")

    def _judge(
        self,
        answer: Answer,
        redis: Redis,
        peek: Redis,
        season: list[tuple[str, int, int]],
        reported: list[int],
        why: str,
    ) -> None:
        """Report `season` (in its right order) in the order `reported`, and compare the standings."""
        peek.flushdb()
        self._fill(answer, redis, [season[at] for at in reported])
        wanted = [(player, points) for player, points, _ in season]
        told = "; ".join(f"{player} {points} at {when}" for player, points, when in season)
        rows = _as_tuples(answer.standings(redis, "season", len(season)))
        if rows != wanted:
            scores = [score for _, score in next(iter(_sorted_sets(peek).values()), [])]
            broken(
                f"{told}: {why}, so standings returns {show(wanted)}",
                f"it returned {show(rows)}",
                self._diagnose(rows, season, scores),
            )
        _expect_rows(rows, wanted, "standings")

    @staticmethod
    def _diagnose(rows: Any, season: list[tuple[str, int, int]], scores: list[float]) -> str | None:
        points = {player: reached for player, reached, _ in season}
        when = {player: moment for player, _, moment in season}
        if not isinstance(rows, list) or not all(isinstance(row, tuple) and len(row) == 2 for row in rows):
            return None
        order = [row[0] for row in rows]
        if sorted(map(str, order)) != sorted(points):
            return None
        if any(points[a] < points[b] for a, b in itertools.pairwise(order)):
            return "time-outweighs-points"
        if set(scores) <= set(map(float, points.values())) and len(set(points.values())) == 1:
            return "ties-by-name" if points[order[0]] < 1_000_000 else "fraction-too-fine"
        if max(scores, default=0) > 2**53:
            return "too-many-digits"
        if spilt := [row[0] for row in rows if row[1] != points[row[0]]]:
            # Only the earliest moment of all is as large as a whole point.
            spills = all(when[player] == 0 for player in spilt)
            more = all(row[1] == points[row[0]] + 1 for row in rows if row[0] in spilt)
            return "spills-into-the-points" if spills and more else None
        if scores and max(scores) < 2**40 and len(set(scores)) < len(scores):
            return "fraction-too-fine"
        if order == sorted(order, key=lambda player: (-points[player], -when[player])):
            return "later-first"
        return None

    @staticmethod
    def _fill(answer: Answer, redis: Redis, reports: list[tuple[str, int, int]]) -> None:
        for player, points, when in reports:
            answer.reach(redis, "season", player, points, when)


@exercise("week2.events-in-window")
class TestEventsInWindow:
    def test_kept(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """What was recorded is in the window, oldest first, also what arrived late."""
        start = 4100000000
        readings = [(start, 21.5), (start + 60, 22.0), (start + 120, -3.25), (start + 180, 19.0)]
        for at in (1, 3, 0, 2):
            answer.record(redis, "green:3", *readings[at], 3600)
        found = self._window(answer, redis, start, start + 3600)
        # Swapped, the series is empty: every temperature is an early moment.
        swapped = found == [] and not peek.exists("green:3")
        _expect_rows(found, self._floats(readings), "window with four readings", because="swapped" if swapped else None)

    def test_stays(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A series of old readings is kept too: its end is counted from now, when they are recorded."""
        answer.record(redis, "green:3", 1000, 21.5, 3600)
        if not peek.exists("green:3"):
            at = any(b"EXPIREAT" in word.upper() for e in wire.exchanges for word in e.command)
            broken(
                "the series is there after record(r, series, 1000, 21.5, 3600)",
                f"{', '.join(wire.names) or 'nothing'} was sent, and the key is gone",
                "ends-by-the-reading" if at else None,
            )

    def test_same_reading(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The same temperature at another moment is another reading."""
        readings = [(1000, 21.5), (1060, 21.5), (1120, 21.5)]
        self._judge(answer, redis, peek, readings, "reading-is-the-member")

    def test_same_moment(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Two readings of the same moment are both kept."""
        self._judge(answer, redis, peek, [(1000, 21.5), (1000, 22.0), (1060, 20.0)], "time-is-the-member")

    def test_same_twice(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Two equal readings of the same moment are both kept, and so are ten."""
        self._judge(answer, redis, peek, [(1000, 21.5)] * 2, "time-and-reading")
        self._judge(answer, redis, peek, [(1000, 21.5)] * 10, "time-and-reading")

    def test_fractions(self, answer: Answer, redis: Redis) -> None:
        """Moments keep their fractions of a second, readings their digits."""
        readings = [(1000.25, 21.123456789), (1000.75, 1e-07), (1800000000.5, -0.5)]
        for when, reading in readings:
            answer.record(redis, "green:3", when, reading, 10**10)
        _expect_rows(
            self._window(answer, redis, 1000.5, 1800000001),
            self._floats(readings[1:]),
            'window(r, "green:3", 1000.5, 1800000001) after readings at 1000.25, 1000.75 and 1800000000.5',
            because="whole-seconds",
        )

    def test_bounds(self, answer: Answer, redis: Redis) -> None:
        """The start of a window is included, its end is not."""
        readings = [(1000, 1.5), (1060, 2.5), (1120, 3.5)]
        for when, reading in readings:
            answer.record(redis, "green:3", when, reading, 3600)
        for start, end, wanted in ((1000, 1120, readings[:2]), (1060, 1060.5, readings[1:2]), (2000, 3000, [])):
            included = [(when, reading) for when, reading in readings if start <= when <= end]
            _expect_rows(
                self._window(answer, redis, start, end),
                self._floats(wanted),
                f'window(r, "green:3", {start}, {end})',
                known=[(self._floats(included), "end-is-included")],
            )
        _expect_rows(
            self._window(answer, redis, 0, 9, "nothing"), [], 'window(r, "nothing", 0, 9), which is not there,'
        )

    def test_forgets(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """What is `keep` seconds older than the new reading, or more, is thrown away; the rest stays."""
        for when in (1000, 1001, 1100, 1199):
            answer.record(redis, "green:3", when, 20.5, 3600)
        answer.record(redis, "green:3", 1201, 21.5, 200)
        left = [row[0] for row in _rows_of(self._window(answer, redis, 0, 5000), "window")]
        if left != [1100.0, 1199.0, 1201.0]:
            name = "never-trims" if 1000.0 in left else "trims-too-little" if 1001.0 in left else None
            broken("of 1000, 1001, 1100, 1199 and 1201 with keep=200, 1100, 1199 and 1201 are left", show(left), name)
        if (stored := _stored(peek)) > 4:
            broken("three readings are stored", f"{stored} things are stored", "never-trims")

    def test_ends(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A series ends `keep` seconds after the last record, and there is never one without an end."""
        immortal = _watch_for_immortals(wire, peek)
        answer.record(redis, "green:3", 1000, 21.5, 3600)
        peek.expire("green:3", 60)
        answer.record(redis, "green:3", 1060, 21.5, 3600)
        left = int(peek.ttl("green:3"))
        if immortal or not 3597 <= left <= 3600:
            told = "it has no end" if left == -1 else f"it has {left} s left"
            if left > 0 and immortal:
                told = "there was a moment at which it had no end: a program can stop there"
            broken("the series has 3600 s left after record(…, 3600)", told, "end-comes-later")

    def test_one_step(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Storing, trimming and setting the end are one step."""
        names = _names(wire, lambda: answer.record(redis, "green:3", 1000, 21.5, 3600))
        if not _one_step(names):
            broken("one command, one transaction or one script", f"{', '.join(names)} was sent", "end-comes-later")

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Each function makes one round trip."""
        answer.record(redis, "green:3", 1000, 21.5, 3600)
        _one_trip(wire, lambda: answer.record(redis, "green:3", 1001, 21.5, 3600), "record", "end-comes-later")
        _one_trip(wire, lambda: answer.window(redis, "green:3", 0, 5000), "window")

    def _judge(
        self, answer: Answer, redis: Redis, peek: Redis, readings: Sequence[tuple[float, float]], name: str
    ) -> None:
        peek.flushdb()
        for when, reading in readings:
            answer.record(redis, "green:3", when, reading, 3600)
        rows = self._window(answer, redis, 0, 5000)
        if isinstance(rows, list):
            # Readings of one moment may come in any order.
            rows = sorted(
                rows, key=lambda row: (str(row[0]), str(row[1])) if isinstance(row, tuple) and row[1:] else ()
            )
        told = ", ".join(f"{reading} at {when}" for when, reading in readings)
        because = name if peek.exists("green:3") else None
        _expect_rows(rows, self._floats(sorted(readings)), f"window after {told}", because=because)

    @staticmethod
    def _window(answer: Answer, redis: Redis, start: float, end: float, series: str = "green:3") -> Any:
        return _as_tuples(answer.window(redis, series, start, end))

    @staticmethod
    def _floats(readings: list[Any]) -> list[tuple[float, float]]:
        return [(float(when), float(reading)) for when, reading in readings]


@exercise("week2.autocomplete")
class TestAutocomplete:
    def test_finds(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The words that begin with the prefix come in order, as they were written."""
        self._add(answer, redis, ["lima", "linz", "London", "lisbon", "Zug"])
        self._judge(answer, redis, peek, "li", 9, ["lima", "linz", "lisbon"])
        self._judge(answer, redis, peek, "zurich", 9, [])

    def test_case(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Upper and lower case make no difference, neither in the prefix nor in the words."""
        self._add(answer, redis, ["Lima", "LIMERICK", "lisbon", "London"])
        for prefix in ("li", "LI", "Li"):
            found = answer.complete(redis, "places", prefix, 9)
            wanted = ["Lima", "LIMERICK", "lisbon"]
            folded = isinstance(found, list) and found == [word.lower() for word in wanted]
            expect(
                found,
                wanted,
                f'complete(r, "places", "{prefix}", 9)',
                because="spelling-is-lost" if folded else "case-matters",
            )

    def test_alphabets(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A word may go on with any letter of any alphabet, or with nothing."""
        words = ["li", "lizz", "liÿ", "lié", "liя", "li東", "li😀"]
        self._add(answer, redis, [*words, "l", "lh", "lj", "mi"])
        found = answer.complete(redis, "places", "li", 99)
        wanted = sorted(words)
        name = None
        if isinstance(found, list) and "li東" not in found:
            name = "until-z" if "lié" not in found else "letter-for-byte"
        expect(found, wanted, 'complete(r, "places", "li", 99)', because=name or self._different(peek))
        self._judge(answer, redis, peek, "li😀", 99, ["li😀"])

    def test_casefold(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Case is compared by casefold(): STRASS finds Straße, and ΣΊΣ finds σίσυφος."""
        self._add(answer, redis, ["Straße", "Strand", "σίσυφος"])
        for prefix, word in (("STRASS", "Straße"), ("straß", "Straße"), ("ΣΊΣ", "σίσυφος")):
            self._judge(answer, redis, peek, prefix, 9, [word], "lower-is-not-casefold")

    def test_signs(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Signs are letters like any other: brackets, stars, plus and minus, spaces."""
        words = ["[a]", "(b)", "+1", "-1", "*", "new york", "new-york", "newark", "a:b|c"]
        self._add(answer, redis, words)
        for prefix in ("[", "(", "+", "-", "*", "new ", "a:", "a:b|"):
            wanted = sorted(word for word in words if word.startswith(prefix))
            self._judge(answer, redis, peek, prefix, 99, wanted)

    def test_n(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """At most n words, the first ones; none for n = 0, none in an index that is not there."""
        self._judge(answer, redis, peek, "x", 3, [])
        words = [f"word {number:03}" for number in range(20)]
        self._add(answer, redis, words[::-1])
        for n in (1, 3, 0):
            self._judge(answer, redis, peek, "word", n, words[:n])

    def test_everything(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The empty prefix fits every word."""
        words = ["Lima", "élan", "zebra", "東京", "😀"]
        self._add(answer, redis, words)
        self._judge(answer, redis, peek, "", 99, ["Lima", "zebra", "élan", "東京", "😀"])

    def test_again(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A word that is added again is there once, where it was; in another spelling it is another word."""
        self._add(answer, redis, ["lima", "lima", "lima", "linz", "linz", "lion"])
        self._judge(answer, redis, peek, "li", 9, ["lima", "linz", "lion"])
        self._add(answer, redis, ["LINZ"])
        found = answer.complete(redis, "places", "linz", 9)
        if not isinstance(found, list) or sorted(map(str, found)) != ["LINZ", "linz"]:
            broken('complete(r, "places", "linz", 9) returns linz and LINZ', f"it returned {show(found)}")

    def test_fetches_little(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """In an index of 500 words, those asked for are sent and no more, in one round trip."""
        for number in range(500):
            answer.add_word(redis, "places", f"word {number:03}")
        _few_bytes(
            wire,
            lambda: answer.complete(redis, "places", "zz", 3),
            200,
            'complete(r, "places", "zz", 3), which finds nothing,',
            "fetches-everything",
        )
        _few_bytes(
            wire,
            lambda: answer.complete(redis, "places", "w", 3),
            300,
            'complete(r, "places", "w", 3)',
            "limit-forgotten",
        )
        _one_trip(wire, lambda: answer.complete(redis, "places", "w", 3), "complete")
        _one_trip(wire, lambda: answer.add_word(redis, "places", "Zug"), "add_word")

    def _judge(
        self,
        answer: Answer,
        redis: Redis,
        peek: Redis,
        prefix: str,
        n: int,
        wanted: list[str],
        because: str | None = None,
    ) -> None:
        expect(
            answer.complete(redis, "places", prefix, n),
            wanted,
            f'complete(r, "places", "{prefix}", {n})',
            because=self._different(peek) or because,
        )

    @staticmethod
    def _different(peek: Redis) -> str | None:
        """The misconception of an index whose scores are not all equal."""
        scores = {score for pairs in _sorted_sets(peek).values() for _, score in pairs}
        return "different-scores" if len(scores) > 1 else None

    @staticmethod
    def _add(answer: Answer, redis: Redis, words: list[str]) -> None:
        for word in words:
            answer.add_word(redis, "places", word)


@exercise("week2.sliding-window")
class TestSlidingWindow:
    def test_limit(self, answer: Answer, redis: Redis) -> None:
        """The first `limit` requests pass, the next does not; each client has a window of its own."""
        for number, wanted in enumerate((True, True, True, False, False), 1):
            got = answer.allow(redis, "ada", 1000 + number, 3, 60)
            expect(got, wanted, f'request {number}, allow(r, "ada", {1000 + number}, 3, 60),')
        expect(answer.allow(redis, "bob", 1006, 3, 60), True, 'the first request of bob, allow(r, "bob", 1006, 3, 60),')

    def test_same_moment(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Many requests of one moment are many requests, and so are those of one second."""
        # Members drawn at random are in the right order by chance: with thirty of them, once in 4060 times.
        for client, step, many in (("ada", 0, 30), ("bob", 0.125, 6)):
            peek.flushdb()
            got = [answer.allow(redis, client, 1000 + step * number, 3, 60) for number in range(many)]
            if got != [True] * 3 + [False] * (many - 3):
                apart = f"{step} s apart" if step else "at the same moment"
                passed = [number for number, reply in enumerate(got, 1) if reply is True]
                name = None
                if len(passed) > 3:
                    members = sum(len(pairs) for pairs in _sorted_sets(peek).values())
                    ranked = {"ZRANK", "ZREVRANK"} & set(wire.names) or any(
                        b"ZRANK" in word.upper() for e in wire.exchanges for word in e.command
                    )
                    name = "members-collapse" if 0 < members < 3 else "rank-is-not-arrival" if ranked else None
                broken(
                    f"{many} requests {apart}, limit 3: the first three pass, the others are refused",
                    f"those that passed were {show(passed)}; in all, the replies were {show(got)}",
                    name,
                )

    def test_refused(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A request that was refused takes no place."""
        self._play(
            answer,
            redis,
            wire,
            peek,
            1,
            [(1000, True), (1030, False), (1059, False), (1061, True), (1062, False)],
            "refused requests do not count",
            "refused-count",
        )

    def test_slides(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """Each request that passed leaves by itself, `seconds` after it came."""
        self._play(
            answer,
            redis,
            wire,
            peek,
            2,
            [(1078, True), (1079, True), (1080, False), (1137, False)],
            "the window slides",
        )
        self._play(
            answer,
            redis,
            wire,
            peek,
            2,
            [(1000, True), (1050, True), (1059, False), (1061, True), (1062, False), (1111, True), (1112, False)],
            "each request leaves by itself",
        )

    def test_edge(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A request that passed at 1000 counts until just before 1060, and a fraction of a second counts."""
        self._play(
            answer,
            redis,
            wire,
            peek,
            1,
            [(1000, True), (1059.75, False), (1060, True)],
            "at 1060 it has left",
            "edge-still-counts",
        )
        self._play(
            answer,
            redis,
            wire,
            peek,
            1,
            [(1000.75, True), (1060.5, False), (1060.75, True)],
            "1060.5 is 59.75 s after 1000.75",
            "whole-seconds",
        )

    def test_memory(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """At most `limit` requests of a client are remembered, however many are refused and however long it goes on."""
        for now in (*[1000] * 20, *range(2000, 2400, 10)):
            answer.allow(redis, "ada", now, 3, 60)
        # A counter or the like beside them is fine.
        if (stored := _stored(peek)) > 5:
            broken("3 requests are remembered after 60 calls", f"{stored} things are stored", "refused-count")

    def test_at_once(self, answer: Answer, redis: Redis, wire: Wire, race: Race) -> None:
        """There is one place and two requests come at once: one of them passes."""
        race(
            lambda r: answer.allow(r, "ada", 1000, 1, 60),
            lambda r: answer.allow(r, "ada", 1000.5, 1, 60),
            invariant=self._one_passed,
            misconception=self._gap(answer, redis, wire),
        )

    def test_ends(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """What is stored about a client ends by itself, `seconds` after the last request or a little later."""
        immortal = _watch_for_immortals(wire, peek)
        answer.allow(redis, "ada", 1000, 3, 600)
        self._judge_ends(peek, immortal, "the first request")
        for key in peek.scan_iter():
            peek.expire(key, 20)
        answer.allow(redis, "ada", 1580, 3, 600)
        self._judge_ends(peek, immortal, "a request 580 s later")

    @staticmethod
    def _play(
        answer: Answer,
        redis: Redis,
        wire: Wire,
        peek: Redis,
        limit: int,
        moments: list[tuple[float, bool]],
        why: str,
        misconception: str | None = None,
    ) -> None:
        peek.flushdb()
        told = []
        for now, wanted in moments:
            got = answer.allow(redis, "ada", now, limit, 60)
            told.append(f"{now}: {show(got)}")
            if got is not wanted:
                if {"INCR", "INCRBY"} & set(wire.names) and not {"ZADD", *_SCRIPTS} & set(wire.names):
                    misconception = "fixed-window"
                if _tells_the_time(peek):
                    misconception = "own-clock"
                broken(
                    f"limit {limit} in 60 s: the request at {now} is answered with {wanted}; {why}",
                    f"the replies were {', '.join(told)}",
                    misconception,
                )

    @staticmethod
    def _judge_ends(peek: Redis, immortal: list[str], when: str) -> None:
        for key in peek.scan_iter():
            left = int(peek.ttl(key))
            if left == -1 or not 597 <= left <= 660:
                told = "has no end" if left == -1 else f"has {left} s left"
                broken(f"after {when} every key has about 600 s left", f"{key} {told}", "never-ends")
        if immortal:
            broken(
                "every key has its end from the start",
                f"{immortal[0]} existed without one for a moment: a program that stops there leaves it for ever",
                "never-ends",
            )

    @staticmethod
    def _one_passed(end: End) -> None:
        passed = end.results.count(True)
        if passed != 1 or end.results.count(False) != 1:
            name = None if passed > 1 else "both-give-way"
            broken("one request passes, the other does not", f"the replies are {show(end.results)}", name)

    @staticmethod
    def _gap(answer: Answer, redis: Redis, wire: Wire) -> str:
        """What is wrong if a race is found, by the commands that are sent."""
        with wire.measure() as cost:
            answer.allow(redis, "eve", 1000, 2, 60)
        return "decides-before-multi" if "MULTI" in cost.names else "check-then-add"


def _tells_the_time(peek: Redis) -> bool:
    """Whether a score looks like a moment of today, where all moments given were long ago."""
    return any(score > 1e8 for pairs in _sorted_sets(peek).values() for _, score in pairs)


@exercise("week2.priority-queue")
class TestPriorityQueue:
    def test_order(self, answer: Answer, redis: Redis) -> None:
        """Of the jobs that are due, the one with the highest priority is taken first."""
        jobs = [("mail", 1, 990), ("pay", 10, 1000), ("sweep", -5, 980), ("report", 9, 970)]
        order = self._play(answer, redis, jobs, 1000, 5)
        name = None
        if order == ["report", "pay", "mail", "sweep", None]:
            name = "text-comparison"
        elif order == ["report", "sweep", "mail", "pay", None]:
            name = "pops-the-earliest"
        elif isinstance(order[0], str) and len(set(order[:2])) == 1:
            name = "remnant"
        expect(
            order, ["pay", "report", "mail", "sweep", None], f'five take(r, "q", 1000) of {show(jobs)}', because=name
        )

    def test_waits(self, answer: Answer, redis: Redis) -> None:
        """A job is not taken before it is due, however urgent it is, and can be taken from that moment on."""
        jobs = [("mail", 1, 1000), ("alarm", 99, 2000)]
        self._schedule(answer, redis, jobs)
        for now, wanted in (
            (999.5, None),
            (1000, "mail"),
            (1000, None),
            (1999.75, None),
            (2000, "alarm"),
            (2000, None),
        ):
            got = answer.take(redis, "q", now)
            early = "pops-the-highest" if got is not None and got != wanted else None
            expect(got, wanted, f'take(r, "q", {now}), jobs due at 1000 and 2000,', because=early)

    def test_equal(self, answer: Answer, redis: Redis) -> None:
        """Among equal priorities the one that was due first is taken first."""
        jobs = [("b", 5, 990), ("c", 5, 970.5), ("a", 5, 980), ("d", 5, 1000)]
        order = self._play(answer, redis, jobs, 1000, 4)
        by_name = order in (["a", "b", "c", "d"], ["d", "c", "b", "a"])
        expect(
            order,
            ["c", "a", "b", "d"],
            f'four take(r, "q", 1000) of {show(jobs)}',
            because="ties-by-name" if by_name else None,
        )

    def test_again(self, answer: Answer, redis: Redis) -> None:
        """A job that is scheduled again has its new priority and moment, and is there once."""
        jobs = [("mail", 9, 1000), ("pay", 5, 1000), ("mail", 1, 1000), ("sweep", 9, 1000), ("sweep", 9, 3000)]
        expect(
            self._play(answer, redis, jobs, 1000, 3),
            ["pay", "mail", None],
            f'three take(r, "q", 1000) of {show(jobs)}',
        )
        expect(answer.take(redis, "q", 3000), "sweep", 'take(r, "q", 3000)')

    def test_texts(self, answer: Answer, redis: Redis) -> None:
        """A job may be any text, and come back as it was."""
        jobs = [(text, 5 - at, 1000 + at) for at, text in enumerate(["Zoë: {1}", "a b\nc", "", "7", "q:due"])]
        expect(
            self._play(answer, redis, jobs, 2000, 6), [job for job, _, _ in jobs] + [None], "six take of five odd texts"
        )

    def test_nothing_left(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Keys begin with the queue's name, two queues do not meet, and an empty queue leaves no key."""
        self._schedule(answer, redis, [("mail", 1, 1000), ("pay", 2, 1000)])
        answer.schedule(redis, "other", "mail", 1, 1000)
        strange = [key for key in peek.scan_iter() if not key.startswith(("q", "other"))]
        if strange:
            broken("all keys begin with the name of the queue", f"there is {strange[0]}")
        taken = [answer.take(redis, "q", 1000) for _ in range(3)]
        expect(taken, ["pay", "mail", None], 'three take(r, "q", 1000) of two jobs', because="remnant")
        expect(answer.take(redis, "other", 1000), "mail", 'take(r, "other", 1000), another queue,')
        answer.take(redis, "other", 1000)
        if left := sorted(peek.scan_iter()):
            broken("no key is left when all jobs are taken", f"there is {', '.join(left)}", "remnant")

    def test_one_job(self, answer: Answer, race: Race) -> None:
        """Two workers, one job: one of them gets it."""

        def one_got_it(end: End) -> None:
            if sorted(map(str, end.results)) != ["None", "mail"]:
                broken("one worker gets mail, the other None", f"they got {show(end.results)}")

        race(
            lambda r: answer.take(r, "q", 1000),
            lambda r: answer.take(r, "q", 1000),
            setup=lambda r: answer.schedule(r, "q", "mail", 1, 1000),
            invariant=one_got_it,
            misconception="look-then-remove",
        )

    def test_two_jobs(self, answer: Answer, race: Race) -> None:
        """Two workers, two jobs: each gets one, and nobody goes home empty-handed."""

        def each_got_one(end: End) -> None:
            if sorted(map(str, end.results)) != ["mail", "pay"]:
                gives_up = None in end.results
                broken(
                    "one worker gets pay, the other mail",
                    f"they got {show(end.results)}",
                    "gives-up" if gives_up else "look-then-remove",
                )

        race(
            lambda r: answer.take(r, "q", 1000),
            lambda r: answer.take(r, "q", 1000),
            setup=lambda r: self._schedule(answer, r, [("mail", 1, 1000), ("pay", 2, 1000)]),
            invariant=each_got_one,
            misconception="gives-up",
        )

    def test_taken_while_scheduled(self, answer: Answer, race: Race) -> None:
        """A worker takes while a job is scheduled: it gets the whole job, or nothing and the job stays."""

        def whole_or_nothing(end: End) -> None:
            later = answer.take(end.redis, "q", 1000)
            if sorted(map(str, (end.results[1], later))) != ["None", "mail"]:
                broken("mail is taken once", f"take returned {show(end.results[1])}, and afterwards {show(later)}")
            if left := sorted(end.redis.scan_iter()):
                broken("nothing of the job is left", f"there is {', '.join(left)}")

        race(
            lambda r: answer.schedule(r, "q", "mail", 1, 1000),
            lambda r: answer.take(r, "q", 1000),
            invariant=whole_or_nothing,
            misconception="half-scheduled",
        )

    def test_never_half(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """A job is scheduled in one step, in one round trip."""
        names = _names(wire, lambda: answer.schedule(redis, "q", "mail", 1, 1000))
        if not _one_step(names):
            broken("one command, one transaction or one script", f"{', '.join(names)} was sent", "half-scheduled")
        _one_trip(wire, lambda: answer.schedule(redis, "q", "mail", 1, 1000), "schedule", "half-scheduled")

    def test_fetches_one(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Of 300 jobs that are due, the worker is sent one."""
        for number in range(300):
            answer.schedule(redis, "q", f"job {number:04}", number, 1000)
        answer.take(redis, "q", 1000)
        _few_bytes(wire, lambda: answer.take(redis, "q", 1000), 500, "take", "fetches-the-due")

    def _play(
        self, answer: Answer, redis: Redis, jobs: Sequence[tuple[str, int, float]], now: float, times: int
    ) -> list[Any]:
        self._schedule(answer, redis, jobs)
        return [answer.take(redis, "q", now) for _ in range(times)]

    @staticmethod
    def _schedule(answer: Answer, redis: Redis, jobs: Sequence[tuple[str, int, float]]) -> None:
        for job, priority, due in jobs:
            answer.schedule(redis, "q", job, priority, due)


@exercise("week2.trending")
class TestTrending:
    NOW, HOUR = 1800000000, 3600

    def test_now(self, answer: Answer, redis: Redis) -> None:
        """A view counts 1 when it happens, and three count 3."""
        self._view(answer, redis, "hot", "tea", self.NOW, self.HOUR)
        self._judge(answer, redis, self.NOW, [("tea", 1.0)], "a view at this moment")
        for _ in range(2):
            self._view(answer, redis, "hot", "tea", self.NOW, self.HOUR)
        found = self._hottest(answer, redis, "hot", 9, self.NOW, self.HOUR)
        few = _as_tuples(found) == [("tea", 1.0)]
        self._compare(
            found,
            [("tea", 3.0)],
            "hottest, after three views at this moment,",
            "last-view-only" if few else "decays-by-views",
        )

    def test_others(self, answer: Answer, redis: Redis) -> None:
        """An article does not cool down because others are read."""
        self._view(answer, redis, "hot", "tea", self.NOW, self.HOUR)
        for _ in range(3):
            self._view(answer, redis, "hot", "jam", self.NOW, self.HOUR)
        self._judge(
            answer, redis, self.NOW, [("jam", 3.0), ("tea", 1.0)], "one view of tea, three of jam", "decays-by-views"
        )

    def test_fades(self, answer: Answer, redis: Redis) -> None:
        """A view counts half as much after one half-life, a quarter after two."""
        self._view(answer, redis, "hot", "tea", self.NOW, self.HOUR)
        for hours, heat in ((1, 0.5), (2, 0.25), (0.5, 0.5**0.5), (10, 0.5**10)):
            self._judge(
                answer, redis, self.NOW + hours * self.HOUR, [("tea", heat)], f"a view {hours} h ago", "never-fades"
            )

    def test_views_add_up(self, answer: Answer, redis: Redis) -> None:
        """The views of an article add up, each with what is left of it."""
        for hours in (0, 0, 1, 3):
            self._view(answer, redis, "hot", "tea", self.NOW + hours * self.HOUR, self.HOUR)
        self._judge(
            answer,
            redis,
            self.NOW + 3 * self.HOUR,
            [("tea", 0.125 + 0.125 + 0.25 + 1)],
            "views 3, 3, 2 and 0 h ago",
            "never-fades",
        )

    def test_order(self, answer: Answer, redis: Redis) -> None:
        """Few fresh views beat many old ones."""
        for article, views, hours in (("old", 40, 0), ("new", 3, 5), ("newest", 2, 6), ("older", 1, -1)):
            for _ in range(views):
                self._view(answer, redis, "hot", article, self.NOW + hours * self.HOUR, self.HOUR)
        heats = [("newest", 2.0), ("new", 1.5), ("old", 40 / 64), ("older", 1 / 128)]
        for n in (1, 2, 4, 9):
            self._judge(answer, redis, self.NOW + 6 * self.HOUR, heats[:n], "views 40, 3, 2 and 1", "never-fades", n=n)

    def test_late(self, answer: Answer, redis: Redis) -> None:
        """A view that is reported late counts with what is left of it, and changes no other view."""
        for hours in (2, 0, 1):
            self._view(answer, redis, "hot", "tea", self.NOW + hours * self.HOUR, self.HOUR)
        self._judge(
            answer,
            redis,
            self.NOW + 2 * self.HOUR,
            [("tea", 1.75)],
            "views 0, 2 and 1 h ago, in this order,",
            "late-is-now",
        )

    def test_any_year(self, answer: Answer, redis: Redis) -> None:
        """It works in any year from 1970 to 2106, also with a half-life of a minute."""
        for board, moments in enumerate(([0, 60], [2**32 - 60, 2**32], [0, 2**32])):
            for now in moments:
                self._view(answer, redis, f"hot:{board}", "tea", now, 60)
                found = self._hottest(answer, redis, f"hot:{board}", 1, now, 60)
            heat = 1.0 if moments == [0, 2**32] else 1.5
            self._compare(found, [("tea", heat)], f"hottest after views at {moments[0]} and {moments[1]}", "overflow")

    def test_many(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """After a hundred views at one moment of the year 2106 the heat is still right to a millionth."""
        now = 2**32
        for _ in range(100):
            self._view(answer, redis, "hot", "tea", now, 60)
        cut = any(b"tostring" in word for e in wire.exchanges for word in e.command)
        found = self._hottest(answer, redis, "hot", 1, now, 60)
        self._compare(
            found, [("tea", 100.0)], f"hottest after a hundred views at {now}", "digits-cut-off" if cut else None
        )

    def test_empty(self, answer: Answer, redis: Redis) -> None:
        """A board without views has nothing hot."""
        expect(answer.hottest(redis, "hot", 3, self.NOW, self.HOUR), [], 'hottest(r, "hot", 3, …) of an empty board')

    def test_at_once(self, answer: Answer, race: Race) -> None:
        """Two views of one article at once both count."""

        def both_count(end: End) -> None:
            found = answer.hottest(end.redis, "hot", 1, self.NOW, self.HOUR)
            self._compare(
                found, [("tea", 2.5)], "hottest, after a view an hour ago and two at once,", "read-then-write"
            )

        race(
            lambda r: self._view(answer, r, "hot", "tea", self.NOW, self.HOUR),
            lambda r: self._view(answer, r, "hot", "tea", self.NOW, self.HOUR),
            setup=lambda r: self._view(answer, r, "hot", "tea", self.NOW - self.HOUR, self.HOUR),
            invariant=both_count,
            misconception="read-then-write",
        )

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A view leaves the other articles alone; hottest makes one round trip and writes nothing."""
        for number in range(60):
            self._view(answer, redis, "hot", f"article {number:03}", self.NOW + number, self.HOUR)
        before = self._others(peek)
        _few_bytes(
            wire,
            lambda: self._view(answer, redis, "hot", "tea", self.NOW + 99, self.HOUR),
            300,
            "view",
            "rewrites-everything",
        )
        if self._others(peek) != before:
            broken("a view of tea leaves the other articles as they are", "their scores changed", "rewrites-everything")

        def hottest() -> object:
            return answer.hottest(redis, "hot", 2, self.NOW + 99, self.HOUR)

        stored = _sorted_sets(peek)
        _few_bytes(wire, hottest, 400, "hottest(r, board, 2, …)", "rewrites-everything")
        _one_trip(wire, hottest, "hottest")
        if _sorted_sets(peek) != stored:
            broken("hottest writes nothing", "what is stored has changed", "rewrites-everything")

    @staticmethod
    def _others(peek: Redis) -> dict[str, list[tuple[str, float]]]:
        """All sorted sets without tea."""
        return {key: [pair for pair in pairs if pair[0] != "tea"] for key, pairs in _sorted_sets(peek).items()}

    def _judge(
        self,
        answer: Answer,
        redis: Redis,
        now: float,
        wanted: list[tuple[str, float]],
        told: str,
        misconception: str | None = None,
        n: int = 9,
    ) -> None:
        found = self._hottest(answer, redis, "hot", n, now, self.HOUR)
        self._compare(found, wanted, f'hottest(r, "hot", {n}, …) with {told}', misconception)

    @staticmethod
    def _view(answer: Answer, redis: Redis, board: str, article: str, now: float, half_life: int) -> None:
        try:
            answer.view(redis, board, article, now, half_life)
        except AnswerProblem as problem:
            broken(f"view works at {now}", problem.sentence, _too_large(problem))

    @staticmethod
    def _hottest(answer: Answer, redis: Redis, board: str, n: int, now: float, half_life: int) -> Any:
        try:
            return answer.hottest(redis, board, n, now, half_life)
        except AnswerProblem as problem:
            broken(f"hottest works at {now}", problem.sentence, _too_large(problem))

    @staticmethod
    def _compare(found: Any, wanted: list[tuple[str, float]], call: str, misconception: str | None) -> None:
        """Compare the articles exactly and the heats to a millionth."""
        rows = _rows_of(found, call)
        same = [row[0] for row in rows] == [article for article, _ in wanted]
        for row, (_, heat) in zip(rows, wanted, strict=False):
            value = row[1] if len(row) == 2 else None
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value - heat) <= 1e-6 * heat:
                same = False
        if not same:
            if any(isinstance(row[-1], float) and not math.isfinite(row[-1]) for row in rows):
                misconception = "overflow"
            broken(f"{call} returns {show(wanted)}", f"it returned {show(found)}", misconception)


def _too_large(problem: AnswerProblem) -> str | None:
    """The misconception behind a number that is too large for a double."""
    # Of what is too large comes inf, of its reciprocal 0, and of both together "not a number".
    signs = ("OverflowError", "ZeroDivisionError", "not a valid float", "not a number")
    return "overflow" if any(sign in problem.sentence for sign in signs) else None
