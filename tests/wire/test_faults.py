"""Things go wrong exactly where they were told to, the data is as the fault left it, and everything ends."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.resp import INCOMPLETE, Reader, encode_command
from grader.servers import Binary, LocalServer, standalone
from grader.wire.faults import MOST_PLACES, End, Fault, FaultFound, Faults, NotRepeatable


@pytest.fixture(scope="module")
def server(binary: Binary) -> Iterator[LocalServer]:
    with standalone(binary=binary, port=0) as server:
        yield server


@pytest.fixture(params=["unix", "tcp"])
def faults(server: LocalServer, request: pytest.FixtureRequest) -> Iterator[Faults]:
    server.client().flushall()
    with Faults(server.url, request.param) as faults:
        yield faults


@pytest.fixture(scope="module")
def shared(newest_binary: Binary) -> Iterator[Faults]:
    """One for all the examples of a property."""
    with standalone(binary=newest_binary) as server, Faults(server.url) as faults:
        yield faults


@pytest.fixture
def peek(server: LocalServer) -> Iterator[redis.Redis]:
    with server.client() as client:
        yield client


# Cuts


def test_before_the_command_never_ran_and_after_it_did(faults: Faults, peek: redis.Redis) -> None:
    for when, left in (("before", None), ("after", "1"), ("mid-reply", "1")):
        peek.flushall()
        faults.cut(match="INCRBY", when=when)
        r = faults.client()
        r.set("other", 1)
        with pytest.raises(redis.ConnectionError):
            r.incr("n")
        assert peek.get("n") == left
        assert r.ping(), "a new connection is whole"


def test_the_transcript_shows_where_the_cut_was(faults: Faults) -> None:
    r = faults.client()
    r.set("a", 1)
    for when, said in (
        ("before", "(cut here: it never arrived)"),
        ("after", "(cut here: it ran, but its reply never came)"),
        ("mid-reply", "(cut here: it ran, but half of its reply is missing)"),
    ):
        faults.cut(when=when)
        with pytest.raises(redis.ConnectionError):
            r.get("a")
        assert faults.lines()[-2:][1] == said


def test_a_fault_is_an_event_between_the_opening_and_the_closing(faults: Faults) -> None:
    faults.cut(match="GET", when="after")
    with pytest.raises(redis.ConnectionError):
        faults.client("ann").get("a")
    assert faults.proxy.settle(10)
    assert [(event.client, event.kind, event.text) for event in faults.proxy.events] == [
        ("1", "open", ""),
        ("ann", "fault", "cut after GET"),
        ("ann", "close", "a fault cut it"),
    ]


def test_amid_the_reply_half_of_its_bytes_have_come(faults: Faults) -> None:
    faults.redis.set("key", "x" * 100)
    faults.cut(match="GET", when="mid-reply")
    with plain_socket(faults) as plain:
        plain.sendall(encode_command("PING") + encode_command("GET", "key"))
        assert received(plain) == b"+PONG\r\n" + b"$100\r\n" + b"x" * 48


@pytest.mark.parametrize("when", ["before", "after", "mid-reply"])
def test_a_cut_within_a_pipeline_leaves_what_was_before_it(faults: Faults, peek: redis.Redis, when: Any) -> None:
    faults.cut(at=3, when=when)
    pipe = faults.client().pipeline(transaction=False)
    for number in range(5):
        pipe.rpush("list", number)
    with pytest.raises(redis.ConnectionError):
        pipe.execute()
    assert peek.lrange("list", 0, -1) == ["0", "1"] + (["2"] if when != "before" else [])
    assert faults.lines()[-1] == "(never sent: the connection was cut)"


def test_a_transaction_is_cut_as_a_whole(faults: Faults, peek: redis.Redis) -> None:
    seen = []
    for at in range(1, 5):
        for when in ("before", "after"):
            peek.flushall()
            faults.cut(at=at, when=when)
            with pytest.raises(redis.ConnectionError):
                faults.client().pipeline().incr("a").incr("b").execute()
            seen.append((peek.get("a"), peek.get("b")))
    assert seen == [(None, None)] * 7 + [("1", "1")]


def test_whoever_sees_the_cut_finds_nobody_waiting_or_watching(faults: Faults, peek: redis.Redis) -> None:
    before = len(peek.client_list())
    stream = b"".join(encode_command(*line.split()) for line in ("WATCH key", "MULTI", "SET key 1", "EXEC"))
    for _ in range(20):
        faults.cut(match="EXEC", when="before")
        with plain_socket(faults) as plain:
            plain.sendall(stream)
            assert received(plain) == b"+OK\r\n+OK\r\n+QUEUED\r\n"
            assert len(peek.client_list()) == before


def test_a_blocked_command_can_be_cut_after_it_was_served(faults: Faults, peek: redis.Redis, until: Any) -> None:
    faults.cut(match="BLMOVE", when="after")
    r, raised = faults.client(), []

    def take() -> None:
        try:
            r.blmove("queue", "work", timeout=0)
        except redis.ConnectionError as error:
            raised.append(error)

    thread = threading.Thread(target=take)
    thread.start()
    until(lambda: peek.info("clients")["blocked_clients"])
    peek.rpush("queue", "job")
    thread.join(5)
    assert len(raised) == 1
    assert peek.lrange("work", 0, -1) == ["job"]


def test_a_command_that_gets_no_reply_can_be_cut_after_too(faults: Faults, peek: redis.Redis) -> None:
    faults.cut(match="SET", when="after")
    with plain_socket(faults) as plain:
        plain.sendall(encode_command("CLIENT", "REPLY", "OFF") + encode_command("SET", "key", 1) + b"SET key 2\r\n")
        assert received(plain) == b""
    assert peek.get("key") == "1"


def test_set_up_does_not_count_and_a_client_can_be_singled_out(faults: Faults) -> None:
    faults.cut(at=2, client="bob")
    ann, bob = faults.client("ann", protocol=3, db=2), faults.client("bob", protocol=3, db=2)
    for _ in range(3):
        assert ann.ping()
    assert bob.ping()
    with pytest.raises(redis.ConnectionError):
        bob.ping()
    assert [repr(each) for each in faults.log] == ["cut(at=5, client='bob', when='before')"]


def test_a_match_is_a_name_or_a_question(faults: Faults) -> None:
    r = faults.client()
    faults.cut(match="config get")
    faults.cut(match=lambda command: command[1:2] == (b"b",))
    r.config_set("maxmemory", 0)
    with pytest.raises(redis.ConnectionError):
        r.config_get("maxmemory")
    r.get("a")
    with pytest.raises(redis.ConnectionError):
        r.get("b")
    assert r.get("b") is None
    assert [each.command for each in faults.log] == ["CONFIG GET maxmemory", "GET b"]


def test_a_reset_is_a_reset_on_tcp_and_an_end_elsewhere(server: LocalServer) -> None:
    for listen in ("unix", "tcp"):
        with Faults(server.url, listen) as faults, plain_socket(faults) as plain:
            faults.reset()
            plain.sendall(b"PING\r\n")
            if listen == "tcp":
                with pytest.raises(ConnectionResetError):
                    plain.recv(1)
            else:
                assert plain.recv(1) == b""


operations = st.lists(
    st.sampled_from(
        [
            ("RPUSH", "list", "x"),
            ("INCR", "n"),
            ("SET", "key", "y" * 3000),
            ("LPOP", "list"),
            ("GET", "key"),
            ("LRANGE", "list", "0", "-1"),
            ("LLEN", "key"),
        ]
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(script=operations, data=st.data())
def test_wherever_it_is_cut_exactly_the_commands_before_have_run(
    shared: Faults, script: list[tuple[str, ...]], data: st.DataObject
) -> None:
    faults = shared
    at = data.draw(st.integers(1, len(script)))
    when = data.draw(st.sampled_from(["before", "after", "mid-reply"]))
    stream = b"".join(encode_command(*command) for command in script)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=8)))
    ran = script[: at - (when == "before")]
    peek = redis.Redis.from_pool(faults.redis.connection_pool)
    peek.flushall()
    for command in ran:
        with contextlib.suppress(redis.ResponseError):
            peek.execute_command(*command)
    wanted = (peek.lrange("list", 0, -1), peek.get("n"), peek.get("key"))
    peek.flushall()
    faults.cut(at=at, when=when)
    with plain_socket(faults) as plain:
        for start, stop in pairwise([0, *cuts, len(stream)]):
            plain.sendall(stream[start:stop])
        reader = Reader()
        reader.feed(received(plain))
    assert (peek.lrange("list", 0, -1), peek.get("n"), peek.get("key")) == wanted
    values = list(reader)
    assert len(values) == at - 1
    assert (reader.buffered > 0) == (when == "mid-reply")
    assert faults.proxy.settle(10)


# Hanging


@pytest.mark.parametrize(("when", "ran"), [("before", None), ("after", "1")])
def test_a_hang_ends_by_the_clients_own_timeout(faults: Faults, peek: redis.Redis, when: Any, ran: str | None) -> None:
    faults.hang(match="INCRBY", when=when)
    r = faults.client(socket_timeout=0.05)
    assert r.ping()
    with pytest.raises(redis.TimeoutError):
        r.incr("n")
    assert peek.get("n") == ran
    assert "(held here:" in faults.lines()[-1]
    assert r.ping(), "another connection does not hang"
    r.close()
    assert faults.proxy.settle(10)


def test_everything_hangs_and_goes_on_when_it_is_healed(faults: Faults, until: Any) -> None:
    r = faults.client(socket_timeout=10)
    r.ping()
    faults.hang()
    with pytest.raises(redis.TimeoutError):
        faults.client(socket_timeout=0.05).ping()
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(r.incr("n")))
    thread.start()
    until(lambda: "INCRBY" in faults.proxy.names)
    assert answers == []
    faults.clear()
    thread.join(5)
    assert answers == [1]
    assert faults.client().ping()


# Slowness


def test_on_a_long_way_a_pipeline_waits_once_and_single_commands_each_time(faults: Faults) -> None:
    r = faults.client(socket_timeout=10)
    r.ping()
    faults.delay(0.005)
    start = time.perf_counter()
    for _ in range(100):
        r.ping()
    sequential = time.perf_counter() - start
    ratios = []
    for _ in range(3):
        pipe = r.pipeline(transaction=False)
        for _ in range(100):
            pipe.ping()
        start = time.perf_counter()
        pipe.execute()
        ratios.append(sequential / (time.perf_counter() - start))
    assert sequential >= 100 * 2 * 0.005
    # The quietest of three: a busy machine only ever adds.
    assert max(ratios) > 20


def test_a_delay_that_varies_keeps_the_order(faults: Faults) -> None:
    faults.delay(0.001, jitter=0.01)
    with plain_socket(faults) as plain:
        for number in range(30):
            plain.sendall(encode_command("ECHO", str(number)))
        values = read_values(plain, 30)
    assert values == [str(number).encode() for number in range(30)]


def test_clients_wait_for_a_slow_network_side_by_side(faults: Faults) -> None:
    clients = [faults.client() for _ in range(10)]
    for client in clients:
        client.ping()
    faults.delay(0.05)
    threads = [threading.Thread(target=client.ping) for client in clients]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.perf_counter() - start < 10 * 2 * 0.05 / 2


def test_byte_by_byte_everything_still_arrives(faults: Faults) -> None:
    faults.drip()
    r = faults.client()
    r.set("key", b"\r\n\x00" * 50)
    assert r.get("key") == "\r\n\x00" * 50
    faults.drip(chunk=1, bytes_per_second=1000)
    with plain_socket(faults) as plain:
        plain.sendall(b"PING\r\n")
        sizes: list[int] = []
        while sum(sizes) < 7:
            sizes.append(len(plain.recv(100)))
        assert len(sizes) > 1


def test_so_many_bytes_a_second_take_so_long(faults: Faults) -> None:
    faults.redis.set("key", "x" * 2000)
    r = faults.client()
    r.ping()
    faults.drip(chunk=100, bytes_per_second=20_000)
    start = time.perf_counter()
    assert len(r.get("key") or "") == 2000
    assert time.perf_counter() - start >= 0.1


def test_a_cut_behind_a_delay_still_lets_what_was_before_it_arrive(faults: Faults, peek: redis.Redis) -> None:
    faults.delay(0.002)
    faults.cut(at=2, when="after")
    pipe = faults.client().pipeline(transaction=False)
    pipe.incr("a").incr("b").incr("c")
    with pytest.raises(redis.ConnectionError):
        pipe.execute()
    assert peek.mget("a", "b", "c") == ["1", "1", None]


# Refusing


def test_new_connections_are_refused_and_old_ones_go_on(faults: Faults) -> None:
    old = faults.client()
    old.ping()
    faults.refuse()
    with pytest.raises(redis.ConnectionError, match="refused"):
        faults.client().ping()
    assert old.ping()
    url = faults.url
    faults.clear()
    assert faults.client().ping()
    assert faults.url == url


# Orders


def test_a_fault_reads_as_a_sentence_and_as_the_call_that_ordered_it(faults: Faults) -> None:
    assert repr(faults.cut(at=2, when="after")) == "cut(at=2, when='after')"
    assert repr(faults.hang()) == "hang()"
    faults.clear()
    assert repr(faults.delay(0.02, jitter=0.01)) == "delay(seconds=0.02, jitter=0.01)"
    assert repr(faults.drip()) == "drip(chunk=1)"
    assert str(faults.cut(match="LREM", when="after")) == (
        "the connection was cut after LREM: it ran, but its reply never came"
    )
    assert repr(faults) == "<Faults: cut(match='LREM', when='after'); 3 happened>"


def test_an_order_that_makes_no_sense_is_refused(faults: Faults) -> None:
    for order in (
        lambda: faults.cut(at=0),
        lambda: faults.cut(at=1, match="GET"),
        lambda: faults.cut(when="during"),  # type: ignore[arg-type]
        lambda: faults.hang(at=1, when="mid-reply"),
        lambda: faults.delay(-1),
        lambda: faults.drip(0),
    ):
        with pytest.raises(ValueError, match=r"\w+ \w+"):
            order()
    assert faults.client().ping()


def test_the_log_of_one_run_lets_the_same_happen_again(server: LocalServer) -> None:
    def run(faults: Faults) -> list[object]:
        r, seen = faults.client(), []
        for number in range(12):
            try:
                r.incrby("n", number)
                seen.append("counted")
            except redis.ConnectionError:
                seen.append("lost")
        return seen

    with Faults(server.url) as first:
        first.cut(at=3, when="after")
        first.cut(match=lambda command: command[2:] == (b"7",))
        first.delay(0.001, at=5)
        seen = run(first)
        log = list(first.log)
    assert [each.deed for each in log] == ["cut", "delay", "cut"]
    with Faults(server.url) as second:
        second.script(log)
        assert run(second) == seen
        assert second.log == log


# Everywhere


def lose(r: redis.Redis) -> None:
    """Pop, then work: a job is lost between the two."""
    if r.lpop("queue"):
        r.incr("done")


def keep(r: redis.Redis) -> None:
    """The job is on one of the lists until it is counted, all at once."""
    if job := r.lmove("queue", "work", "LEFT", "RIGHT"):
        r.pipeline().incr("done").lrem("work", 1, job).execute()


def fill(r: redis.Redis) -> None:
    r.rpush("queue", "a")


def exit_at_once() -> object:
    raise SystemExit(0)


def nothing_lost(end: End) -> None:
    r = end.redis
    there = r.llen("queue") + r.llen("work") + int(r.get("done") or 0)
    assert there == 1, f"{there} of 1 job left"


def test_a_program_that_may_die_anywhere_is_run_once_for_every_place(faults: Faults) -> None:
    ends: list[End] = []

    def look(end: End) -> None:
        nothing_lost(end)
        ends.append(end)

    assert faults.everywhere(keep, setup=fill, then=look) == 1 + 5 * 2
    assert ends[0].fault == "no fault"
    assert ends[0].error is None
    assert all(isinstance(end.error, redis.ConnectionError) for end in ends[1:])
    assert ends[-1].fault == "the connection was cut after EXEC (command 5): it ran, but its reply never came"
    assert len({end.fault for end in ends}) == len(ends)


def test_the_first_place_where_something_is_lost_is_told_with_its_transcript(faults: Faults) -> None:
    with pytest.raises(FaultFound) as found:
        faults.everywhere(lose, setup=fill, then=nothing_lost, misconception="pop-then-work")
    error = found.value
    assert error.fault.startswith("the connection was cut after LPOP queue (command 1): it ran")
    assert error.lines == ["LPOP queue", "(cut here: it ran, but its reply never came)"]
    assert str(error.cause).startswith("0 of 1 job left")
    assert error.misconception == "pop-then-work"
    assert error.order == Fault("cut", 1, None, "after")


def test_false_and_a_sentence_say_that_something_does_not_hold(faults: Faults) -> None:
    with pytest.raises(FaultFound, match="the queue is gone"):
        faults.everywhere(lose, setup=fill, then=lambda end: end.redis.exists("queue") or "the queue is gone")
    with pytest.raises(FaultFound, match="what must always hold does not"):
        faults.everywhere(lose, setup=fill, then=lambda end: end.error is None)


def test_what_does_not_hold_without_any_fault_is_said_so(faults: Faults) -> None:
    with pytest.raises(FaultFound) as found:
        faults.everywhere(lambda r: r.delete("queue"), setup=fill, then=nothing_lost)
    assert (found.value.fault, found.value.order) == ("no fault", None)


def test_a_program_that_handles_the_cut_goes_on_with_a_new_connection(faults: Faults) -> None:
    def stubborn(r: redis.Redis) -> str:
        for _ in range(3):
            try:
                r.set("key", "there")
                return "set"
            except redis.ConnectionError:
                continue
        return "given up"

    ends: list[tuple[object, object]] = []

    def look(end: End) -> None:
        ends.append((end.result, end.error))
        assert end.redis.get("key") == "there"

    faults.everywhere(stubborn, then=look, dies=False)
    assert ends == [("set", None)] * 3


def test_who_has_died_gets_no_new_connection(faults: Faults) -> None:
    ends: list[str | None] = []

    def count(r: redis.Redis) -> object:
        return r.transaction(lambda pipe: (pipe.get("n"), pipe.multi(), pipe.incr("n")), "n")

    def look(end: End) -> None:
        ends.append(end.redis.get("n"))

    faults.everywhere(count, then=look)
    assert set(ends) == {None, "1"}, "redis-py's transaction() would begin again"


def test_the_dead_do_not_try_again_for_ever(faults: Faults) -> None:
    attempts = 0

    def immortal(r: redis.Redis) -> None:
        nonlocal attempts
        while attempts < 1000:
            try:
                r.incr("n")
                return
            except Exception:
                attempts += 1

    ends: list[object] = []
    faults.everywhere(immortal, then=lambda end: ends.append(end.redis.get("n")))
    assert ends == ["1", None, "1"]
    assert attempts < 100


def test_the_dead_do_nothing_on_the_connections_they_still_have(faults: Faults) -> None:
    def two_connections(r: redis.Redis) -> None:
        with r.pipeline() as pipe:
            pipe.watch("key")
            r.incr("n")
            try:
                pipe.get("key")
            except redis.RedisError:
                r.incr("from beyond")

    def look(end: End) -> None:
        assert end.redis.get("from beyond") is None
        if "GET" in end.fault:
            assert end.redis.get("n") == "1"

    assert faults.everywhere(two_connections, then=look) == 1 + 4 * 2


def test_an_error_of_the_programs_own_is_not_taken_for_the_cut(faults: Faults) -> None:
    def broken(r: redis.Redis) -> None:
        r.ping()
        raise RuntimeError("a mistake")

    with pytest.raises(RuntimeError, match="a mistake"):
        faults.everywhere(broken, then=lambda end: None)


def test_a_cut_that_a_program_raises_on_as_its_own_error_is_still_the_cut(faults: Faults) -> None:
    def wrapping(r: redis.Redis) -> None:
        try:
            r.ping()
        except redis.ConnectionError:
            raise RuntimeError("cannot work") from None

    errors: list[object] = []
    faults.everywhere(wrapping, then=lambda end: errors.append(end.error))
    assert [type(each) for each in errors] == [type(None), redis.ConnectionError, redis.ConnectionError]


def test_every_run_begins_on_an_emptied_database_with_its_set_up(faults: Faults) -> None:
    began: list[object] = []

    def actor(r: redis.Redis) -> None:
        r.rpush("queue", "more")
        r.set("rubbish", 1)

    faults.everywhere(
        actor, setup=lambda r: (began.append(r.dbsize()), fill(r)), then=lambda end: end.redis.lindex("queue", 0) == "a"
    )
    assert began == [0] * 5


def test_a_script_is_as_unknown_in_every_run_as_in_the_first(faults: Faults) -> None:
    happened: list[str] = []

    def actor(r: redis.Redis) -> object:
        return r.register_script("return redis.call('INCR', KEYS[1])")(keys=["n"])

    faults.everywhere(actor, then=lambda end: happened.append(end.fault.partition(" (")[2][:9]))
    assert happened[1:] == [f"command {n}" for n in (1, 1, 2, 2, 3, 3)]


def test_a_program_that_remembers_an_earlier_call_is_not_called_survived(faults: Faults) -> None:
    done = False

    def once(r: redis.Redis) -> None:
        nonlocal done
        if not done:
            lose(r)
        done = True

    with pytest.raises(NotRepeatable, match=r"command 1 was LPOP, and now it sent nothing more.* an earlier call left"):
        faults.everywhere(once, setup=fill, then=nothing_lost)


def test_a_cut_at_another_command_than_in_the_unharmed_run_is_not_called_survived(faults: Faults) -> None:
    settings: list[object] = []

    def cached(r: redis.Redis) -> None:
        if not settings:
            settings.append(r.get("settings"))
        keep(r)

    with pytest.raises(NotRepeatable, match="command 1 was GET, and now it sent LMOVE"):
        faults.everywhere(cached, setup=fill, then=nothing_lost)


def test_what_is_lost_is_told_even_when_the_program_went_another_way(faults: Faults) -> None:
    settings: list[object] = []

    def cached(r: redis.Redis) -> None:
        if not settings:
            settings.append(r.get("settings"))
        lose(r)

    with pytest.raises(FaultFound, match="0 of 1 job left"):
        faults.everywhere(cached, setup=fill, then=nothing_lost, whens=["after"])


def test_chance_is_the_same_in_every_run_and_what_was_drawn_before_goes_on(faults: Faults) -> None:
    drawn: list[tuple[object, ...]] = []
    prepared: list[tuple[object, ...]] = []

    def by_chance(r: redis.Redis) -> None:
        drawn.append((random.random(), uuid.uuid4(), secrets.token_hex()))
        for _ in range(random.randint(1, 9)):
            r.incr("n")

    random.seed(7)
    wanted = random.Random(7).random()
    faults.everywhere(
        by_chance, setup=lambda r: prepared.append((random.random(), uuid.uuid4())), then=lambda end: None
    )
    assert len(drawn) > 2
    assert len(set(drawn)) == len(set(prepared)) == 1
    assert uuid.uuid4() != uuid.uuid4()
    assert not {str(each) for each in drawn[0]} & {str(each) for each in prepared[0]}
    assert random.random() == wanted


def test_waiting_before_the_next_attempt_takes_no_time_and_the_third_ends_the_dead(faults: Faults) -> None:
    attempts = 0

    def patient(r: redis.Redis) -> None:
        nonlocal attempts
        while True:
            try:
                r.incr("n")
                return
            except Exception:
                attempts += 1
                time.sleep(60)

    ends: list[End] = []
    start, sleep = time.perf_counter(), time.sleep
    faults.everywhere(patient, then=ends.append)
    assert time.perf_counter() - start < 30
    assert attempts == 2 * 3, "the cut and two refusals; the third was the end"
    assert [type(end.error) for end in ends] == [type(None), redis.ConnectionError, redis.ConnectionError]
    assert time.sleep is sleep


def test_only_the_thread_of_the_program_sleeps_for_nothing(faults: Faults) -> None:
    slept: list[float] = []

    def other() -> None:
        start = time.perf_counter()
        time.sleep(0.05)
        slept.append(time.perf_counter() - start)

    def actor(r: redis.Redis) -> None:
        thread = threading.Thread(target=other)
        thread.start()
        before = time.time(), time.monotonic()
        time.sleep(1000)
        assert time.time() - before[0] >= 1000
        assert time.monotonic() - before[1] >= 1000
        assert abs(time.time_ns() / 1e9 - time.time()) < 100
        thread.join()
        r.ping()

    faults.everywhere(actor, then=lambda end: None)
    assert len(slept) == 3
    assert all(0.05 <= each < 100 for each in slept)


def test_keys_end_while_a_program_sleeps_and_not_before(faults: Faults) -> None:
    seen: list[object] = []

    def wait_for_the_lock(r: redis.Redis) -> None:
        tries = 1
        while not r.set("lock", "mine", nx=True, ex=100):
            time.sleep(10)
            tries += 1
        seen.append((tries, r.get(b"\xff")))

    def taken(r: redis.Redis) -> None:
        r.set("lock", "theirs", ex=35)
        r.set(b"\xff", "stays")

    assert faults.everywhere(wait_for_the_lock, setup=taken, then=lambda end: None) == 1 + 6 * 2
    assert set(seen) == {(5, "stays")}


def test_of_a_long_program_so_many_commands_are_cut_and_of_every_kind(faults: Faults) -> None:
    cut: list[Fault] = []

    def long(r: redis.Redis) -> None:
        for _ in range(100):
            r.get("key")
            r.incr("n")

    assert faults.everywhere(long, then=lambda end: cut.extend(faults.log), whens=["after"]) == 1 + MOST_PLACES
    places = [each.at or 0 for each in cut]
    assert places == sorted(set(places))
    assert places[:20] == list(range(1, 21))
    assert places[-20:] == list(range(181, 201))
    between = places[20:40]
    assert {each % 2 for each in between} == {0, 1}
    assert max(after - before for before, after in pairwise(places)) <= 2 * 160 // 20


def test_a_program_that_exits_when_it_is_cut_has_ended(faults: Faults) -> None:
    ends: list[End] = []

    def exiting(r: redis.Redis) -> None:
        cut = False
        try:
            r.incr("n")
        except redis.ConnectionError:
            cut = True
        if cut:
            raise SystemExit(1)

    faults.everywhere(exiting, then=ends.append)
    assert [end.error for end in ends] == [None] * 3
    with pytest.raises(SystemExit):
        faults.everywhere(lambda r: exit_at_once(), then=ends.append)


def test_two_hundred_of_them_leave_no_thread_no_descriptor_and_no_connection(server: LocalServer) -> None:
    def one() -> None:
        with Faults(server.url) as faults:
            faults.cut(when="after")
            with contextlib.suppress(redis.ConnectionError):
                faults.client().ping()
            faults.hang()
            with contextlib.suppress(redis.TimeoutError):
                faults.client(socket_timeout=0.002).ping()

    one()
    control = server.client()
    before = threading.active_count(), len(os.listdir("/dev/fd")), len(control.client_list())  # noqa: PTH208
    for _ in range(200):
        one()
    after = threading.active_count(), len(os.listdir("/dev/fd")), len(control.client_list())  # noqa: PTH208
    assert after[0] == before[0]
    assert after[1] <= before[1] + 1
    assert after[2] <= before[2] + 2


# Plain sockets


@contextlib.contextmanager
def plain_socket(faults: Faults) -> Iterator[socket.socket]:
    proxy = faults.proxy
    with socket.socket(socket.AF_UNIX if proxy.socket_path else socket.AF_INET) as plain:
        plain.settimeout(10)
        plain.connect(str(proxy.socket_path) if proxy.socket_path else ("127.0.0.1", proxy.port))
        yield plain


def received(plain: socket.socket) -> bytes:
    """Everything up to the end of the connection."""
    parts = []
    while data := plain.recv(65536):
        parts.append(data)
    return b"".join(parts)


def read_values(plain: socket.socket, count: int) -> list[Any]:
    reader, values = Reader(), []
    while len(values) < count:
        value = reader.read()
        if value is INCOMPLETE:
            reader.feed(plain.recv(65536))
        else:
            values.append(value)
    return values
