"""Promises of the notebook 01-lists-and-queues.

Nobody waits here longer than a few hundredths of a second: a blocking command is answered by the check as soon as the
server says that the client is blocked, and its own limit is looked at before it is sent.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from redis import Redis, ResponseError

from grader.checks import Answer, AnswerProblem, broken, exercise, expect
from grader.checks.lines import run_line, run_lines
from grader.checks.verdict import show
from grader.servers import Server
from grader.wire import Wire, split_line
from grader.wire.faults import End as FaultEnd
from grader.wire.faults import Faults
from grader.wire.race import End, Race

_SCRIPTS = {"EVAL", "EVALSHA", "FCALL"}
_MOVES = {"LMOVE", "RPOPLPUSH", "BLMOVE", "BRPOPLPUSH"}
_LIMIT_LAST = {b"BLPOP", b"BRPOP", b"BLMOVE", b"BRPOPLPUSH"}
_LIMIT_FIRST = {b"BLMPOP"}


def _one_step(names: list[str]) -> bool:
    """Whether these commands run as one step on the server: one command, one transaction, or one script."""
    names = [name for name in names if name != "SCRIPT"]
    if "WATCH" in names and "MULTI" in names:
        # What was read before is guarded: if it changed, EXEC does nothing.
        names = names[names.index("MULTI") :]
    if len(names) <= 1 or set(names) <= _SCRIPTS:
        return True
    return names[0] == "MULTI" and names[-1] == "EXEC" and names.count("MULTI") == 1


def _every_command(command: tuple[bytes, ...]) -> bool:
    return True


@contextmanager
def _just_before(wire: Wire, n: int, action: Callable[[], object]) -> Iterator[None]:
    """Let `action` happen just before the n-th command of the block."""
    wire.clear()
    over: list[bool] = []
    wire.before(n, lambda: None if over else action())
    try:
        yield
    finally:
        over.append(True)


def _elements(peek: Redis, key: str) -> list[str]:
    """The list under `key`, from head to tail."""
    return [str(element) for element in peek.lrange(key, 0, -1)]


def _lists(peek: Redis) -> dict[str, list[str]]:
    """All lists of the check's own small database."""
    return {str(key): _elements(peek, str(key)) for key in sorted(peek.scan_iter(count=1000, _type="LIST"))}


def _inside(peek: Redis) -> Counter[str]:
    """How often each element is there, in all lists together."""
    return Counter(element for elements in _lists(peek).values() for element in elements)


def _plain(value: object) -> Any:
    """`value` if it is plain data, else its picture: comparing plain data cannot fail."""
    if isinstance(value, list | tuple):
        parts = [_plain(part) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value if value is None or isinstance(value, str | bytes | int | float) else show(value)


def _as_list(value: object, call: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        broken(f"{call} returns a list", f"it returned {show(value)}")
    return list(_plain(value))


# Each line is run on the server; what its last command answers is to be predicted. Beside it, the answers that
# betray a misconception.
_Known = list[tuple[object, str]]
_LIST_LINES: dict[str, dict[str, _Known]] = {
    "pushes": {
        "RPUSH a 1 2 3; LRANGE a 0 -1": [([1, 2, 3], "numbers-come-back"), (["3", "2", "1"], "lpush-keeps-order")],
        "LPUSH b 1 2 3; LRANGE b 0 -1": [([3, 2, 1], "numbers-come-back"), (["1", "2", "3"], "lpush-keeps-order")],
        "LPUSH c 1 2 3; RPOP c": [(1, "numbers-come-back"), ("3", "lpush-keeps-order")],
    },
    "ranges": {
        "RPUSH d a b c d; LRANGE d 0 1": [(["a"], "end-is-excluded")],
        "RPUSH e a b c d; LTRIM e 1 2; LRANGE e 0 -1": [(["b"], "end-is-excluded"), (["a", "d"], "trim-removes")],
    },
    "nothing": {
        "LRANGE f 0 -1": [(None, "one-kind-of-nothing"), ("", "one-kind-of-nothing")],
        "LPOP f": [([], "one-kind-of-nothing"), ("", "one-kind-of-nothing")],
        "LPOP f 3": [([], "one-kind-of-nothing"), ("", "one-kind-of-nothing")],
        "RPUSH g x; LPOP g 1": [("x", "one-is-no-list")],
        "RPUSH h x; LPOP h; EXISTS h": [(1, "empty-list-stays")],
    },
    "middle": {
        "RPUSH i a b a c a; LREM i -1 a; LRANGE i 0 -1": [
            (["b", "a", "c", "a"], "counts-from-the-head"),
            (["b", "c"], "counts-from-the-head"),
        ],
        "RPUSH j a b a; LPOS j a RANK -1": [(0, "rank-turns-the-index"), (-1, "rank-turns-the-index")],
    },
    "moves": {
        "RPUSH k a b c; LMOVE k k LEFT RIGHT; LRANGE k 0 -1": [(["c", "a", "b"], "ends-mixed-up")],
        "RPUSH l a b; LMOVE l m RIGHT LEFT; LMOVE l m RIGHT LEFT; LRANGE m 0 -1": [(["b", "a"], "ends-mixed-up")],
    },
}


def _judge_predictions(answer: Answer, peek: Redis, group: str) -> None:
    predictions = answer.value("list_predictions")
    if not isinstance(predictions, dict):
        broken("list_predictions is the dict of the starter", f"it is {show(predictions)}")
    for line, known in _LIST_LINES[group].items():
        reply = run_lines(peek, line)
        predicted = predictions.get(line, ...)
        if predicted is ...:
            broken(f"a prediction for `{line}`", "nothing is predicted yet")
        if isinstance(predicted, tuple):
            predicted = list(predicted)
        if type(predicted) is not type(reply) or predicted != reply:
            name = next((name for wrong, name in known if type(wrong) is type(predicted) and wrong == predicted), None)
            broken(
                f"`{line}` answers what you predicted",
                f"you predicted {show(predicted)}, Redis answered {show(reply)}",
                name,
            )


@exercise("week2.predict-lists")
class TestPredictLists:
    def test_pushes(self, answer: Answer, peek: Redis) -> None:
        """The order of what is pushed at one time, and what comes back."""
        _judge_predictions(answer, peek, "pushes")

    def test_ranges(self, answer: Answer, peek: Redis) -> None:
        """LRANGE and LTRIM: what belongs to a range, and what becomes of it."""
        _judge_predictions(answer, peek, "ranges")

    def test_nothing(self, answer: Answer, peek: Redis) -> None:
        """What commands answer when there is nothing, or one."""
        _judge_predictions(answer, peek, "nothing")

    def test_middle(self, answer: Answer, peek: Redis) -> None:
        """LREM and LPOS from the tail."""
        _judge_predictions(answer, peek, "middle")

    def test_moves(self, answer: Answer, peek: Redis) -> None:
        """LMOVE onto the same list, and onto another."""
        _judge_predictions(answer, peek, "moves")


# For each wish a command that makes it come true, and those that betray a misconception. Any other command that leaves
# the same lists, and answers the same where something is asked, is as good.
_WISHES: dict[str, tuple[str, dict[str, str]]] = {
    "look": (
        "LINDEX jobs -1",
        {"LINDEX jobs 0": "wrong-end", "RPOP jobs": "takes-instead-of-looking", "LPOP jobs": "wrong-end"},
    ),
    "take": (
        "RPOP jobs 2",
        {"LPOP jobs 2": "wrong-end", "LRANGE jobs -2 -1": "looks-instead-of-taking"},
    ),
    "leave": ("LREM line -1 bob", {"LREM line 1 bob": "wrong-end", "LREM line 0 bob": "all-at-once"}),
    "let in": ("LINSERT line AFTER dan cleo", {"LINSERT line BEFORE dan cleo": "before-is-in-front"}),
    "correct": ("LSET names -1 Zora", {}),
    "keep": (
        "LTRIM log 0 2",
        {"LTRIM log 3 -1": "trim-removes", "LTRIM log 0 3": "one-too-many", "LTRIM log -3 -1": "trim-removes"},
    ),
    "turn": ("LMOVE players players LEFT RIGHT", {"LMOVE players players RIGHT LEFT": "wrong-end"}),
    "find": ("LPOS line bob", {"LPOS line bob RANK -1": "wrong-end", "LPOS line bob RANK 2": "wrong-end"}),
    "notify": (
        "LPUSHX listeners ping",
        {"LPUSH listeners ping": "push-creates", "RPUSH listeners ping": "push-creates"},
    ),
}
_ASKS = {"look", "take", "find"}
_ON_LISTS = {
    *("LINDEX", "LINSERT", "LLEN", "LMOVE", "LMPOP", "LPOP", "LPOS", "LPUSH", "LPUSHX", "LRANGE", "LREM", "LSET"),
    *("LTRIM", "RPOP", "RPOPLPUSH", "RPUSH", "RPUSHX"),
}


@exercise("week2.one-command")
class TestOneCommand:
    def test_look_and_take(self, answer: Answer, peek: Redis) -> None:
        """look, take: at the end that is served next; looking changes nothing."""
        self._judge(answer, peek, "look", "take")

    def test_inside(self, answer: Answer, peek: Redis) -> None:
        """leave, let in, correct: the right element, the right side, and no other."""
        self._judge(answer, peek, "leave", "let in", "correct")

    def test_whole(self, answer: Answer, peek: Redis) -> None:
        """keep, turn: what stays, and in which order."""
        self._judge(answer, peek, "keep", "turn")

    def test_find_and_notify(self, answer: Answer, peek: Redis) -> None:
        """find, notify: an index from the left, and no list that was not there."""
        self._judge(answer, peek, "find", "notify")
        line = self._line(answer, "notify")
        after = self._run(peek, line, listeners=True)[1].get("listeners")
        if after not in (["ping", "hello"], ["hello", "ping"]):
            broken("`notify` pushes onto listeners if there is such a list", f"`{line}` made it {show(after)}")

    def _judge(self, answer: Answer, peek: Redis, *names: str) -> None:
        for name in names:
            wanted_line, known = _WISHES[name]
            line = self._line(answer, name)
            got, wanted = self._run(peek, line), self._run(peek, wanted_line)
            # A single element may come as a list of one, and LMPOP names the list in front.
            answers = wanted[0], [wanted[0]], [wanted_line.split()[1], wanted[0]]
            if got[1] == wanted[1] and (name not in _ASKS or got[0] in answers):
                continue
            misconception = next((why for wrong, why in known.items() if self._run(peek, wrong) == got), None)
            left = "; ".join(f"{key} is now {' '.join(found) or 'gone'}" for key, found in got[1].items())
            broken(
                f"`{name}` comes true", f"`{line}` answered {show(got[0])}; {left or 'no list changed'}", misconception
            )

    @staticmethod
    def _line(answer: Answer, name: str) -> str:
        wishes = answer.value("wishes")
        line = wishes.get(name) if isinstance(wishes, dict) else None
        if not isinstance(line, str) or not line.strip():
            broken(f"one command for `{name}`, as a text", "there is none yet")
        try:
            words = split_line(line)
        except ValueError as error:
            broken(f"one command for `{name}`", f"redis-cli cannot read `{line}`: {error}")
        if words[0].decode(errors="replace").upper() not in _ON_LISTS:
            broken(f"one command on lists for `{name}`, which does not wait", f"it is `{line}`")
        return line

    @staticmethod
    def _run(peek: Redis, line: str, listeners: bool = False) -> tuple[object, dict[str, list[str]]]:
        """What the line answers, and the lists afterwards that are not as they were."""
        with peek.pipeline() as pipe:
            pipe.flushdb()
            pipe.lpush("jobs", "j1", "j2", "j3", "j4", "j5")
            pipe.rpush("line", "eve", "bob", "dan", "bob", "ada")
            pipe.rpush("names", "Ada", "Bob", "Zoe")
            pipe.lpush("log", "e1", "e2", "e3", "e4", "e5", "e6")
            pipe.rpush("players", "red", "blue", "green")
            if listeners:
                pipe.rpush("listeners", "hello")
            pipe.execute()
        before = _lists(peek)
        reply: object
        try:
            reply = run_line(peek, line)
        except ResponseError as error:
            reply = f"(error) {error}"
        after = _lists(peek)
        return reply, {key: after.get(key, []) for key in before | after if after.get(key) != before.get(key)}


@exercise("week2.activity-feed")
class TestActivityFeed:
    def test_newest_first(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """What was posted comes back, newest first, as far as asked."""
        for event in ("came", "saw ✓", "saw ✓", ""):
            answer.post(redis, "feed", event, 10)
        wanted = ["", "saw ✓", "saw ✓", "came"]
        for n in (4, 2, 1, 9):
            got = _as_list(answer.newest(redis, "feed", n), f'newest(r, "feed", {n})')
            expect(got, wanted[:n], f'newest(r, "feed", {n})')
        expect(answer.newest(redis, "nobody", 3), [], 'newest(r, "nobody", 3)')

    def test_none_asked(self, answer: Answer, redis: Redis) -> None:
        """The 0 newest events are none."""
        for event in ("came", "saw"):
            answer.post(redis, "feed", event, 10)
        expect(answer.newest(redis, "feed", 0), [], 'newest(r, "feed", 0)', known=None, because="zero-is-all")

    def test_bounded(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The feed holds the newest events and no others, for every size, also after the size was changed."""
        for size in (3, 1, 5, 2):
            for number in range(7):
                answer.post(redis, "feed", f"event {number}", size)
            kept = set(_inside(peek))
            if kept != {f"event {number}" for number in range(7 - size, 7)}:
                many = sum(_inside(peek).values())
                name = None
                if size == 1 and many == 7:
                    name = "trims-first"
                if many >= 7 and not {"LTRIM", "LPOP", "RPOP"} & set(wire.names):
                    name = "never-trimmed"
                elif many == size + 1:
                    name = "one-too-many"
                elif "event 6" not in kept:
                    name = "keeps-the-oldest"
                elif size == 1 and many > 1:
                    name = "trims-first"
                broken(
                    f"after 7 posts with size {size} the feed holds the newest {size}",
                    f"it holds {many}: {', '.join(sorted(kept))}",
                    name,
                )

    def test_one_step(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The feed is at no moment longer than its size: a post is one step."""
        peek.lpush("feed", "a", "b", "c")
        longest: list[int] = []
        wire.after(_every_command, lambda: longest.append(int(peek.llen("feed"))), times=100)
        answer.post(redis, "feed", "d", 3)
        if _one_step(wire.names):
            return
        sent = ", ".join(wire.names)
        if wire.round_trips == 1:
            broken(
                "a post is one step",
                f"post sent {sent} in one pipeline, but not as a transaction: others can come in between",
                "pipeline-is-no-transaction",
            )
        broken(
            "a post is one step",
            f"post sent {sent}, one after the other; in between the feed held {max(longest, default=0)} events",
            "trims-later",
        )

    def test_dies(self, answer: Answer, faults: Faults) -> None:
        """Whichever command post dies at, the feed is not too long."""
        faults.everywhere(
            lambda r: answer.post(r, "feed", "d", 3),
            setup=lambda r: r.lpush("feed", "a", "b", "c"),
            then=lambda end: int(end.redis.llen("feed")) <= 3 or "the feed holds more than its 3 events",
            misconception="trims-later",
        )

    def test_two_writers(self, answer: Answer, race: Race) -> None:
        """Two writers at once: whoever comes first, the feed never holds more than its size."""
        race(
            lambda r: answer.post(r, "feed", "from A", 2),
            lambda r: answer.post(r, "feed", "from B", 2),
            setup=lambda r: r.lpush("feed", "old", "older"),
            always=lambda end: int(end.redis.llen("feed")) <= 2 or "the feed holds more than 2 events",
            misconception="trims-later",
        )

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """post and newest make one round trip each, and newest fetches only what it returns."""
        peek.rpush("feed", *[f"event {number}" for number in range(500)])
        with wire.measure() as cost:
            answer.post(redis, "feed", "x", 500)
        if cost.round_trips != 1:
            broken("post makes one round trip", f"it made {cost.round_trips}: {', '.join(cost.names)}")
        with wire.measure() as cost:
            answer.newest(redis, "feed", 5)
        if cost.round_trips != 1:
            broken("newest makes one round trip", f"it made {cost.round_trips}: {', '.join(cost.names)}")
        if cost.bytes_received > 500:
            broken(
                'newest(r, "feed", 5) fetches 5 events',
                f"it received {cost.bytes_received} bytes: the whole feed of 500 events",
                "fetches-all",
            )


@exercise("week2.undo-redo")
class TestUndoRedo:
    def test_undo(self, answer: Answer, redis: Redis) -> None:
        """undo takes back what was done last; history shows what is done, oldest first."""
        self._perform(answer, redis, "type", "bold", "größer ✓")
        self._history(answer, redis, ["type", "bold", "größer ✓"])
        for action, left in (("größer ✓", ["type", "bold"]), ("bold", ["type"]), ("type", [])):
            expect(
                answer.undo(redis, "doc"),
                action,
                'undo(r, "doc")',
                known={"type": "undoes-the-oldest"},
            )
            self._history(answer, redis, left)
        expect(answer.undo(redis, "doc"), None, 'undo(r, "doc") when nothing is done')
        expect(answer.undo(redis, "never"), None, 'undo(r, "never")')

    def test_redo(self, answer: Answer, redis: Redis) -> None:
        """redo does again what was undone last; equal actions may come more than once."""
        self._perform(answer, redis, "type", "bold", "bold", "image")
        for _ in range(4):
            answer.undo(redis, "doc")
        for action in ("type", "bold", "bold", "image"):
            expect(
                answer.redo(redis, "doc"),
                action,
                'redo(r, "doc") after four undos',
                known={"image": "redo-takes-the-wrong-one"},
            )
        self._history(answer, redis, ["type", "bold", "bold", "image"])
        expect(answer.redo(redis, "doc"), None, 'redo(r, "doc") when nothing is undone')

    def test_documents(self, answer: Answer, redis: Redis) -> None:
        """Each document has its own actions."""
        answer.perform(redis, "one", "type")
        answer.perform(redis, "two", "draw")
        expect(answer.undo(redis, "one"), "type", 'undo(r, "one")', known={"draw": "one-history-for-all"})
        expect(answer.redo(redis, "two"), None, 'redo(r, "two")', known={"type": "one-history-for-all"})
        expect(_plain(answer.history(redis, "two")), ["draw"], 'history(r, "two")')

    def test_any_name(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A document may have any name, also one that looks like a key of another document."""
        self._perform(answer, redis, "type", "bold")
        answer.undo(redis, "doc")
        kept = _lists(peek)
        for name in kept:
            if name == "doc":
                continue
            answer.perform(redis, name, "draw")
            if any(_elements(peek, key) != elements for key, elements in kept.items()):
                broken(
                    f'perform(r, "{name}", "draw") leaves the document "doc" alone',
                    f"its lists were {show(kept)}, and now there is {show(_lists(peek))}",
                    "keys-clash",
                )

    def test_new_action(self, answer: Answer, redis: Redis) -> None:
        """After a new action there is nothing to redo."""
        self._perform(answer, redis, "type", "bold")
        answer.undo(redis, "doc")
        answer.perform(redis, "doc", "print")
        expect(
            answer.redo(redis, "doc"),
            None,
            'redo(r, "doc") after undo and a new action',
            known={"bold": "redo-survives"},
        )
        self._history(answer, redis, ["type", "print"])

    def test_dies_in_undo(self, answer: Answer, faults: Faults) -> None:
        """Whichever command undo or redo dies at, no action is lost or there twice."""

        def both_there(end: FaultEnd) -> None:
            there = _inside(end.redis)
            if there != Counter(["type", "bold"]):
                broken("both actions are there, each once", f"there is {show(_lists(end.redis))}", "pop-then-push")

        def undone(r: Redis) -> None:
            self._perform(answer, r, "type", "bold")
            answer.undo(r, "doc")

        faults.everywhere(
            lambda r: answer.undo(r, "doc"),
            setup=lambda r: self._perform(answer, r, "type", "bold"),
            then=both_there,
        )
        faults.everywhere(lambda r: answer.redo(r, "doc"), setup=undone, then=both_there)

    def test_dies_in_perform(self, answer: Answer, faults: Faults) -> None:
        """Whichever command perform dies at, the new action counts with all its consequences or not at all."""

        def undone(r: Redis) -> None:
            self._perform(answer, r, "type", "bold")
            answer.undo(r, "doc")

        def all_or_nothing(end: FaultEnd) -> None:
            done, again = _plain(answer.history(end.redis, "doc")), _plain(answer.redo(end.redis, "doc"))
            if (done, again) not in [(["type"], "bold"), (["type", "print"], None)]:
                broken(
                    "history ['type'] and redo 'bold', or history ['type', 'print'] and nothing to redo",
                    f"history is {show(done)} and redo gives {show(again)}",
                    "clears-in-a-second-step",
                )

        faults.everywhere(lambda r: answer.perform(r, "doc", "print"), setup=undone, then=all_or_nothing)

    def test_two_undo(self, answer: Answer, race: Race) -> None:
        """Two people undo at once: two actions are undone, each once."""

        def each_once(end: End) -> None:
            there = _inside(end.redis)
            if sorted(map(show, end.results)) != ["'bold'", "'type'"] or there != Counter(["type", "bold"]):
                broken(
                    "one gets 'bold', the other 'type', and both actions are there once",
                    f"they got {show(end.results)}, and there is {show(_lists(end.redis))}",
                    "looks-then-moves",
                )

        race(
            lambda r: answer.undo(r, "doc"),
            lambda r: answer.undo(r, "doc"),
            setup=lambda r: self._perform(answer, r, "type", "bold"),
            invariant=each_once,
        )

    def test_in_between(self, answer: Answer, race: Race) -> None:
        """Somebody undoes while a new action comes: what is done and what can be redone fit together."""

        def fits(end: End) -> None:
            done, again = _plain(answer.history(end.redis, "doc")), _plain(answer.redo(end.redis, "doc"))
            # perform first: print was undone. undo first: bold was undone, then forgotten.
            if (done, again) not in [(["type", "bold"], "print"), (["type", "print"], None)]:
                broken(
                    "the one happens before the other",
                    f"history is {show(done)} and redo gives {show(again)}",
                    "clears-in-a-second-step",
                )

        race(
            lambda r: answer.perform(r, "doc", "print"),
            lambda r: answer.undo(r, "doc"),
            setup=lambda r: self._perform(answer, r, "type", "bold"),
            invariant=fits,
        )

    @staticmethod
    def _perform(answer: Answer, redis: Redis, *actions: str) -> None:
        for action in actions:
            answer.perform(redis, "doc", action)

    @staticmethod
    def _history(answer: Answer, redis: Redis, wanted: list[str]) -> None:
        expect(_as_list(answer.history(redis, "doc"), 'history(r, "doc")'), wanted, 'history(r, "doc")')


def _limit_of(command: tuple[bytes, ...]) -> float | None:
    """The seconds that a blocking command may wait, 0 for ever; None for other commands."""
    name = command[0].upper()
    if name not in _LIMIT_LAST | _LIMIT_FIRST:
        return None
    try:
        return float(command[-1 if name in _LIMIT_LAST else 1])
    except (ValueError, IndexError):
        return None


@exercise("week2.task-queue")
class TestTaskQueue:
    def test_as_it_was(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A task is taken as it was submitted: dicts, lists, texts, numbers, with None and any character inside."""
        self._within(wire, peek)
        for task in ({"to": "ada", "text": None, "tags": ["a", "ü✓"]}, "mail\r\n", 7, [1, [2]], 1.5, True):
            got = self._round_trip(answer, redis, task)
            pair = isinstance(got, list | tuple) and len(got) == 2 and got[0] == "mails"
            text = isinstance(got, str) and not isinstance(task, str)
            because = "pair-for-a-task" if pair else "text-not-json" if text else None
            expect(got, task, f'take(r, "mails", 1) after submit(r, "mails", {task!r})', because=because)

    def test_falsy_tasks(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """0, an empty text, an empty list, an empty dict and False are tasks."""
        self._within(wire, peek)
        empty: tuple[object, ...] = ({}, 0, "", [], False)
        for task in empty:
            got = self._round_trip(answer, redis, task)
            expect(got, task, f'take(r, "mails", 1) after submit(r, "mails", {task!r})', known={None: "falsy-is-idle"})

    def test_order(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The task that has waited longest comes first; what is taken is gone."""
        self._within(wire, peek)
        for task in ("first", "second", "third"):
            answer.submit(redis, "mails", task)
        for task, timeout in (("first", 1), ("second", 0.5), ("third", 0.25)):
            expect(
                answer.take(redis, "mails", timeout),
                task,
                f'take(r, "mails", {timeout}) after first, second, third were submitted',
                because="last-in-first-out",
            )
        if left := sum(_inside(peek).values()):
            broken("three tasks submitted and taken leave nothing", f"{left} are still there")

    def test_idle(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """If no task comes within the timeout, take returns None; it waits no longer than asked."""
        self._within(wire, peek, 0.02)
        with wire.measure() as cost:
            got = answer.take(redis, "mails", 0.02)
        expect(got, None, 'take(r, "mails", 0.02) when there is no task')
        if not any(_limit_of(e.command) is not None for e in wire.exchanges):
            polls = cost.round_trips > 1 or self._asks_again(answer, redis, wire, peek)
            broken(
                "Redis does the waiting, with one blocking command",
                f"take sent {', '.join(cost.names[:6])}{' …' if len(cost.names) > 6 else ''}",
                "polls" if polls else "does-not-wait",
            )

    @staticmethod
    def _asks_again(answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> bool:
        """Whether take finds a task that was put there just after its first question."""
        answer.submit(redis, "mails", "late")
        element: Any = peek.rpop("mails")
        wire.after(_every_command, lambda: peek.lpush("mails", element))
        return answer.take(redis, "mails", 1) is not None

    def test_woken(self, answer: Answer, redis: Redis, peek: Redis, server: Server) -> None:
        """A task that comes while take waits is returned at once."""
        answer.submit(redis, "mails", "late")
        element = peek.rpop("mails")
        over = threading.Event()
        with server.client() as producer:
            helper = threading.Thread(target=self._push_when_blocked, args=(producer, peek, element, over))
            helper.start()
            try:
                expect(answer.take(redis, "mails", 1), "late", 'take(r, "mails", 1), while "late" is submitted')
            finally:
                over.set()
                helper.join()

    def test_zero(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """With a timeout of 0, take looks once and does not wait."""
        self._within(wire, peek, 0, zero="zero-is-for-ever")
        expect(answer.take(redis, "mails", 0), None, 'take(r, "mails", 0) when there is no task')
        answer.submit(redis, "mails", "there")
        expect(answer.take(redis, "mails", 0), "there", 'take(r, "mails", 0) when there is a task')

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """submit and take make one round trip each, whether there is a task or not."""
        self._within(wire, peek)
        for name, call in (
            ("submit", partial(answer.submit, redis, "mails", "a")),
            ("take", partial(answer.take, redis, "mails", 1)),
            ("take from an empty queue", partial(answer.take, redis, "mails", 0.01)),
            ("take with a timeout of 0", partial(answer.take, redis, "mails", 0)),
        ):
            before = len(wire.exchanges)
            with wire.measure() as cost:
                call()
            if cost.round_trips != 1:
                waits = [_limit_of(exchange.command) is not None for exchange in wire.exchanges[before:]]
                broken(
                    f"{name} makes one round trip",
                    f"it made {cost.round_trips}: {', '.join(cost.names[:6])}",
                    "looks-first" if waits.count(True) == 1 and waits[-1] else None,
                )

    def test_two_workers(self, answer: Answer, race: Race) -> None:
        """Two workers at once take two different tasks."""

        def both(end: End) -> None:
            if sorted(map(show, end.results)) != ["'a'", "'b'"]:
                broken("each task is taken once", f"the two workers got {show(end.results)}")

        race(
            lambda r: answer.take(r, "mails", 0.5),
            lambda r: answer.take(r, "mails", 0.5),
            setup=lambda r: [answer.submit(r, "mails", task) for task in "ab"],
            invariant=both,
        )

    @staticmethod
    def _round_trip(answer: Answer, redis: Redis, task: object) -> object:
        answer.submit(redis, "mails", task)
        try:
            return _plain(answer.take(redis, "mails", 1))
        except AnswerProblem as problem:
            # What json.loads says of the pair that BRPOP answers.
            if "must be str" in problem.sentence and (
                "not list" in problem.sentence or "not tuple" in problem.sentence
            ):
                broken("take returns the task", problem.sentence, "pair-for-a-task")
            raise

    @staticmethod
    def _within(wire: Wire, peek: Redis, limit: float = 1, zero: str = "waits-for-ever") -> None:
        """Stop the answer before it sends a command that would wait for ever, or longer than asked."""

        def too_long(command: tuple[bytes, ...]) -> bool:
            asked = _limit_of(command)
            if asked is None or 0 < asked <= limit * 1.001:
                return False
            seconds.append(asked)
            return True

        def say() -> None:
            how_long = f"up to {seconds[-1]:g} s" if seconds[-1] else "for ever"
            broken(
                f"take waits {limit} s at most" if limit else "take does not wait",
                f"it was about to send a command that waits {how_long}",
                zero if limit or not seconds[-1] else None,
            )

        seconds: list[float] = []

        wire.before(too_long, say)

    @staticmethod
    def _push_when_blocked(producer: Redis, peek: Redis, element: Any, over: threading.Event) -> None:
        """Push as soon as the server says that somebody waits, or after a while; not if the answer has given up."""
        give_up = time.monotonic() + 0.3
        while int(peek.info("clients")["blocked_clients"]) == 0 and time.monotonic() < give_up and not over.is_set():
            pass
        if not over.is_set():
            producer.lpush("mails", element)


@exercise("week2.drain-in-batches")
class TestDrainInBatches:
    QUEUES = ("urgent", "normal", "later")

    def test_oldest(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The oldest jobs come, oldest first, at most n, and the others stay as they were."""
        peek.lpush("urgent", *"abcde")
        for n, jobs in ((2, ["a", "b"]), (1, ["c"]), (9, ["d", "e"])):
            self._take(answer, redis, ["urgent"], n, "urgent", jobs)

    def test_priority(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Jobs come from the first queue that has any, and from no other."""
        peek.lpush("normal", "n1", "n2", "n3")
        peek.lpush("later", "l1", "l2")
        self._take(answer, redis, list(self.QUEUES), 2, "normal", ["n1", "n2"])
        if _elements(peek, "later") != ["l2", "l1"]:
            broken(
                'after take_batch(r, ["urgent", "normal", "later"], 2) the queue later holds l1 and l2',
                f"it holds {show(_elements(peek, 'later'))}",
                "takes-from-all",
            )
        peek.lpush("urgent", "u1")
        self._take(answer, redis, list(self.QUEUES), 5, "urgent", ["u1"])
        self._take(answer, redis, list(self.QUEUES), 5, "normal", ["n3"])
        self._take(answer, redis, ["later", "normal"], 5, "later", ["l1", "l2"])

    def test_nothing(self, answer: Answer, redis: Redis) -> None:
        """If all queues are empty, the pair (None, []) comes back."""
        got = answer.take_batch(redis, ["urgent", "later"], 3)
        if got is None:
            broken("(None, []) if all queues are empty", "it returned None", "none-for-a-pair")
        expect(self._pair(got), (None, []), 'take_batch(r, ["urgent", "later"], 3)')

    def test_one_step(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """One round trip and one step, however many queues and jobs there are."""
        peek.lpush("later", *"abcdefgh")
        answer.take_batch(redis, list(self.QUEUES), 8)
        if wire.round_trips == 1 and _one_step(wire.names):
            return
        names = wire.names
        name = None
        if {"LRANGE", "LTRIM", "LINDEX", "LREM"} & set(names):
            name = "reads-then-trims"
        elif names.count("RPOP") + names.count("LMPOP") >= 8:
            name = "one-by-one"
        elif wire.round_trips > 1:
            name = "a-trip-a-queue"
        broken(
            "one round trip, one step",
            f"it took {wire.round_trips} for 8 jobs of the third queue: {', '.join(names[:10])}",
            name,
        )

    def test_two_workers(self, answer: Answer, race: Race) -> None:
        """Two workers at once: each job goes to one of them."""

        def shared(end: End) -> None:
            jobs = Counter(str(job) for result in end.results for job in self._pair(result)[1])
            jobs += _inside(end.redis)
            if jobs != Counter("abcx"):
                broken("each job goes to one worker", f"the two workers got {show(end.results)}")

        def fill(r: Redis) -> None:
            r.lpush("urgent", *"abc")
            r.lpush("later", "x")

        race(
            lambda r: answer.take_batch(r, ["urgent", "later"], 2),
            lambda r: answer.take_batch(r, ["urgent", "later"], 2),
            setup=fill,
            invariant=shared,
        )

    def _take(self, answer: Answer, redis: Redis, queues: list[str], n: int, queue: str, jobs: list[str]) -> None:
        call = f"take_batch(r, {json.dumps(queues)}, {n})"
        got = self._pair(answer.take_batch(redis, queues, n))
        name = None
        if got[0] == queue and got != (queue, jobs):
            if len(jobs) > 1 and got[1] == jobs[:1]:
                name = "one-job"
            elif len(got[1]) == len(jobs):
                name = "newest-first"
        expect(got, (queue, jobs), call, because=name)

    @staticmethod
    def _pair(value: object) -> tuple[Any, list[Any]]:
        if not isinstance(value, list | tuple) or len(value) != 2 or not isinstance(value[1], list | tuple):
            broken("a pair, the queue and the list of jobs", f"take_batch returned {show(value)}")
        return _plain(value[0]), list(_plain(value[1]))


@exercise("week2.find-your-place")
class TestFindYourPlace:
    def test_place(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The job that is served next has place 1, the one after it 2; a job that does not wait has none."""
        peek.lpush("print", *"abcd")
        for wanted, job in enumerate("abc", 1):
            expect(
                answer.place(redis, "print", job),
                wanted,
                f'place(r, "print", "{job}") with a, b, c, d pushed in this order',
                known={5 - wanted: "index-is-the-place", 4 - wanted: "index-is-the-place"},
            )
        for queue, job in (("print", "x"), ("nobody", "a")):
            expect(answer.place(redis, queue, job), None, f'place(r, "{queue}", "{job}")')

    def test_newest(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The newest job, at index 0, has the last place."""
        peek.lpush("print", *"abcd")
        expect(
            answer.place(redis, "print", "d"),
            4,
            'place(r, "print", "d") with a, b, c, d pushed in this order',
            known={None: "zero-is-missing"},
        )

    def test_twice(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Of a job that waits several times the best place counts, and places has them all, best first."""
        peek.lpush("print", *"xabaca")
        expect(
            answer.place(redis, "print", "a"),
            2,
            'place(r, "print", "a") with x, a, b, a, c, a pushed in this order',
            known={6: "last-one-counts"},
        )
        call = 'places(r, "print", "{}") with x, a, b, a, c, a pushed in this order'
        for job, wanted in (("a", [2, 4, 6]), ("c", [5]), ("z", [])):
            got = _as_list(answer.places(redis, "print", job), call.format(job))
            turned_round = len(wanted) > 1 and _plain(got) == wanted[::-1]
            expect(got, wanted, call.format(job), because="last-one-counts" if turned_round else None)
        expect(answer.places(redis, "nobody", "a"), [], 'places(r, "nobody", "a")')

    def test_cost(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The queue does not cross the network."""
        peek.lpush("print", *[f"job {number}" for number in range(1000)])
        for name in ("place", "places"):
            with wire.measure() as cost:
                getattr(answer, name)(redis, "print", "job 7")
            if cost.bytes_received > 1000:
                broken(
                    f"{name} fetches numbers, not jobs",
                    f"for one job out of 1000 it received {cost.bytes_received} bytes",
                    "fetches-the-queue",
                )

    def test_one_moment(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """A job that is pushed meanwhile does not change the places of those who wait."""
        for name, wanted in (("place", 2), ("places", [2])):
            for n in range(1, 6):
                peek.delete("print")
                peek.lpush("print", *"abc")
                with _just_before(wire, n, lambda: peek.lpush("print", "z")):
                    got = getattr(answer, name)(redis, "print", "b")
                expect(
                    got,
                    wanted,
                    f'{name}(r, "print", "b") while another job is pushed behind it',
                    because="two-moments",
                )

    def test_while_served(self, answer: Answer, redis: Redis, wire: Wire, race: Race) -> None:
        """While jobs are pushed and taken, the answers are true at one moment."""
        for ask, true in ((answer.place, (2, 1)), (answer.places, ([2], [1]))):
            with wire.measure() as cost:
                ask(redis, "print", "b")
            in_a_pipeline = cost.round_trips == 1 and not _one_step(cost.names)
            name = "pipeline-is-no-transaction" if in_a_pipeline else "two-moments"
            for meanwhile, possible in ((self._push, true[:1]), (self._take_one, true), (self._push_and_take, true)):
                race(
                    partial(self._ask, ask),
                    meanwhile,
                    setup=lambda r: r.lpush("print", *"abc"),
                    invariant=partial(self._was_true, possible, name),
                )

    @staticmethod
    def _ask(ask: Callable[..., object], r: Redis) -> object:
        return ask(r, "print", "b")

    @staticmethod
    def _push(r: Redis) -> None:
        r.lpush("print", "z")

    @staticmethod
    def _take_one(r: Redis) -> None:
        r.rpop("print")

    @staticmethod
    def _push_and_take(r: Redis) -> None:
        r.lpush("print", "z")
        r.rpop("print")

    @staticmethod
    def _was_true(true: tuple[object, ...], misconception: str, end: End) -> None:
        """The job had the first of the places before another was taken, the second one after."""
        if _plain(end.results[0]) not in true:
            broken(
                f"{true[0]}, or {true[1]} after the first job was taken" if true[1:] else f"{true[0]} all the time",
                f"the answer was {show(end.results[0])}, which was true at no moment",
                misconception,
            )


class _WorkFailedError(Exception):
    """What a handler raises in these checks."""


@exercise("week2.lost-job")
class TestLostJob:
    def test_works(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """The oldest job is handled, True comes back, and the job is in neither list; without a job it is False."""
        peek.lpush("queue", "a", "größer ✓")
        handled: list[object] = []
        for wanted in ("a", "größer ✓"):
            expect(answer.work_one(redis, "queue", "mine", handled.append), True, "work_one with a job in the queue")
            expect(handled[-1:], [wanted], "the job that work_one handled")
        if left := _inside(peek):
            broken("what is done is in neither list", f"left is {show(_lists(peek))} after {sum(left.values())} jobs")
        wire.before(lambda command: _limit_of(command) is not None, self._would_wait)
        expect(answer.work_one(redis, "queue", "mine", handled.append), False, "work_one without a job")
        expect(handled, ["a", "größer ✓"], "the list of all jobs handled")

    def test_while_working(self, answer: Answer, redis: Redis, wire: Wire, peek: Redis) -> None:
        """While handle runs, the job is in the processing list and not in the queue any more."""
        peek.lpush("queue", "a", "b")
        during: list[dict[str, list[str]]] = []
        before: list[str] = []

        def look(job: object) -> None:
            during.append(_lists(peek))
            before.extend(wire.names)

        answer.work_one(redis, "queue", "mine", look)
        if during != [{"mine": ["a"], "queue": ["b"]}]:
            name = "removes-before-the-work" if "LREM" in before else self._where(during)
            broken('during the work: queue ["b"], processing ["a"]', f"the lists were {show(during)}", name)

    def test_empty_text(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """An empty text is a job like any other."""
        peek.lpush("queue", "")
        handled: list[object] = []
        got = answer.work_one(redis, "queue", "mine", handled.append)
        name = "empty-is-no-job" if got is False and not handled else None
        expect(got, True, 'work_one with the job "" in the queue', because=name)
        expect(handled, [""], "the list of all jobs handled")
        if left := _lists(peek):
            broken('what is done is in neither list, the job "" too', f"the lists are {show(left)}")

    def test_failure_is_heard(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """If the handler raises, the exception comes out of work_one."""
        peek.lpush("queue", "a")
        try:
            got = answer.work_one(redis, "queue", "mine", self._fail)
        except AnswerProblem:
            return
        broken("the exception of handle", f"work_one returned {show(got)}", "swallows-the-failure")

    def test_failure_keeps_the_job(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """If the handler raises, the job stays in the processing list."""
        peek.lpush("queue", "a")
        with suppress(AnswerProblem):
            answer.work_one(redis, "queue", "mine", self._fail)
        if _lists(peek) != {"mine": ["a"]}:
            broken('the processing list holds "a"', f"the lists are {show(_lists(peek))}", "removes-on-failure")

    def test_dies(self, answer: Answer, faults: Faults) -> None:
        """Whichever command the worker dies at, a job that is not done is in one of the lists."""
        done: list[object] = []

        def fill(r: Redis) -> None:
            done.clear()
            r.lpush("queue", "a", "b")

        def nothing_lost(end: FaultEnd) -> None:
            if missing := Counter("ab") - _inside(end.redis) - Counter(map(str, done)):
                broken(
                    "a job that is not done is in the queue or in the processing list",
                    f"{', '.join(missing)} is in neither, and not done",
                    "pop-then-push",
                )

        faults.everywhere(lambda r: answer.work_one(r, "queue", "mine", done.append), setup=fill, then=nothing_lost)

    def test_twins(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """Jobs that an earlier crash left in the processing list stay there, equal ones and others."""
        for left_over in (("a", "z"), ("z", "a"), ("y", "z")):
            peek.flushdb()
            peek.lpush("queue", "a", "a")
            peek.lpush("mine", *left_over)
            answer.work_one(redis, "queue", "mine", lambda job: None)
            if _inside(peek) == Counter(("a", *left_over)):
                continue
            name = None
            if Counter(left_over) - Counter({"a": 2}) - _inside(peek):
                name = "removes-another-job"
            elif "a" not in _elements(peek, "mine"):
                name = "removes-all-twins"
            broken(
                f"one a is done, the other waits in the queue, and {' and '.join(left_over)} stay in processing",
                f"the lists are {show(_lists(peek))}",
                name,
            )

    def test_two_workers(self, answer: Answer, race: Race) -> None:
        """Two workers at once do two different jobs."""
        done: list[object] = []

        def fill(r: Redis) -> None:
            done.clear()
            r.lpush("queue", "a", "b")

        def each_once(end: End) -> None:
            if sorted(map(str, done)) != ["a", "b"] or _inside(end.redis):
                broken(
                    "a and b are done once each, and nothing is left",
                    f"done was {show(done)}, left is {show(_lists(end.redis))}",
                    "look-then-pop",
                )

        race(
            lambda r: answer.work_one(r, "queue", "processing:A", done.append),
            lambda r: answer.work_one(r, "queue", "processing:B", done.append),
            setup=fill,
            invariant=each_once,
        )

    @staticmethod
    def _would_wait() -> None:
        """Stops the answer before it waits for a job."""
        broken("without a job work_one returns False at once", "it was about to wait for one", "waits-for-a-job")

    @staticmethod
    def _fail(job: object) -> None:
        raise _WorkFailedError("no more paper")

    @staticmethod
    def _where(during: list[dict[str, list[str]]]) -> str | None:
        """The misconception that the lists betray, seen while the job was handled."""
        if not during:
            return None
        if "a" not in during[0].get("mine", []):
            return "look-then-pop" if "a" in during[0].get("queue", []) else "pop-then-work"
        return "look-then-pop" if "a" in during[0].get("queue", []) else None


@exercise("week2.recover-jobs")
class TestRecoverJobs:
    JOBS = ("j1", "j2", "j3", "j4", "j5")

    def test_back_in_place(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """The jobs of a dead worker are served next, in the order in which they were taken."""
        self._fill(peek, "w1")
        answer.recover(redis, "jobs", ["w1"])
        wanted, served = list(self.JOBS), _elements(peek, "jobs")[::-1]
        name = None
        if served == ["j3", "j2", "j1", "j4", "j5"]:
            name = "order-turned-round"
        elif served[:2] == ["j4", "j5"]:
            name = "at-the-back"
        expect(served, wanted, "the jobs in the order in which they are served after recover", because=name)
        if left := _elements(peek, "processing:w1"):
            broken("processing:w1 is empty after recover", f"it holds {', '.join(left)}")

    def test_counts(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """recover returns how many jobs it has moved, from all dead workers together; equal jobs count each."""
        self._fill(peek, "w1")
        peek.lpush("processing:w2", "same", "same", "")
        expect(answer.recover(redis, "jobs", ["w1", "w2", "w3"]), 6, 'recover(r, "jobs", ["w1", "w2", "w3"])')
        expect(_inside(peek), Counter(["j1", "j2", "j3", "j4", "j5", "same", "same", ""]), "the jobs after recover")
        expect(answer.recover(redis, "jobs", ["w1", "w2", "w3"]), 0, "recover when nothing is left to move")
        expect(answer.recover(redis, "jobs", []), 0, 'recover(r, "jobs", [])')

    def test_living(self, answer: Answer, redis: Redis, peek: Redis) -> None:
        """A living worker keeps its jobs, and the dead ones after it in the list are found all the same."""
        self._fill(peek, "w1")
        peek.set("alive:w1", "1", ex=30)
        peek.lpush("processing:w2", "x")
        expect(
            answer.recover(redis, "jobs", ["w1", "w2"]),
            1,
            "recover while w1 lives and w2 is dead",
            known={4: "robs-the-living"},
        )
        if _elements(peek, "processing:w1") != ["j3", "j2", "j1"]:
            broken("w1 is alive and keeps its jobs", f"the lists are {show(_lists(peek))}", "robs-the-living")

    def test_dies(self, answer: Answer, faults: Faults) -> None:
        """Whichever command recover dies at, no job is lost or doubled, and the next recover finishes the work."""

        def finished_by_the_next(end: FaultEnd) -> None:
            self._all_there(end.redis, self.JOBS, "after that")
            answer.recover(end.redis, "jobs", ["w1"])
            served = _elements(end.redis, "jobs")[::-1]
            expect(served, list(self.JOBS), "the jobs in the order in which they are served, after another recover")

        faults.everywhere(
            lambda r: answer.recover(r, "jobs", ["w1"]),
            setup=lambda r: self._fill(r, "w1"),
            then=finished_by_the_next,
        )

    def test_two_at_once(self, answer: Answer, race: Race) -> None:
        """Two at once: no job is lost or doubled, the order is right, and each job is counted once."""

        def in_place(end: End) -> None:
            self._all_there(end.redis, ("j1", "j2", "j3"), "at the end", "copies-then-deletes")
            served = _elements(end.redis, "jobs")[::-1]
            if served != ["j1", "j2", "j3"]:
                broken(
                    "j1, j2, j3 are served in this order", f"the order is {', '.join(served)}", "copies-then-deletes"
                )
            if not all(type(n) is int for n in end.results) or sum(end.results) != 2:
                broken("the two together moved 2 jobs", f"they returned {show(end.results)}", "counts-what-it-saw")

        def fill(r: Redis) -> None:
            r.lpush("jobs", "j3")
            r.lpush("processing:w1", "j1", "j2")

        race(
            lambda r: answer.recover(r, "jobs", ["w1"]),
            lambda r: answer.recover(r, "jobs", ["w1"]),
            setup=fill,
            invariant=in_place,
        )

    @staticmethod
    def _fill(peek: Redis, worker: str) -> None:
        """Five jobs, of which the worker has taken three."""
        peek.lpush("jobs", *TestRecoverJobs.JOBS)
        for _ in range(3):
            peek.lmove("jobs", f"processing:{worker}", "RIGHT", "LEFT")

    @staticmethod
    def _all_there(peek: Redis, jobs: tuple[str, ...], when: str, doubled: str = "push-then-remove") -> None:
        """No job is lost, and none is there twice."""
        there = _inside(peek)
        if lost := Counter(jobs) - there:
            broken("no job is lost", f"{when} {', '.join(lost)} is in no list", "pop-then-push")
        if twice := there - Counter(jobs):
            broken("no job is there twice", f"{when} {', '.join(twice)} is there more than once", doubled)
