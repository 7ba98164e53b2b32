"""The meter: what the server says a stretch of work cost, and only that stretch."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from grader.servers import Binary, Server, standalone
from grader.wire import Wire
from grader.wire.meter import Bill, metered


@pytest.fixture(scope="module")
def running(binary: Binary) -> Iterator[Server]:
    with standalone(binary=binary, port=0) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    running.reset()
    return running


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    with Wire(server.url) as watched:
        yield watched


def work(bill: Bill) -> dict[str, int]:
    return {each.name: each.calls for each in bill.work}


def test_it_counts_what_the_block_ran_and_nothing_of_its_own(server: Server, wire: Wire) -> None:
    r = wire.client()
    r.set("before", 1)
    with metered(wire, server.url) as bill:
        r.set("a", 1)
        r.mset({"b": 2, "c": 3})
        r.config_get("maxmemory")
    r.get("a")
    assert bill.round_trips == 3
    assert work(bill) == {"SET": 1, "MSET": 1, "CONFIG GET": 1}
    assert bill.others == {}
    assert bill.unknown == []


def test_an_info_of_the_work_itself_is_counted(server: Server, wire: Wire) -> None:
    with metered(wire, server.url) as bill:
        wire.client().info()
    assert work(bill) == {"INFO": 1}


def test_every_command_has_its_time_on_the_server(server: Server, wire: Wire) -> None:
    r = wire.client()
    r.rpush("long", *range(50_000))
    with metered(wire, server.url) as bill:
        r.get("a")
        r.lrange("long", 0, -1)
    slow, quick = bill.work
    assert slow.name == "LRANGE"
    assert slow.microseconds > 10 * quick.microseconds
    assert slow.longest == slow.microseconds, "of a single call the longest is known exactly"
    assert bill.longest == slow
    assert bill.server_microseconds == slow.microseconds + quick.microseconds


def test_the_longest_of_many_calls_is_a_bound(server: Server, wire: Wire) -> None:
    r = wire.client()
    r.rpush("long", *range(50_000))
    with metered(wire, server.url) as bill:
        for _ in range(20):
            r.lrange("long", 0, 0)
        r.lrange("long", 0, -1)
    (lrange,) = bill.work
    assert lrange.longest is not None
    assert lrange.microseconds / 21 < lrange.longest < 3 * lrange.microseconds


def test_what_runs_inside_a_transaction_is_counted_once_in_the_sum(server: Server, wire: Wire) -> None:
    r = wire.client()
    r.rpush("long", *range(50_000))
    with metered(wire, server.url) as bill, r.pipeline() as pipe:
        pipe.lrange("long", 0, -1)
        pipe.execute()
    times = {each.name: each.microseconds for each in bill.work}
    assert times["EXEC"] >= times["LRANGE"]
    assert bill.server_microseconds < times["EXEC"] + times["LRANGE"]


def test_waiting_is_no_time_of_the_server(server: Server, wire: Wire) -> None:
    r = wire.client()
    with metered(wire, server.url) as bill:
        r.blpop("nothing", 0.1)
    count, seconds = bill.waited
    assert count == 1
    assert seconds is not None
    assert seconds >= 0.1
    assert bill.server_microseconds < 50_000


def test_another_client_meanwhile_is_said(server: Server, wire: Wire) -> None:
    r, stranger = wire.client(), server.client()
    stranger.ping()
    with metered(wire, server.url) as bill:
        r.get("a")
        stranger.get("a")
        stranger.set("b", 1)
    assert bill.others == {"GET": 1, "SET": 1}
    assert not bill.scripts


def test_a_client_that_connects_meanwhile_is_no_other_client(server: Server, wire: Wire) -> None:
    with metered(wire, server.url) as bill:
        wire.client(protocol=3).get("a")
    assert bill.others == {}
    assert work(bill) == {"GET": 1}


def test_commands_inside_a_script_may_be_its_own(server: Server, wire: Wire) -> None:
    with metered(wire, server.url) as bill:
        wire.client().eval("return redis.call('GET', KEYS[1])", 1, "a")
    assert bill.scripts
    assert bill.others == {"GET": 1}


def test_a_refused_command_is_nobody_elses(server: Server, wire: Wire) -> None:
    from redis import ResponseError

    with metered(wire, server.url) as bill, pytest.raises(ResponseError):
        wire.client().execute_command("GET")
    assert bill.others == {}


def test_keys_walks_over_everything_and_scan_over_a_part(server: Server, wire: Wire) -> None:
    r = wire.client()
    r.mset({f"key:{i}": i for i in range(500)})
    with metered(wire, server.url) as bill:
        r.keys("key:1*")
        r.keys("*")
        r.scan(0, count=100)
        r.scan(0)
    assert [(each.name, each.calls, each.keys) for each in bill.walks] == [("KEYS", 2, 1000), ("SCAN", 2, 110)]


def test_a_whole_scan_walks_over_every_key_once(server: Server, wire: Wire) -> None:
    r = wire.client()
    r.mset({f"key:{i}": i for i in range(95)})
    with metered(wire, server.url) as bill:
        assert len(list(r.scan_iter(count=10))) == 95
    assert bill.walks[0].keys == 95


def test_memory_is_taken_before_and_after(server: Server, wire: Wire) -> None:
    r = wire.client()
    r.ping()
    with metered(wire, server.url) as bill:
        r.set("large", "x" * 1_000_000)
    assert bill.memory is not None
    before, after = bill.memory
    assert after - before >= 1_000_000
    assert bill.growth is not None
    assert 1_000_000 <= bill.growth < 1_200_000, "without the buffer that the large command leaves behind"


def test_touched_keys_tell_how_they_are_stored(server: Server, wire: Wire) -> None:
    r = wire.client()
    with metered(wire, server.url) as bill:
        r.set("number", 12)
        r.rpush("list", *range(3))
        r.sadd("large", *(f"member-{i}" for i in range(1000)))
        r.mset({"one": "a", "two": "b"})
        r.set("passing", 1)
        r.delete("passing")
        r.object("encoding", "list")
    found = {each.key: (each.type, each.encoding) for each in bill.held}
    assert found == {
        b"number": ("string", "int"),
        b"list": ("list", "listpack" if server.version >= (7, 2, 0) else "quicklist"),
        b"large": ("set", "hashtable"),
        b"one": ("string", "embstr"),
        b"two": ("string", "embstr"),
    }
    assert bill.gone == 1
    assert bill.encodings[0][:3] == ("set", "hashtable", 1)
    assert bill.encodings[0][3] == server.client().memory_usage("large", samples=0)


def test_keys_of_scripts_and_of_unions_are_found(server: Server, wire: Wire) -> None:
    r = wire.client()
    r.sadd("s1", "a")
    r.sadd("s2", "b")
    with metered(wire, server.url) as bill:
        r.eval("return redis.call('SCARD', KEYS[1])", 1, "s1")
        r.execute_command("SUNIONSTORE", "s3", "s1", "s2")
    assert [each.key for each in bill.held] == [b"s3", b"s1", b"s2"]


def test_a_flood_of_keys_is_asked_in_part(server: Server, wire: Wire) -> None:
    r = wire.client()
    with metered(wire, server.url) as bill:
        r.mset({f"key:{i}": i for i in range(1200)})
        r.sadd("tags", "a")
    assert (len(bill.held), bill.unasked) == (1000, 201)
    assert b"tags" in [each.key for each in bill.held], "every kind of command has its share"


def test_a_user_that_may_not_ask_gets_the_rest(server: Server, wire: Wire) -> None:
    admin = server.client()
    admin.execute_command("ACL", "SETUSER", "learner", "on", ">secret", "~*", "+@all", "-info", "-latency")
    try:
        url = server.url.replace("redis://", "redis://learner:secret@")
        with metered(wire, url) as bill:
            wire.client().set("a", 1)
    finally:
        admin.execute_command("ACL", "DELUSER", "learner")
    assert bill.memory is None
    assert [each.key for each in bill.held] == [b"a"]
    assert any("INFO" in each for each in bill.unknown)


def test_two_clients_are_measured_apart(server: Server, wire: Wire) -> None:
    a, b = wire.client("A"), wire.client("B")
    with metered(wire, server.url, "A") as bill:
        a.get("x")
        b.get("x")
        b.get("x")
    assert bill.names == ["GET"]
    assert bill.others == {"GET": 2}


def test_a_wire_that_keeps_nothing_remembers_only_what_is_measured(server: Server) -> None:
    with Wire(server.url, keep=False) as wire:
        r = wire.client(decode_responses=True)
        r.set("a", "before")
        with wire.measure() as cost:
            assert r.get("a") == "before"
            r.set("a", 1)
        r.get("a")
        r.publish("channel", "x")
        with wire.measure() as later:
            r.incr("a")
        assert cost.lines() == ["GET a", '"before"', "SET a 1", "OK"]
        assert later.lines() == ["INCRBY a 1", "(integer) 2"]
        assert wire.exchanges == []
        assert cost.exchanges[0].sent_at is not None


def test_a_subscriber_that_listens_on_keeps_no_bytes(server: Server) -> None:
    with Wire(server.url, keep=False) as wire:
        listener = wire.client(decode_responses=True).pubsub()
        with wire.measure() as cost:
            listener.subscribe("news")
            assert listener.get_message(timeout=2)
        threads = [threading.Thread(target=server.client().publish, args=("news", "x" * 1000)) for _ in range(5)]
        for each in threads:
            each.start()
        heard = [listener.get_message(timeout=2) for _ in threads]
        assert all(heard)
        kept = listener.connection._stream.chunks
        assert sum(len(chunk) for chunk in kept) < 500
        assert wire.messages == []
        assert cost.names == ["SUBSCRIBE"]
        with wire.measure() as later:
            listener.subscribe("more")
            assert listener.get_message(timeout=2)
        assert later.names == ["SUBSCRIBE"]
        assert "subscribe" in later.lines()[1]
        listener.close()
