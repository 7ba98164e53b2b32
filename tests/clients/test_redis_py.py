"""redis-py: blocking and with asyncio, in RESP2 and in RESP3, with its own cache; and hiredis alone."""

import asyncio
import socket
from collections.abc import Callable, Iterator

import hiredis
import pytest
import redis
import redis.asyncio
from redis.cache import CacheConfig

from grader.servers import Server

Text = dict[str, object]


@pytest.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
def client(request: pytest.FixtureRequest, server: Server) -> Iterator[redis.Redis]:
    connected = redis.Redis(port=server.port, protocol=request.param, decode_responses=True, socket_timeout=5)
    yield connected
    connected.close()


def test_sessions_profiles_and_boards_are_what_was_stored(client: redis.Redis) -> None:
    client.set("session:1", "ada", ex=100)
    assert client.get("session:1") == "ada"
    assert 90 < client.ttl("session:1") <= 100
    client.hset("profile", mapping={"name": "Ada", "visits": 1})
    client.hincrby("profile", "visits", 2)
    assert client.hgetall("profile") == {"name": "Ada", "visits": "3"}
    client.zadd("board", {"a": 1.5, "b": 3, "c": 2})
    board = client.zrange("board", 0, 1, desc=True, withscores=True)
    assert [tuple(each) for each in board] == [("b", 3.0), ("c", 2.0)]
    client.sadd("tags", "x", "y")
    assert client.smembers("tags") == {"x", "y"}
    client.rpush("feed", "1", "2", "3")
    assert client.lrange("feed", 0, -1) == ["1", "2", "3"]
    assert sorted(client.scan_iter(count=2)) == ["board", "feed", "profile", "session:1", "tags"]


def test_a_pipeline_of_ten_thousand_commands_comes_back_in_order(client: redis.Redis) -> None:
    with client.pipeline(transaction=False) as pipeline:
        for _ in range(10_000):
            pipeline.incr("hits")
        assert pipeline.execute() == list(range(1, 10_001))


def test_an_error_within_a_pipeline_leaves_the_others_alone(client: redis.Redis) -> None:
    with client.pipeline(transaction=True) as pipeline:
        pipeline.set("text", "abc").incr("text").get("text")
        done = pipeline.execute(raise_on_error=False)
    assert done[0] is True
    assert isinstance(done[1], redis.ResponseError)
    assert done[2] == "abc"


def test_a_watched_key_that_somebody_else_changed_makes_the_transaction_try_again(client: redis.Redis) -> None:
    client.set("stock", 5)
    attempts = 0

    def take(pipeline: redis.client.Pipeline) -> None:
        nonlocal attempts
        attempts += 1
        left = int(pipeline.get("stock"))
        if attempts == 1:
            client.set("stock", 4)
        pipeline.multi()
        pipeline.set("stock", left - 1)

    client.transaction(take, "stock")
    assert (attempts, client.get("stock")) == (2, "3")


def test_messages_arrive_at_channels_patterns_and_shards(client: redis.Redis) -> None:
    with client.pubsub() as listener:
        listener.subscribe("news")
        listener.psubscribe("n*")
        listener.ssubscribe("shard")
        kinds = [listener.get_message(timeout=5)["type"] for _ in range(3)]
        assert kinds == ["subscribe", "psubscribe", "ssubscribe"]
        assert client.publish("news", "hello") == 2
        assert client.spublish("shard", "here") == 1
        heard = [listener.get_message(timeout=5) for _ in range(2)]
        heard.append(listener.get_sharded_message(timeout=5) or listener.get_message(timeout=5))
        assert [(each["type"], each["data"]) for each in heard] == [
            ("message", "hello"),
            ("pmessage", "hello"),
            ("smessage", "here"),
        ]
        assert client.pubsub_numsub("news") == [("news", 1)]


def test_keyspace_notifications_tell_what_happened_to_a_key(client: redis.Redis) -> None:
    client.config_set("notify-keyspace-events", "KEA")
    with client.pubsub() as listener:
        listener.psubscribe("__key*@0__:*")
        assert listener.get_message(timeout=5)["type"] == "psubscribe"
        client.set("k", "v", px=1)
        heard = [listener.get_message(timeout=5) for _ in range(6)]
    events = {(each["channel"], each["data"]) for each in heard}
    assert events == {
        ("__keyspace@0__:k", "set"),
        ("__keyevent@0__:set", "k"),
        ("__keyspace@0__:k", "expire"),
        ("__keyevent@0__:expire", "k"),
        ("__keyspace@0__:k", "expired"),
        ("__keyevent@0__:expired", "k"),
    }


def test_questions_about_the_server_are_answered_in_the_form_redis_py_parses(client: redis.Redis) -> None:
    client.client_setname("worker")
    info = client.info("everything")
    assert (info["redis_version"], info["redis_mode"], info["role"]) == ("8.2.3", "standalone", "master")
    assert info["cmdstat_client|setname"]["calls"] == 1
    assert [each["name"] for each in client.client_list() if each["id"] == str(client.client_id())] == ["worker"]
    assert client.client_info()["name"] == "worker"
    assert client.config_get("maxmemory*")["maxmemory"] == "0"
    assert client.command_count() > 100
    assert client.command()["get"]["arity"] == 2
    assert client.command_getkeys("MSET", "a", 1, "b", 2) == ["a", "b"]
    assert client.acl_whoami() == "default"
    assert client.role()[0] in ("master", b"master")
    assert abs(client.time()[0] - int(info["server_time_usec"]) // 1_000_000) < 5
    client.config_set("slowlog-log-slower-than", 0)
    client.get("slow")
    client.config_set("slowlog-log-slower-than", 10_000)
    assert b"GET slow" in [each["command"] for each in client.slowlog_get()]


def test_a_connection_that_was_killed_is_replaced(client: redis.Redis, server: Server) -> None:
    client.set("k", "v")
    killer = redis.Redis(port=server.port)
    assert killer.client_kill_filter(_id=client.client_id()) == 1
    killer.close()
    assert client.get("k") == "v"


def test_monitor_shows_what_others_do(client: redis.Redis) -> None:
    with client.monitor() as monitor:
        client.set("k", 'a "b"\n')
        seen = next(each for each in monitor.listen() if each["command"].startswith("SET "))
    assert seen["command"] == 'SET k a "b"\\n'


def test_a_value_is_read_once_until_the_server_says_that_it_has_changed(
    server: Server, until: Callable[..., None]
) -> None:
    reader = redis.Redis(port=server.port, protocol=3, cache_config=CacheConfig(), decode_responses=True)
    writer = redis.Redis(port=server.port, decode_responses=True)
    try:
        writer.set("profile", "v1")
        writer.config_resetstat()
        assert {reader.get("profile") for _ in range(10)} == {"v1"}
        assert writer.info("commandstats")["cmdstat_get"]["calls"] == 1
        # The invalidation travels on the reader's connection, the OK on the writer's: neither waits for the other.
        writer.set("profile", "v2")
        until(lambda: reader.get("profile") == "v2")
        writer.flushall()
        until(lambda: reader.get("profile") is None)
    finally:
        reader.close()
        writer.close()


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_hundred_tasks_share_the_server(server: Server, protocol: int) -> None:
    async def session() -> None:
        pool = redis.asyncio.BlockingConnectionPool(
            port=server.port, protocol=protocol, decode_responses=True, max_connections=20
        )
        client = redis.asyncio.Redis(connection_pool=pool)

        async def task(number: int) -> None:
            async with client.pipeline(transaction=True) as pipeline:
                done = await pipeline.set(f"k{number}", number).incr("total").get(f"k{number}").execute()
            assert done[2] == str(number)

        await asyncio.gather(*(task(number) for number in range(100)))
        assert await client.get("total") == "100"
        async with client.pubsub() as listener:
            await listener.subscribe("news")
            assert (await listener.get_message(timeout=5))["type"] == "subscribe"
            await client.publish("news", "hello")
            assert (await listener.get_message(timeout=5))["data"] == "hello"
        waiting = asyncio.create_task(client.blpop(["jobs"], timeout=5))
        while not any(each["cmd"] == "blpop" for each in await client.client_list()):
            await asyncio.sleep(0)
        await client.rpush("jobs", "first")
        assert list(await waiting) == ["jobs", "first"]
        await client.aclose()
        await pool.aclose()

    asyncio.run(session())


def test_hiredis_reads_every_type_of_reply(server: Server) -> None:
    reader = hiredis.Reader(encoding="utf-8", notEnoughData=Ellipsis)
    assert server.port is not None
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as wire:

        def ask(*words: str) -> object:
            wire.sendall(hiredis.pack_command(words))
            while (reply := reader.gets()) is Ellipsis:
                reader.feed(wire.recv(65536))
            return reply

        def kind(name: str) -> object:
            return ask("DEBUG", "PROTOCOL", name)

        hello = ask("HELLO", "3")
        assert isinstance(hello, dict)
        assert hello["proto"] == 3
        assert kind("string") == "Hello World"
        assert kind("integer") == 12345
        assert kind("double") == 3.141
        assert kind("null") is None
        assert kind("array") == [0, 1, 2]
        assert kind("set") == [0, 1, 2]
        assert kind("map") == {0: False, 1: True, 2: False}
        assert kind("verbatim") == "This is a verbatim\nstring"
        assert (kind("true"), kind("false")) == (True, False)
        assert kind("bignum") == "1234567999999999999999999999999999999"
        assert isinstance(ask("NOSUCH"), hiredis.ReplyError)
        assert kind("push") == "Some real reply following the push reply"
        wire.sendall(hiredis.pack_command(("PING",)))
        pushed = reader.gets()
        assert pushed == ["server-cpu-usage", 42]
