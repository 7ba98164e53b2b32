"""Stepping in at one exact point: `before` and `after`."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import redis

from grader.servers import Binary, LocalServer, standalone
from grader.wire import Wire


@pytest.fixture(scope="module")
def server(newest_binary: Binary) -> Iterator[LocalServer]:
    with standalone(binary=newest_binary) as server:
        yield server


@pytest.fixture
def wire(server: LocalServer) -> Iterator[Wire]:
    server.client().flushall()
    with Wire(server.url) as wire:
        yield wire


def test_another_client_can_sneak_in_between_get_and_set(wire: Wire) -> None:
    r, rival = wire.client(decode_responses=True), wire.client(name="rival")
    r.set("stock", 1)
    wire.before("SET", lambda: rival.set("stock", 0))
    seen = int(r.get("stock"))  # type: ignore[arg-type]
    r.set("stock", seen - 1)
    assert [(each.client, each.name) for each in wire.exchanges[1:]] == [
        ("", "GET"),
        ("rival", "SET"),
        ("", "SET"),
    ]


def test_an_action_fires_once_and_does_not_set_itself_off(wire: Wire) -> None:
    r = wire.client()
    fired: list[str] = []

    def action() -> None:
        fired.append("now")
        r.set("key", "from the action")

    wire.before("SET", action)
    r.set("key", 1)
    r.set("key", 2)
    assert fired == ["now"]
    assert len(wire.exchanges) == 3


def test_an_action_can_fire_for_the_first_so_many_matches(wire: Wire) -> None:
    r = wire.client(decode_responses=True)
    rival = wire.client(name="rival")
    wire.before("MULTI", lambda: rival.incr("stock"), times=2)
    attempts = 0

    def buy(pipe: redis.client.Pipeline) -> None:
        nonlocal attempts
        attempts += 1
        stock = int(pipe.get("stock") or 0)  # type: ignore[arg-type]
        pipe.multi()
        pipe.set("stock", stock - 1)

    r.transaction(buy, "stock")
    assert attempts == 3
    assert r.get("stock") == "1"


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("get", "GET a"),
        ("GET", "GET a"),
        ("CONFIG GET", "CONFIG GET maxmemory"),
        ("config", "CONFIG SET maxmemory 0"),
        (0, "SET a 1"),
        (3, "CONFIG GET maxmemory"),
        (lambda command: command[1:2] == (b"b",), "GET b"),
    ],
)
def test_a_match_is_a_name_a_number_from_now_or_a_question(wire: Wire, match: object, expected: str) -> None:
    r = wire.client()
    r.ping()
    wire.before(match, wire.client(name="mark").ping)  # type: ignore[arg-type]
    r.set("a", 1)
    r.get("a")
    r.config_set("maxmemory", 0)
    r.config_get("maxmemory")
    r.get("b")
    marks = [number for number, each in enumerate(wire.exchanges) if each.client == "mark"]
    assert len(marks) == 1
    assert wire.exchanges[marks[0] + 1].lines()[0] == expected


def test_what_an_action_sends_is_not_counted(wire: Wire) -> None:
    r, rival = wire.client(), wire.client(name="rival")
    fired: list[int] = []

    def action() -> None:
        rival.get("x")
        rival.get("y")
        fired.append(0)

    wire.before(0, action)
    wire.before(1, lambda: fired.append(1))
    r.get("a")
    assert fired == [0]
    r.get("b")
    assert fired == [0, 1]


def test_actions_for_one_command_run_in_the_order_registered(wire: Wire) -> None:
    order: list[str] = []
    wire.before("GET", lambda: order.append("first"))
    wire.before(0, lambda: order.append("second"))
    wire.after("GET", lambda: order.append("third"))
    wire.client().get("key")
    assert order == ["first", "second", "third"]


def test_an_action_can_be_for_one_client_only(wire: Wire) -> None:
    alice, bob = wire.client(name="A"), wire.client(name="B")
    seen: list[list[str]] = []
    wire.before("GET", lambda: seen.append(wire.names), client="B")
    alice.get("key")
    assert seen == []
    bob.get("key")
    assert seen == [["GET"]]


def test_after_runs_when_the_reply_was_read(wire: Wire) -> None:
    r, rival = wire.client(decode_responses=True), wire.client(name="rival", decode_responses=True)
    read: list[object] = []
    wire.after("SET", lambda: read.append(rival.get("key")))
    r.set("key", "value")
    assert read == ["value"]
    assert wire.exchanges[0].reply == "OK"


def test_after_runs_for_an_error_reply_too(wire: Wire) -> None:
    r = wire.client()
    fired: list[str] = []
    wire.after("NOSUCH", lambda: fired.append("now"))
    with pytest.raises(redis.ResponseError):
        r.execute_command("NOSUCH")
    assert fired == ["now"]


@pytest.mark.parametrize("transaction", [True, False])
def test_the_commands_of_a_pipeline_leave_together(wire: Wire, transaction: bool) -> None:
    r, rival = wire.client(), wire.client(name="rival")
    wire.before("GET", lambda: rival.set("when", "before"))
    read: list[bool] = []
    wire.after("INCRBY", lambda: read.extend(each.answered for each in wire.exchanges))
    wire.after("INCRBY", lambda: rival.set("when", "after"))
    r.pipeline(transaction=transaction).incr("n").get("n").execute()
    assert [each.client for each in wire.exchanges[:1] + wire.exchanges[-1:]] == ["rival", "rival"]
    assert len(wire.exchanges) == (6 if transaction else 4)
    assert read == [True] * (5 if transaction else 3)


def test_an_action_that_fails_is_seen_by_the_caller_and_the_wire_goes_on(wire: Wire) -> None:
    r = wire.client(decode_responses=True)

    def fail() -> None:
        raise RuntimeError("the check is wrong")

    wire.before("SET", fail)
    with pytest.raises(RuntimeError, match="the check is wrong"):
        r.set("key", 1)
    assert r.set("key", 1) is True
    assert r.get("key") == "1"


def test_an_action_may_wait_for_another_thread_on_the_same_wire(wire: Wire) -> None:
    r, other = wire.client(), wire.client(name="other")

    def action() -> None:
        thread = threading.Thread(target=lambda: other.set("key", "from a thread"))
        thread.start()
        thread.join(5)
        assert not thread.is_alive()

    wire.before("SET", action)
    r.set("key", 1)
    assert [each.client for each in wire.exchanges] == ["other", ""]


def test_an_action_may_measure_and_clear(wire: Wire) -> None:
    r = wire.client()
    r.get("a")
    wire.before("GET", wire.clear)
    r.get("b")
    assert len(wire.exchanges) == 1


def test_a_reply_that_never_came_does_not_run_what_was_to_come_after_it(server: LocalServer, wire: Wire) -> None:
    fired: list[str] = []
    r = wire.client(socket_timeout=0.05)
    r.ping()
    wire.after("GET", lambda: fired.append("now"))
    wire.before("GET", server.pause)
    try:
        with pytest.raises(redis.TimeoutError):
            r.get("key")
    finally:
        server.resume()
    assert wire.exchanges[-1].error
    assert r.ping() is True
    assert fired == []
