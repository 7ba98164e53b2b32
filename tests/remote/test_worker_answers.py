"""An answer in a process of its own is an answer like any other: its clients, its errors, its time, its end."""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from grader.checks import Answer, AnswerProblem, Broken, broken
from grader.inside.cells import Cell
from grader.inside.deadline import DeadlineError, deadline
from grader.marking.remote import WorkerNotebook
from grader.servers import Server
from grader.wire import Wire
from tests.remote.conftest import Plain, exercise

Make = Callable[..., Answer]


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    with Wire(server.url) as made:
        yield made


@pytest.fixture
def redis(wire: Wire) -> Redis:
    return wire.client(decode_responses=True)


def test_its_names_are_called_with_plain_values_and_give_plain_values(worker: Make) -> None:
    answer = worker("LIMIT = (1, {'a': b'x'})\ndef twice(x, *, by=2):\n    return [x, {x: by}]")
    assert answer.twice(3, by=5) == [3, {3: 5}]
    assert answer.value("LIMIT") == (1, {"a": b"x"})


def test_a_name_that_is_not_there_is_told_with_the_nearest(worker: Make) -> None:
    with pytest.raises(AnswerProblem) as problem:
        worker("def page_veiw(r): ...").page_view(1)
    assert problem.value.kind == "missing"
    assert "`page_veiw`" in problem.value.sentence


def test_its_client_is_the_checks_own_recorded_one(worker: Make, redis: Redis, wire: Wire) -> None:
    answer = worker(
        "def go(r):\n    r.set('k', 'ü' * 10)\n    p = r.pipeline(transaction=False)\n"
        "    p.incr('n').get('k').hgetall('h')\n    return r.get('k'), p.execute()"
    )
    with wire.measure() as cost:
        assert answer.go(redis) == ("ü" * 10, [1, "ü" * 10, {}])
    assert cost.names == ["SET", "GET", "INCRBY", "GET", "HGETALL"]
    assert cost.round_trips == 3
    assert cost.bytes_received == len(b"+OK\r\n") + 2 * len(b"$20\r\n" + b"x" * 20 + b"\r\n") + len(b":1\r\n*0\r\n")
    assert [e.reply for e in wire.exchanges][1] == "ü" * 10


def test_the_same_client_keeps_its_connections_between_calls(worker: Make, redis: Redis, wire: Wire) -> None:
    answer = worker("def go(r):\n    return r.incr('n')")
    assert [answer.go(redis) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert wire.connections == 1


def test_large_values_and_many_commands_come_through(worker: Make, redis: Redis) -> None:
    answer = worker(
        "def go(r):\n    big = 'x' * 5_000_000\n    r.set('big', big)\n    p = r.pipeline(transaction=False)\n"
        "    for n in range(10_000):\n        p.set(n, n)\n    return len(p.execute()), r.get('big') == big"
    )
    assert answer.go(redis) == (10_000, True)


def test_transactions_locks_scripts_and_messages_work(worker: Make, redis: Redis) -> None:
    source = """
def go(r):
    with r.lock("l", timeout=5):
        held = r.exists("l")
    added = r.transaction(lambda p: (p.get("n"), p.multi(), p.incrby("n", 3)), "n")
    double = r.register_script("return redis.call('GET', KEYS[1]) * 2")
    listener = r.pubsub()
    listener.subscribe("news")
    listener.get_message(timeout=1)
    r.publish("news", "hello")
    message = listener.get_message(timeout=1)
    nothing = listener.get_message(timeout=0.01)
    waited = r.blpop(["empty"], timeout=0.05)
    return held, added, double(keys=["n"]), message["data"], nothing, waited
"""
    assert worker(source).go(redis) == (1, [3], 6, "hello", None, None)


def test_an_error_reply_and_a_dead_line_are_the_exceptions_of_redis_py(worker: Make, redis: Redis, wire: Wire) -> None:
    source = """
import redis
def wrong(r):
    try:
        r.lpush("text", 1)
    except redis.ResponseError as error:
        return type(error).__name__, str(error)
def dead(r):
    try:
        r.incr("n")
    except redis.ConnectionError as error:
        return str(error)
"""
    answer = worker(source)
    redis.set("text", "x")
    name, text = answer.wrong(redis)
    assert text.startswith("WRONGTYPE") or "wrong kind of value" in text
    assert name == "ResponseError"

    def die() -> None:
        raise ConnectionResetError("cut")

    wire.before("INCRBY", die)
    with pytest.raises(AnswerProblem, match="ConnectionResetError"):
        answer.dead(redis)
    assert answer.dead(redis) is None


def test_functions_generators_and_chance_of_the_checks_can_be_handed_over(worker: Make) -> None:
    source = """
def go(load, rows, dice):
    try:
        load(missing=1)
    except KeyError as error:
        told = str(error)
    return load(2), [next(rows) for _ in range(3)], dice.random(), told
"""
    asked = []

    def load(*args: int, **kwargs: int) -> int:
        asked.append((args, kwargs))
        if kwargs:
            raise KeyError("nothing")
        return args[0] * 10

    made = []

    def rows() -> Iterator[int]:
        for n in range(100):
            made.append(n)
            yield n

    got = worker(source).go(load, rows(), random.Random(7))
    assert got == (20, [0, 1, 2], random.Random(7).random(), "'nothing'")
    assert (asked, made) == ([((), {"missing": 1}), ((2,), {})], [0, 1, 2])


def test_what_a_check_raises_inside_a_call_comes_out_of_it(worker: Make) -> None:
    def load() -> None:
        broken("one call", "two calls", "loads-twice")

    with pytest.raises(Broken) as found:
        worker("def go(load):\n    return load()").go(load)
    assert found.value.misconception == "loads-twice"


def test_a_list_that_an_answer_changes_is_changed(worker: Make) -> None:
    given: list[int] = [3, 1, 2]
    table = {"a": 1}
    worker("def go(x, t):\n    x.sort()\n    t['b'] = 2").go(given, table)
    assert (given, table) == ([1, 2, 3], {"a": 1, "b": 2})


def test_objects_stay_where_they_are_and_say_what_they_are(worker: Make) -> None:
    source = """
class Wrong(Exception):
    pass
class Box:
    size = 3
    def double(self, n):
        return 2 * n
def go():
    return [Wrong("bad"), Box()]
"""
    answer = worker(source)
    error, box = answer.go()
    assert (type(error).__name__, str(error), isinstance(error, Exception)) == ("Wrong", "bad", True)
    assert (type(box).__name__, box.size, box.double(4)) == ("Box", 3, 8)
    assert answer.Box().double(5) == 10
    with pytest.raises(AttributeError):
        box.nothing  # noqa: B018


def test_its_exceptions_are_told_with_its_own_line(worker: Make) -> None:
    with pytest.raises(AnswerProblem) as problem:
        worker("def go(x):\n    return 1 / x").go(0)
    assert "ZeroDivisionError" in problem.value.sentence
    assert problem.value.where == ("line 2: return 1 / x",)


def test_what_it_prints_is_kept_apart(worker: Make, capsys: pytest.CaptureFixture[str]) -> None:
    worker("def go():\n    print('here I am')").go()
    assert capsys.readouterr().out == "here I am\n"


def test_an_answer_that_ends_its_process_has_not_ended_the_next_call(worker: Make) -> None:
    answer = worker("import os\ndef go(die):\n    if die:\n        os._exit(0)\n    return 'alive'")
    with pytest.raises(AnswerProblem, match="ended the process"):
        answer.go(True)
    assert answer.go(False) == "alive"


def test_an_endless_loop_is_told_with_its_line_and_the_worker_lives_on(worker: Make) -> None:
    answer = worker("import os\ndef go(on):\n    while on:\n        pass\n    return os.getpid()")
    first = answer.go(False)
    with pytest.raises(DeadlineError) as late, deadline(0.5, lambda name: False):
        answer.go(True)
    assert late.value.line in ("line 3", "line 4")
    assert answer.go(False) == first


def test_a_loop_that_hears_no_signal_is_killed_in_time(worker: Make) -> None:
    source = """
import signal
def go(on):
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while on:
        pass
    return "back"
"""
    answer = worker(source)
    began = time.monotonic()
    with pytest.raises(DeadlineError), deadline(0.5, lambda name: False):
        answer.go(True)
    assert time.monotonic() - began < 5
    assert answer.go(False) == "back"


def test_a_cell_that_ends_the_process_costs_its_own_answer_only(worker: Make) -> None:
    answer = worker("def go():\n    return 1", "import os\ndef f(): ...\nclass Bad:\n    os._exit(1)")
    assert answer.go() == 1


def test_threads_of_its_own_may_use_the_client(worker: Make, redis: Redis) -> None:
    source = """
import threading
def go(r):
    threads = [threading.Thread(target=lambda: [r.incr("n") for _ in range(20)]) for _ in range(4)]
    for t in threads: t.start()
    for t in threads: t.join()
    return r.get("n")
"""
    assert worker(source).go(redis) == "80"


_TAKE_OVER = """
import json, os, socket, struct
channel = socket.socket(fileno=os.dup(3))
def read():
    size = struct.unpack(">I", channel.recv(4, socket.MSG_WAITALL))[0]
    return json.loads(channel.recv(size, socket.MSG_WAITALL))
def send(message):
    data = json.dumps(message).encode()
    channel.sendall(struct.pack(">I", len(data)) + data)
def go(r, f):
    import sys
    frame = sys._getframe()
    while "task" not in frame.f_locals:
        frame = frame.f_back
    n = frame.f_locals["task"]["n"]
    for message in MESSAGES:
        send({k: (n if v == "N" else "x" * 40_000_000 if v == "B" else v) for k, v in message.items()})
    os._exit(0)
"""


@pytest.mark.parametrize(
    "messages",
    [
        [{"done": "N", "told": 5}],
        [{"done": "N", "told": [{"op": "connect"}]}],
        [{"done": "N", "told": [{"op": "send", "token": 99, "data": "x"}]}],
        [{"done": "N", "problem": {"kind": [], "sentence": {}, "where": 7}}],
        [{"done": "N", "problem": {"kind": "raised", "sentence": "x", "chain": [{"type": "a\0b", "known": "eval"}]}}],
        [{"done": "N", "value": None, "changed": {"0": {"zz": 1}}}],
        [{"done": "N", "value": {"o": {"yours": 999}}}],
        [{"done": "N", "value": {"o": {"object": "x"}}}],
        [{"done": "N", "passed": True}],
        [{"done": "N"}],
        [{"ask": 1, "for": "N", "op": "invoke", "thing": 1, "args": 5, "kwargs": 5}],
        [{"ask": 1, "for": "N", "op": "sleep", "seconds": 100}],
        [{"ask": 1, "for": "N", "op": "chance", "count": -1}],
        [{"ask": 1, "for": "N", "op": "socket", "thing": 2, "method": "dup", "args": []}],
        [{"ask": 1, "for": "N", "op": "__init__"}],
        [{"ask": 1, "for": "N"}],
        [{"ask": {}, "for": [], "op": []}],
        [{"done": "N", "value": "B"}],
    ],
)
def test_a_worker_that_is_taken_over_can_say_no_more_than_an_answer(
    worker: Make, redis: Redis, messages: list[dict[str, Any]]
) -> None:
    answer = worker(f"MESSAGES = {messages!r}" + _TAKE_OVER)
    with pytest.raises(AnswerProblem), deadline(10, lambda name: False):
        answer.go(redis, len)


def test_commands_that_are_none_are_not_passed_on(worker: Make, redis: Redis, wire: Wire) -> None:
    source = """
def go(r, data):
    connection = r.connection_pool.get_connection()
    connection.send_packed_command([data])
    return connection.read_response()
"""
    answer = worker(source)
    for data in (
        b"PING\r\n",
        b"*1\r\n$4\r\nPI",
        b"*-1\r\n",
        b"*1\r\n$99999999999\r\nx\r\n",
        b"*1\r\n$4\r\nPING\r\nGET x\r\n",
    ):
        with pytest.raises(AnswerProblem):
            answer.go(redis, data)
    assert "PING" not in wire.names


def test_nothing_of_the_grader_is_open_in_it(worker: Make) -> None:
    assert os.environ.get("HOME")
    opened = worker("import os\ndef go():\n    return sorted(int(n) for n in os.listdir('/proc/self/fd'))").go()
    # 0 to 2, the channel, and the folder that is being listed; the plain process of this test adds its own number.
    assert len(opened) <= 6


def test_a_notebook_that_cannot_be_loaded_is_told_and_not_tried_for_ever() -> None:
    e = exercise()
    tried = []

    class Dead(Plain):
        def __init__(self, channel: socket.socket) -> None:
            tried.append(1)
            super().__init__(channel)
            self.kill()

    notebook = WorkerNotebook(Dead, "02-strings-and-counters.ipynb", [Cell(e.cell_id, "x = 1")], [e])
    notebook.begin()
    with pytest.raises(AnswerProblem, match="could not be loaded"):
        notebook.answer(e).page_view(1)
    assert len(tried) == 1
