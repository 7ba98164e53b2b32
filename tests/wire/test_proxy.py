"""Nothing is harmed by standing in the way: clients of every kind through the proxy, and what it tells of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import subprocess
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import redis
import redis.asyncio
from available import lacking
from fake_server import answering, listening
from redis.cache import CacheConfig

from grader.resp import INCOMPLETE, Push, Reader, SimpleString, encode_command
from grader.servers import Binary, LocalServer, binaries, standalone
from grader.wire import Proxy

Until = Callable[..., None]


@pytest.fixture(scope="module")
def server(binary: Binary) -> Iterator[LocalServer]:
    with standalone(binary=binary, port=0) as server:
        yield server


@pytest.fixture(params=["unix", "tcp"])
def proxy(server: LocalServer, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    server.client().flushall()
    upstream = server.url if request.param == "unix" else f"redis://127.0.0.1:{server.port}/0"
    with Proxy(upstream) as proxy:
        yield proxy


@contextlib.contextmanager
def connected(proxy: Proxy) -> Iterator[socket.socket]:
    """A plain socket to the proxy, so that a test decides what is sent in which pieces."""
    family = socket.AF_UNIX if proxy.socket_path else socket.AF_INET
    with socket.socket(family) as plain:
        plain.settimeout(10)
        plain.connect(str(proxy.socket_path) if proxy.socket_path else ("127.0.0.1", proxy.port))
        if family == socket.AF_INET:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield plain


def replies(plain: socket.socket, count: int) -> list[Any]:
    reader, found = Reader(), []
    while len(found) < count:
        value = reader.read()
        if value is not INCOMPLETE:
            found.append(value)
            continue
        data = plain.recv(65536)
        assert data, f"the connection ended after {found}"
        reader.feed(data)
    return found


# What a client may do


def test_commands_and_replies_are_recorded_and_the_set_up_is_not(proxy: Proxy) -> None:
    r = proxy.client(decode_responses=True, db=3, protocol=3)
    assert r.set("page:home", 1) is True
    assert r.get("page:home") == "1"
    with pytest.raises(redis.ResponseError):
        r.execute_command("NOSUCH")
    assert proxy.names == ["SET", "GET", "NOSUCH"]
    assert proxy.lines()[:4] == ["SET page:home 1", "OK", "GET page:home", '"1"']
    error = proxy.exchanges[-1].error
    assert error is not None
    assert error.startswith("ERR unknown command")
    assert proxy.bytes_sent == sum(len(each.sent) for each in proxy.exchanges)
    assert proxy.bytes_received == sum(len(each.received) for each in proxy.exchanges)
    times = [time for each in proxy.exchanges for time in (each.sent_at, each.answered_at)]
    assert times == sorted(times, key=float)


@pytest.mark.parametrize("transaction", [True, False])
def test_a_pipeline_is_one_round_trip(proxy: Proxy, transaction: bool) -> None:
    r = proxy.client()
    r.ping()
    with proxy.measure() as cost:
        pipe = r.pipeline(transaction=transaction)
        for number in range(20):
            pipe.set(f"key:{number}", number)
        assert pipe.execute() == [True] * 20
    assert cost.round_trips == 1
    assert len(cost.exchanges) == (22 if transaction else 20)
    assert proxy.round_trips == 2


def test_a_long_pipeline_is_one_round_trip_each_time(proxy: Proxy) -> None:
    r = proxy.client()
    r.ping()
    for _ in range(20):
        pipe = r.pipeline(transaction=False)
        for number in range(1000):
            pipe.set(f"key:{number}", "x" * 70)
        with proxy.measure() as cost:
            pipe.execute()
        assert (len(cost.exchanges), cost.round_trips) == (1000, 1)


def test_a_watch_that_meets_a_rival_is_retried(proxy: Proxy) -> None:
    r, rival = proxy.client("ann", decode_responses=True), proxy.client("bob")
    attempts = []

    def buy(pipe: redis.client.Pipeline) -> None:
        attempts.append(1)
        stock = int(pipe.get("stock") or 0)
        if len(attempts) < 3:
            rival.incr("stock")
        pipe.multi()
        pipe.set("stock", stock - 1)

    r.transaction(buy, "stock")
    assert (len(attempts), r.get("stock")) == (3, "1")
    assert [each.client for each in proxy.exchanges if each.name == "INCRBY"] == ["bob", "bob"]
    assert [each.value for each in proxy.exchanges if each.name == "EXEC"] == [None, None, [SimpleString("OK")]]
    assert "ann> WATCH stock" in proxy.lines()


@pytest.mark.parametrize("protocol", [2, 3])
def test_messages_come_through_and_answer_nothing(proxy: Proxy, protocol: int) -> None:
    r = proxy.client(decode_responses=True, protocol=protocol)
    with r.pubsub() as subscriber:
        subscriber.subscribe("news")
        subscriber.psubscribe("w*")
        subscriber.ssubscribe("shard")
        kinds = [subscriber.get_message(timeout=5)["type"] for _ in range(3)]
        assert kinds == ["subscribe", "psubscribe", "ssubscribe"]
        r.publish("news", "one")
        r.publish("weather", "two")
        r.spublish("shard", "three")
        heard = [subscriber.get_message(timeout=5) for _ in range(2)]
        heard.append(subscriber.get_sharded_message(timeout=5))
        assert [(each["type"], each["data"]) for each in heard] == [
            ("message", "one"),
            ("pmessage", "two"),
            ("smessage", "three"),
        ]
        subscriber.unsubscribe()
        assert subscriber.get_message(timeout=5)["type"] == "unsubscribe"
    assert [value[0] for _, value in proxy.messages] == [b"message", b"pmessage", b"smessage"]
    assert [each.name for each in proxy.exchanges if not each.answered] == []
    assert [event.kind for event in proxy.events].count("message") == 3


def test_a_blocking_pop_waits_and_is_woken(proxy: Proxy, until: Until) -> None:
    taker, giver = proxy.client(decode_responses=True), proxy.client()
    answer: list[object] = []
    thread = threading.Thread(target=lambda: answer.append(taker.blpop("queue", timeout=4)))
    thread.start()
    until(lambda: proxy.names == ["BLPOP"])
    assert proxy.exchanges[0].text() == "(no reply yet)"
    giver.rpush("queue", "job")
    thread.join(5)
    assert answer == [("queue", "job")]
    assert proxy.exchanges[0].text() == '1) "queue"\n2) "job"'


def test_a_client_side_cache_hears_that_a_key_was_changed(redis_8: Binary, until: Until) -> None:
    with standalone(binary=redis_8) as server, Proxy(server.url, "tcp") as proxy:
        r = proxy.client(protocol=3, decode_responses=True, cache_config=CacheConfig())
        writer = proxy.client()
        writer.set("key", "old")
        assert [r.get("key"), r.get("key")] == ["old", "old"]
        assert proxy.names.count("GET") == 1
        writer.set("key", "new")
        until(lambda: r.get("key") == "new")
        assert [value[0] for _, value in proxy.messages] == [b"invalidate"]


def test_a_tracked_key_is_invalidated_by_a_push(proxy: Proxy) -> None:
    with connected(proxy) as plain:
        plain.sendall(encode_command("HELLO", 3) + encode_command("CLIENT", "TRACKING", "ON") + b"GET key\r\n")
        assert replies(plain, 3)[1:] == ["OK", None]
        proxy.client().set("key", 1)
        assert replies(plain, 1) == [Push([b"invalidate", [b"key"]])]
    assert proxy.messages == [("1", Push([b"invalidate", [b"key"]]))]
    assert proxy.names == ["GET", "SET"]


def test_monitor_sees_and_its_lines_answer_nothing(proxy: Proxy) -> None:
    r = proxy.client(decode_responses=True)
    with r.monitor() as monitor:
        proxy.client().set("key", "value")
        assert monitor.next_command()["command"] == "SET key value"
    assert proxy.names == ["MONITOR", "SET"]
    assert len(proxy.messages) >= 1


def test_asyncio_clients_and_their_pipelines_come_through(proxy: Proxy) -> None:
    async def work() -> list[Any]:
        client = redis.asyncio.Redis.from_url(proxy.url, decode_responses=True)
        try:
            await asyncio.gather(*(client.incr("n") for _ in range(50)))
            async with client.pipeline(transaction=True) as pipe:
                return list(await pipe.get("n").set("a", 1).execute())
        finally:
            await client.aclose()

    assert asyncio.run(work()) == ["50", True]
    assert proxy.names.count("INCRBY") == 50


def test_lines_typed_by_hand_come_through(proxy: Proxy) -> None:
    with connected(proxy) as plain:
        plain.sendall(b"SET key 'one'\r\nGET key\r\n")
        assert replies(plain, 2) == ["OK", b"one"]
    assert proxy.names == ["SET", "GET"]


def test_a_value_of_fifty_megabytes_and_every_byte_come_through(proxy: Proxy) -> None:
    r = proxy.client()
    big = os.urandom(1 << 20) * 50
    r.set("big", big)
    assert r.get("big") == big
    every = bytes(range(256)) + b"\r\n$-1\r\n"
    r.set(every, every)
    assert r.get(every) == every


def test_a_long_pipeline_whose_replies_nobody_reads_yet_does_not_lock(proxy: Proxy) -> None:
    command = encode_command("GET", "big")
    proxy.client().set("big", b"x" * 100_000)
    with connected(proxy) as plain:
        plain.sendall(command * 500)
        assert [len(value) for value in replies(plain, 500)] == [100_000] * 500


def test_every_split_of_the_bytes_means_the_same(proxy: Proxy) -> None:
    stream = encode_command("SET", "k", "a\r\nb") + encode_command("GET", "k") + encode_command("LRANGE", "none", 0, -1)
    with connected(proxy) as plain:
        for cut in range(1, len(stream)):
            plain.sendall(stream[:cut])
            plain.sendall(stream[cut:])
            assert replies(plain, 3) == ["OK", b"a\r\nb", []]
        for byte in stream:
            plain.sendall(bytes([byte]))
        assert replies(plain, 3) == ["OK", b"a\r\nb", []]
    assert proxy.names == ["SET", "GET", "LRANGE"] * len(stream)
    assert all(each.answered for each in proxy.exchanges)


def test_a_client_that_ends_its_half_still_gets_its_replies(proxy: Proxy) -> None:
    with connected(proxy) as plain:
        plain.sendall(encode_command("INCR", "n") * 3)
        # Redis answers what it has read before it looks at the end.
        assert replies(plain, 3) == [1, 2, 3]
        plain.shutdown(socket.SHUT_WR)
        assert plain.recv(1) == b""


def test_a_server_that_ends_its_half_still_reads() -> None:
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"+BYE\r\n")
        connection.shutdown(socket.SHUT_WR)
        while data := connection.recv(100):
            heard.append(data)

    with listening(serve) as path, Proxy(f"unix://{path}") as proxy, connected(proxy) as plain:
        assert plain.recv(100) == b"+BYE\r\n"
        assert plain.recv(100) == b""
        plain.sendall(b"still ")
        plain.sendall(b"here")
        plain.close()
        assert proxy.settle(10)
    assert b"".join(heard) == b"still here"


# Addresses


@pytest.mark.parametrize("listen", ["unix", "tcp"])
@pytest.mark.parametrize("upstream", ["unix", "tcp"])
def test_any_kind_of_address_leads_to_any_kind(binary: Binary, listen: Literal["unix", "tcp"], upstream: str) -> None:
    with standalone(binary=binary, port=0, password="p@ss:word") as server:
        url = f"unix://:p%40ss%3Aword@{server.socket_path}?db=2"
        if upstream == "tcp":
            url = f"redis://:p%40ss%3Aword@127.0.0.1:{server.port}/2"
        with Proxy(url, listen) as proxy:
            assert proxy.url.startswith("unix://" if listen == "unix" else "redis://")
            by_url = redis.Redis.from_url(proxy.url)
            by_url.set("key", "value")
            assert proxy.client(decode_responses=True).get("key") == "value"
            assert server.client(db=2).get("key") == "value"
            by_url.close()
    assert not (proxy.socket_path and proxy.socket_path.parent.exists())


def test_an_encrypted_address_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="encrypted"):
        Proxy("rediss://localhost")


@pytest.mark.parametrize("url", ["unix:///nowhere/redis.sock", "redis://127.0.0.1:1/0"])
def test_a_server_that_is_not_there_is_a_connection_error_and_an_event(url: str) -> None:
    with Proxy(url) as proxy:
        with pytest.raises(redis.ConnectionError):
            proxy.client().ping()
        assert proxy.settle(10)
        assert "cannot be reached" in next(event.text for event in proxy.events if event.kind == "close")


# Ends


def test_a_killed_server_is_a_connection_error_and_a_new_one_is_found(binary: Binary) -> None:
    with standalone(binary=binary) as server, Proxy(server.url) as proxy:
        r = proxy.client()
        r.set("key", 1)
        server.kill()
        with pytest.raises(redis.ConnectionError):
            r.get("key")
        server.restart()
        assert r.ping()


def test_a_server_killed_while_a_client_waits_ends_the_waiting(binary: Binary, until: Until) -> None:
    with standalone(binary=binary) as server, Proxy(server.url) as proxy, connected(proxy) as plain:
        plain.sendall(encode_command("BLPOP", "queue", 0))
        until(lambda: server.client().info("clients")["blocked_clients"])
        server.kill()
        assert plain.recv(1) == b""
        plain.close()
        assert proxy.settle(10)
        assert proxy.exchanges[0].text().startswith("(no reply: ")


def test_a_client_that_goes_in_the_middle_of_a_command_leaves_nothing(server: LocalServer, proxy: Proxy) -> None:
    with connected(proxy) as plain:
        plain.sendall(encode_command("SET", "key", "x" * 100)[:-50])
    with connected(proxy) as plain:
        plain.sendall(encode_command("BLPOP", "queue", 0))
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert proxy.settle(10)
    assert server.client().exists("key") == 0
    assert server.client().info("clients")["blocked_clients"] == 0


def test_a_client_the_server_throws_out_is_thrown_out(proxy: Proxy, server: LocalServer) -> None:
    with connected(proxy) as plain:
        plain.sendall(encode_command("CLIENT", "ID"))
        (number,) = replies(plain, 1)
        assert server.client().client_kill_filter(_id=number) == 1
        assert plain.recv(1) == b""


def test_thousands_of_connections_come_and_go(proxy: Proxy) -> None:
    descriptors = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    for _ in range(2_000):
        with connected(proxy) as plain:
            plain.sendall(b"*1\r\n$4\r\nPING\r\n")
            assert plain.recv(100) == b"+PONG\r\n"
    assert proxy.settle(10)
    assert proxy.round_trips == 2_000
    if descriptors:
        assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors


def test_a_hundred_connections_at_once_are_kept_apart(proxy: Proxy) -> None:
    with contextlib.ExitStack() as stack:
        plains = [stack.enter_context(connected(proxy)) for _ in range(100)]
        for number, plain in enumerate(plains):
            plain.sendall(encode_command("ECHO", str(number)))
        assert [replies(plain, 1) for plain in plains] == [[str(number).encode()] for number in range(100)]


def test_two_hundred_proxies_leave_no_thread_and_no_descriptor(server: LocalServer) -> None:
    def descriptors() -> int:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208

    def one() -> None:
        with Proxy(server.url) as proxy:
            proxy.client().ping()

    one()
    threads, before = threading.active_count(), descriptors()
    for _ in range(200):
        one()
    assert threading.active_count() == threads
    assert descriptors() <= before + 1


def test_closing_the_proxy_ends_its_clients_and_closing_it_again_does_no_harm(server: LocalServer) -> None:
    proxy = Proxy(server.url)
    r = proxy.client()
    r.ping()
    proxy.close()
    proxy.close()
    with pytest.raises(redis.ConnectionError):
        r.ping()


# Memory


def test_a_reader_that_is_slow_makes_the_sender_wait(until: Until) -> None:
    """What waits in between is bounded: the sender is stopped long before it has sent everything."""
    go = threading.Event()

    def serve(connection: socket.socket) -> None:
        go.wait(20)
        while connection.recv(1 << 20):
            pass

    with listening(serve) as path, Proxy(f"unix://{path}") as proxy, connected(proxy) as plain:
        plain.setblocking(False)
        sent, still = 0, 0

        def full() -> bool:
            nonlocal sent, still
            try:
                sent += plain.send(b"x" * 65536)
                still = 0
            except BlockingIOError:
                still += 1
            return still > 20

        until(full)
        assert sent < 8 << 20
        plain.setblocking(True)
        go.set()
        plain.sendall(b"x" * 65536)


def test_the_oldest_exchanges_go_when_the_memory_is_full(server: LocalServer) -> None:
    with Proxy(server.url, memory=1 << 20) as proxy:
        r = proxy.client()
        for number in range(300):
            r.set(f"key:{number}", b"x" * 10_000)
        assert 50 < len(proxy.exchanges) < 110
        assert proxy.dropped + len(proxy.exchanges) == 300
        assert proxy.exchanges[-1].command[1] == b"key:299"
        assert proxy.lines()[0] == f"({proxy.dropped} earlier commands were dropped)"
        proxy.clear()
        assert (proxy.exchanges, proxy.dropped) == ([], 0)


def test_what_is_kept_of_many_small_commands_is_bounded_in_python_too(server: LocalServer) -> None:
    with Proxy(server.url, memory=1 << 20) as proxy, connected(proxy) as plain:
        tracemalloc.start()
        for _ in range(8_000):
            plain.sendall(b"*1\r\n$4\r\nPING\r\n")
            plain.recv(100)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 2 << 20
        assert proxy.dropped + len(proxy.exchanges) == 8_000


def test_a_measure_has_what_happened_inside_of_its_block(proxy: Proxy) -> None:
    ann, bob = proxy.client("ann"), proxy.client("bob")
    ann.set("before", 1)
    with proxy.measure() as both, proxy.measure(client="bob") as one:
        ann.get("before")
        bob.get("before")
    ann.get("after")
    assert both.names == ["GET", "GET"]
    assert [each.client for each in one.exchanges] == ["bob"]
    assert (one.bytes_sent, one.bytes_received) == (25, 7)


def test_opens_and_closes_are_events_with_the_client_and_the_time(proxy: Proxy) -> None:
    r = proxy.client("ann")
    r.ping()
    r.close()
    assert proxy.settle(10)
    events = proxy.events
    assert [(event.kind, event.client) for event in events] == [("open", "1"), ("close", "ann")]
    assert events[1].text == "the client closed it"
    assert events[0].at <= events[1].at


def test_what_was_asked_for_is_there_as_soon_as_the_reply_is(proxy: Proxy) -> None:
    r = proxy.client()
    for number in range(300):
        r.set("key", number)
        assert proxy.exchanges[-1].answered
        assert len(proxy.exchanges) == number + 1


def test_bytes_that_are_no_protocol_pass_unharmed() -> None:
    with answering(lambda command: b"@what?\n") as path, Proxy(f"unix://{path}") as proxy, connected(proxy) as plain:
        plain.sendall(encode_command("PING"))
        assert plain.recv(100) == b"@what?\n"
        plain.sendall(encode_command("PING"))
        assert plain.recv(100) == b"@what?\n"
        assert "no replies" in next(event.text for event in proxy.events if event.kind == "unread")


def test_a_replica_may_follow_its_primary_through_it(binary: Binary, until: Until) -> None:
    with (
        standalone(binary=binary, port=0, repl_diskless_sync_delay=0) as primary,
        standalone(binary=binary, port=0) as replica,
        Proxy(f"redis://127.0.0.1:{primary.port}/0") as proxy,
    ):
        primary.client().set("before", b"\r\n$5\r\n")
        replica.client().replicaof("127.0.0.1", proxy.port)
        until(lambda: replica.client().info("replication")["master_link_status"] == "up")
        primary.client().set("after", 1)
        until(lambda: replica.client().get("after") == "1")
        assert replica.client().get("before") == "\r\n$5\r\n"
        assert "a replication stream from here" in [event.text for event in proxy.events]


def test_redis_benchmark_as_a_client_of_another_make_is_served(server: LocalServer) -> None:
    tool = next((each.path.with_name("redis-benchmark") for each in binaries() if each.source == "PATH"), None)
    if tool is None or not tool.exists():
        lacking("redis-cli", "no redis-benchmark beside the redis-server on PATH; it comes with redis-cli")
    with Proxy(server.url, "unix") as proxy:
        done = subprocess.run(
            [
                str(tool),
                "-s",
                str(proxy.socket_path),
                "-n",
                "2000",
                "-c",
                "20",
                "-P",
                "8",
                "-t",
                "set,lrange_100",
                "-q",
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert "SET:" in done.stdout
        assert proxy.settle(10)
        assert proxy.names.count("SET") == 2000
        assert all(each.answered for each in proxy.exchanges)
