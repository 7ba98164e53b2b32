"""What the wire records of a redis-py client, and that the client notices nothing of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import redis

from grader.resp import ErrorReply, SimpleString
from grader.servers import Binary, LocalServer, standalone
from grader.wire import Wire


@pytest.fixture(scope="module")
def server(binary: Binary) -> Iterator[LocalServer]:
    with standalone(binary=binary, port=0) as server:
        yield server


@pytest.fixture
def wire(server: LocalServer) -> Iterator[Wire]:
    server.client().flushall()
    with Wire(unix_socket_path=str(server.socket_path)) as wire:
        yield wire


def test_commands_and_replies_are_recorded_in_order_without_the_connections_set_up(wire: Wire) -> None:
    r = wire.client(decode_responses=True)
    assert r.set("page:home", 1) is True
    assert r.get("page:home") == "1"
    assert r.get("nothing") is None
    assert [(each.command, each.reply) for each in wire.exchanges] == [
        ((b"SET", b"page:home", b"1"), "OK"),
        ((b"GET", b"page:home"), "1"),
        ((b"GET", b"nothing"), None),
    ]
    assert wire.names == ["SET", "GET", "GET"]
    assert [each.trip for each in wire.exchanges] == [0, 1, 2]


@pytest.mark.parametrize("protocol", [2, 3])
def test_set_up_is_left_out_whatever_it_takes(binary: Binary, protocol: int) -> None:
    with standalone(binary=binary, password="secret") as server:
        wire = Wire(server.url, protocol=protocol, db=3, client_name="me")
        assert wire.client(decode_responses=True).client_getname() == "me"
        assert wire.names == ["CLIENT"]
        assert wire.bytes_sent == len(wire.exchanges[0].sent)
        assert wire.bytes_received == len(wire.exchanges[0].received)
        wire.close()


def test_a_url_of_any_kind_will_do(server: LocalServer) -> None:
    for url in (f"unix://{server.socket_path}?db=2", f"redis://127.0.0.1:{server.port}/2"):
        with Wire(url) as wire:
            wire.client().set("key", "value")
            assert wire.lines() == ["SET key value", "OK"]
    assert server.client(db=2).get("key") == "value"


def test_an_encrypted_connection_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="encrypted"):
        Wire("rediss://localhost")


def test_replies_are_as_redis_py_parsed_them_before_its_callbacks(wire: Wire) -> None:
    r = wire.client(decode_responses=True)
    r.hset("hash", mapping={"a": "1"})
    assert r.hgetall("hash") == {"a": "1"}
    assert r.expire("hash", 10) is True
    assert [each.reply for each in wire.exchanges] == [1, ["a", "1"], 1]
    raw = wire.client()
    raw.hgetall("hash")
    assert wire.exchanges[-1].reply == [b"a", b"1"]


def test_the_value_and_the_bytes_are_as_they_came(wire: Wire) -> None:
    r = wire.client(decode_responses=True)
    r.set("key", "OK")
    r.get("key")
    first, second = wire.exchanges
    assert (first.reply, second.reply) == ("OK", "OK")
    assert isinstance(first.value, SimpleString)
    assert second.value == b"OK"
    assert (first.sent, first.received) == (b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$2\r\nOK\r\n", b"+OK\r\n")
    assert second.received == b"$2\r\nOK\r\n"
    assert wire.bytes_sent == len(first.sent + second.sent)
    assert wire.bytes_received == len(first.received + second.received)


def test_an_error_keeps_the_word_that_redis_py_drops(wire: Wire) -> None:
    r = wire.client(decode_responses=True)
    r.rpush("list", 1)
    with pytest.raises(redis.ResponseError, match="wrong kind of value"):
        r.get("list")
    with pytest.raises(redis.ResponseError, match=r"^unknown command"):
        r.execute_command("NOSUCH")
    wrong, unknown = wire.exchanges[1:]
    assert wrong.error == "WRONGTYPE Operation against a key holding the wrong kind of value"
    assert unknown.error is not None
    assert unknown.error.startswith("ERR unknown command")
    assert unknown.reply is None
    assert isinstance(unknown.value, ErrorReply)
    assert unknown.text() == f"(error) {unknown.error}"


def test_an_error_that_ends_the_connection_is_a_reply_too(binary: Binary) -> None:
    with standalone(binary=binary, password="secret") as server:
        wire = Wire(unix_socket_path=str(server.socket_path))
        with pytest.raises(redis.AuthenticationError):
            wire.client().get("key")
        assert wire.exchanges[0].text() == "(error) NOAUTH Authentication required."


@pytest.mark.parametrize("transaction", [True, False])
def test_a_pipeline_is_one_round_trip(wire: Wire, transaction: bool) -> None:
    r = wire.client(decode_responses=True)
    with wire.measure() as cost, r.pipeline(transaction=transaction) as pipe:
        pipe.set("a", 1).incr("a").get("a")
        assert pipe.execute() == [True, 2, "2"]
    inner = ["SET", "INCRBY", "GET"]
    assert cost.names == (["MULTI", *inner, "EXEC"] if transaction else inner)
    assert cost.round_trips == 1
    assert len({each.trip for each in cost.exchanges}) == 1
    if transaction:
        assert cost.lines()[-2:] == ["EXEC", '1) OK\n2) (integer) 2\n3) "2"']


def test_errors_within_pipelines_are_the_errors_of_their_commands(wire: Wire) -> None:
    r = wire.client(decode_responses=True)
    for transaction in (True, False):
        results = r.pipeline(transaction=transaction).set("s", "x").incr("s").get("s").execute(False)
        assert isinstance(results[1], redis.ResponseError)
    with pytest.raises(redis.ResponseError):
        r.pipeline(transaction=False).incr("s").execute()
    texts = {each.name: each.text() for each in wire.exchanges}
    assert texts["INCRBY"] == "(error) ERR value is not an integer or out of range"
    assert "2) (error) ERR value is not" in texts["EXEC"]


def test_a_large_pipeline_is_one_round_trip_and_every_byte_counted(wire: Wire) -> None:
    r = wire.client()
    with wire.measure() as cost:
        pipe = r.pipeline(transaction=False)
        for number in range(2000):
            pipe.set(f"key:{number}", b"x" * (number % 50))
        pipe.set("big", b"\r\n" * 100_000)
        pipe.get("big")
        pipe.execute()
    assert (len(cost.exchanges), cost.round_trips) == (2002, 1)
    assert cost.bytes_sent == sum(len(each.sent) for each in cost.exchanges)
    assert cost.bytes_received == sum(len(each.received) for each in cost.exchanges)
    assert cost.exchanges[-1].value == b"\r\n" * 100_000


def test_a_cost_is_what_happened_inside_of_its_block(wire: Wire) -> None:
    r = wire.client(decode_responses=True)
    r.set("before", 1)
    with wire.measure() as outer:
        r.get("a")
        with wire.measure() as inner:
            r.mget("a", "b")
            r.get("b")
    r.set("after", 1)
    assert outer.names == ["GET", "MGET", "GET"]
    assert inner.names == ["MGET", "GET"]
    assert inner.round_trips == 2
    assert str(inner) == "2 commands in 2 round trips, 48 bytes out, 19 bytes in"
    with wire.measure() as nothing:
        pass
    assert str(nothing) == "0 commands in 0 round trips, 0 bytes out, 0 bytes in"
    assert wire.names == ["SET", "GET", "MGET", "GET", "SET"]


def test_clear_forgets_what_was_but_not_a_measure_that_runs(wire: Wire) -> None:
    r = wire.client()
    with wire.measure() as cost:
        r.get("a")
        wire.clear()
        r.get("b")
    assert wire.names == ["GET"]
    assert cost.names == ["GET", "GET"]
    assert wire.bytes_sent < cost.bytes_sent


def test_clients_are_told_apart_by_their_labels(wire: Wire) -> None:
    alice, bob = wire.client(name="A"), wire.client(name="B")
    with wire.measure(client="A") as cost:
        alice.set("turn", "alice")
        bob.set("turn", "bob")
        alice.get("turn")
    assert [each.client for each in wire.exchanges] == ["A", "B", "A"]
    assert cost.names == ["SET", "GET"]
    assert wire.lines() == ["A> SET turn alice", "OK", "B> SET turn bob", "OK", "A> GET turn", '"bob"']


def test_long_values_are_cut_and_binary_ones_escaped(wire: Wire) -> None:
    r = wire.client()
    r.set("big", b"start" + b"x" * 10_000 + b"end")
    r.get("big")
    r.set("two words", b"\x00\xff")
    r.rpush("list", *range(1000))
    r.lrange("list", 0, -1)
    lines = wire.lines(limit=10)
    assert lines[0] == 'SET big "start…xxend" (10008 bytes)'
    assert lines[2:4] == ["GET big", '"start…xxend" (10008 bytes)']
    assert lines[4] == r'SET "two words" "\x00\xff"'
    listing = lines[-1].splitlines()
    assert listing[0] == '   1) "0"'
    assert listing[5] == "      … 990 more …"
    assert listing[-1] == '1000) "999"'
    assert len(listing) == 11
    assert max(map(len, wire.lines(limit=None))) > 10_000


def test_pubsub_works_and_its_messages_are_kept_apart(wire: Wire) -> None:
    r = wire.client(decode_responses=True)
    subscriber = wire.client(name="sub", decode_responses=True).pubsub()
    subscriber.subscribe("news", "weather")
    assert [subscriber.get_message(timeout=5)["data"] for _ in range(2)] == [1, 2]  # type: ignore[index]
    r.publish("news", "hello")
    message = subscriber.get_message(timeout=5)
    assert message == {"type": "message", "pattern": None, "channel": "news", "data": "hello"}
    assert subscriber.get_message(timeout=0) is None
    assert wire.names == ["SUBSCRIBE", "PUBLISH"]
    assert wire.exchanges[0].text() == '1) "subscribe"\n2) "news"\n3) (integer) 1'
    assert wire.messages == [("sub", ["subscribe", "weather", 2]), ("sub", ["message", "news", "hello"])]
    subscriber.close()


def test_a_message_that_overtakes_the_answer_to_subscribe_is_not_taken_for_it(wire: Wire) -> None:
    r = wire.client(decode_responses=True)
    subscriber = wire.client(decode_responses=True).pubsub()
    subscriber.subscribe("news")
    assert subscriber.get_message(timeout=5)
    r.publish("news", "one")
    subscriber.subscribe("weather")
    assert [subscriber.get_message(timeout=5)["type"] for _ in range(2)] == ["message", "subscribe"]  # type: ignore[index]
    assert wire.exchanges[-1].reply == ["subscribe", "weather", 2]
    assert wire.exchanges[-1].value == [b"subscribe", b"weather", 2]
    subscriber.close()


def test_resp3_and_its_pushes_are_recorded(wire: Wire) -> None:
    r = wire.client(protocol=3, decode_responses=True)
    r.hset("hash", mapping={"a": "1"})
    assert r.hgetall("hash") == {"a": "1"}
    assert wire.exchanges[-1].text() == '1# "a" => "1"'
    subscriber = r.pubsub()
    subscriber.subscribe("news")
    assert subscriber.get_message(timeout=5)["type"] == "subscribe"  # type: ignore[index]
    r.publish("news", "hello")
    assert subscriber.get_message(timeout=5)["data"] == "hello"  # type: ignore[index]
    assert wire.names[-2:] == ["SUBSCRIBE", "PUBLISH"]
    assert wire.exchanges[-2].text() == '1) "subscribe"\n2) "news"\n3) (integer) 1'
    subscriber.ping()
    subscriber.get_message(timeout=5)
    assert wire.exchanges[-1].text() == "PONG"
    subscriber.close()


def test_monitor_works_and_what_it_sees_is_kept_apart(wire: Wire) -> None:
    r = wire.client(decode_responses=True)
    with wire.client(name="monitor", decode_responses=True).monitor() as monitor:
        r.set("key", "value")
        assert monitor.next_command()["command"] == "SET key value"
    assert wire.names == ["MONITOR", "SET"]
    assert wire.exchanges[0].text() == "OK"
    assert [label for label, _ in wire.messages] == ["monitor"]


def test_a_blocking_command_is_one_round_trip_and_can_be_woken(wire: Wire) -> None:
    taker, giver = wire.client(name="taker", decode_responses=True), wire.client(name="giver")
    answer: list[object] = []
    thread = threading.Thread(target=lambda: answer.append(taker.blpop("queue", timeout=4)))
    thread.start()
    giver.rpush("queue", "job")
    thread.join(5)
    assert answer == [("queue", "job")]
    assert sorted(wire.names) == ["BLPOP", "RPUSH"]
    assert wire.round_trips == 2


def test_a_command_without_a_reply_says_so(wire: Wire, until: Callable[..., None]) -> None:
    taker = wire.client(decode_responses=True)
    thread = threading.Thread(target=lambda: taker.blpop("queue", timeout=4))
    thread.start()
    until(lambda: wire.exchanges)
    assert wire.exchanges[0].text() == "(no reply yet)"
    assert not wire.exchanges[0].answered
    wire.client().rpush("queue", "job")
    thread.join(5)
    assert wire.exchanges[0].text() == '1) "queue"\n2) "job"'


def test_a_connection_that_breaks_is_recorded_and_never_retried(server: LocalServer, wire: Wire) -> None:
    r = wire.client()
    r.ping()
    server.pause()
    try:
        hasty = wire.client(name="hasty", socket_timeout=0.05)
        with pytest.raises(redis.TimeoutError):
            hasty.get("key")
    finally:
        server.resume()
    assert [each.client for each in wire.exchanges] == ["", "hasty"]
    assert wire.exchanges[1].text() == "(error) Timeout reading from socket"
    assert hasty.get("key") is None
    assert wire.exchanges[2].text() == "(nil)"
    assert wire.exchanges[1].text() == "(error) Timeout reading from socket"


def test_threads_may_share_a_client_and_nothing_is_lost_or_mixed(wire: Wire) -> None:
    r = wire.client(decode_responses=True)

    def work(name: str) -> None:
        for number in range(50):
            r.set(f"{name}:{number}", f"{name}{number}")
            r.get(f"{name}:{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wire.exchanges) == 400
    assert wire.round_trips == 400
    for each in wire.exchanges:
        if each.name == "GET":
            assert each.value == each.command[1].replace(b":", b"")


def test_watching_costs_under_twenty_microseconds_a_command(server: LocalServer, wire: Wire) -> None:
    def seconds(client: redis.Redis) -> float:
        start = time.process_time()
        for _ in range(300):
            client.get("key")
        return time.process_time() - start

    plain = redis.Redis(unix_socket_path=str(server.socket_path), protocol=2, decode_responses=True)
    watched = wire.client(decode_responses=True)
    differences = []
    for _ in range(9):
        differences.append((seconds(watched) - seconds(plain)) / 300)
    # The quietest run, as other programs of the machine only ever add.
    assert min(differences) < 20e-6


def test_a_transaction_whose_first_reply_is_a_list_is_recorded(wire: Wire) -> None:
    r = wire.client(decode_responses=True)
    r.rpush("queue", "a", "b")
    with wire.measure() as cost, r.pipeline() as pipe:
        pipe.lrange("queue", 0, -1)
        assert pipe.execute() == [["a", "b"]]
    assert cost.lines()[-2:] == ["EXEC", '1) 1) "a"\n   2) "b"']


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_client_of_somebody_elses_making_can_be_watched(server: LocalServer, wire: Wire, protocol: int) -> None:
    client = server.client(protocol=protocol, db=3, client_name="mine")
    client.set("unseen", 1)
    assert wire.watch(client, "A") is client
    assert client.get("unseen") == "1"
    assert wire.lines() == ["A> GET unseen", '"1"']
    with Wire(**client.connection_pool.connection_kwargs) as other:
        assert other.client().get("unseen") == "1"
    assert len(wire.exchanges) == 1, "a wire made with the same keywords is another wire"
    client.close()
