"""Validation: what any client may rely on, from the first connection to the last key."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis

from grader.checks.soak.line import Line, encode
from grader.servers import Server

Key = Callable[[str], str]


def test_clients_come_and_go(server: Server) -> None:
    """Twenty clients connect, say PING and go; the next one is served like the first."""
    for _ in range(20):
        with server.client(driver_info=None) as client:
            assert client.ping() is True


def test_a_client_that_vanishes(server: Server, client: redis.Redis) -> None:
    """A client that breaks off in the middle of a command takes nobody with it."""
    assert client.ping() is True
    for _ in range(5):
        lost = Line(server.url)
        lost.send(b"*3\r\n$3\r\nSET\r\n$4\r\nna")
        # With no time to linger the connection is not closed but torn: the server is told by an error.
        lost.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        lost.close()
    assert client.ping() is True


def test_ping(client: redis.Redis) -> None:
    """PING is answered with PONG."""
    assert client.ping() is True


def test_set_and_get(client: redis.Redis, key: Key) -> None:
    """What SET has stored is what GET returns; a second SET replaces it; a key that is not there is nil."""
    name = key("greeting")
    assert client.get(name) is None
    assert client.set(name, "hello") is True
    assert client.get(name) == "hello"
    client.set(name, "good evening")
    assert client.get(name) == "good evening"


def test_del_and_exists(client: redis.Redis, key: Key) -> None:
    """EXISTS sees a key until DEL has removed it; DEL says whether it was there."""
    name = key("greeting")
    assert client.exists(name) == 0
    client.set(name, "hello")
    assert client.exists(name) == 1
    assert client.delete(name) == 1
    assert client.exists(name) == 0
    assert client.delete(name) == 0
    assert client.get(name) is None


@pytest.mark.parametrize(
    "value",
    [b"", b"a b\r\nc", bytes(range(256)), "Grüße, 世界".encode(), b"x" * 1_000_000],
    ids=["empty", "with line ends", "every byte", "not English", "a megabyte"],
)
def test_any_value(server: Server, key: Key, value: bytes) -> None:
    """A value comes back byte for byte"""
    name = key("value")
    with server.client(driver_info=None, decode_responses=False) as client:
        client.set(name, value)
        got = client.get(name)
        assert isinstance(got, bytes)
        assert len(got) == len(value), "another length"
        assert got == value, "the same length, but other bytes"


def test_several_keys_at_once(client: redis.Redis, key: Key) -> None:
    """MSET, MGET, EXISTS and DEL take several keys, and say what holds for each of them."""
    names = [key(f"n{number}") for number in range(10)]
    assert client.mset({name: f"value of {name}" for name in names}) is True
    absent = key("absent")
    assert client.mget([*names, absent]) == [*(f"value of {name}" for name in names), None]
    assert client.exists(*names, absent, names[0]) == 11
    assert client.delete(*names, absent) == 10
    assert client.exists(*names) == 0


def test_pipelines(client: redis.Redis, key: Key) -> None:
    """A thousand commands sent at once are answered in their order."""
    name = key("counter")
    pipe = client.pipeline(transaction=False)
    for _ in range(1000):
        pipe.incr(name)
    assert pipe.execute() == list(range(1, 1001))


def test_pieces(line: Callable[[], Line], key: Key) -> None:
    """A command that arrives byte by byte is a command like any other."""
    connection = line()
    for byte in encode(("SET", key("slow"), "in pieces")) + encode(("PING",)):
        connection.send(bytes([byte]))
    assert [connection.reply(), connection.reply()] == [b"OK", b"PONG"]


def test_clients_at_once(server: Server, key: Key) -> None:
    """Eight clients at once see their own values, and none of their common counts is lost."""
    shared, rounds, seen = key("shared"), 200, dict[int, int]()
    names = [key(f"own{number}") for number in range(8)]
    together = threading.Barrier(len(names))

    def work(number: int) -> None:
        with server.client(driver_info=None) as client:
            together.wait(10)
            for each in range(rounds):
                client.set(names[number], each)
                client.incr(shared)
                seen[number] = seen.get(number, 0) + (client.get(names[number]) == str(each))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(names))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == dict.fromkeys(range(len(names)), rounds), "a client met a value that was not its own"
    with server.client(driver_info=None) as client:
        assert client.get(shared) == str(rounds * len(names))


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (("NOSUCHCOMMAND", "x"), "unknown command"),
        (("GET",), "wrong number of arguments for 'get' command"),
        (("SET", "{key}", "v", "EX", "soon"), "value is not an integer or out of range"),
        (("SETEX", "{key}", "0", "v"), "invalid expire time in 'setex' command"),
        (("SET", "{key}", "v", "NX", "XX"), "syntax error"),
        (("INCR", "{text}"), "value is not an integer or out of range"),
    ],
    ids=["unknown", "too few arguments", "no number", "no time", "no syntax", "no counter"],
)
def test_errors(client: Any, key: Key, command: tuple[str, ...], error: str) -> None:
    """What cannot be done is refused in Redis's words, changes nothing, and the connection goes on"""
    text, fresh = key("text"), key("fresh")
    client.set(text, "hello")
    with pytest.raises(redis.ResponseError) as caught:
        client.execute_command(*(word.format(key=fresh, text=text) for word in command))
    assert error in str(caught.value)
    assert client.get(text) == "hello"
    assert client.exists(fresh) == 0


def test_wrong_type(client: redis.Redis, key: Key) -> None:
    """A command for another type is refused with WRONGTYPE, and the value stays."""
    name = key("queue")
    client.rpush(name, "one")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        client.get(name)
    assert client.llen(name) == 1


def test_nonsense(line: Callable[[], Line], client: redis.Redis) -> None:
    """Who sends what is no RESP is told so and hung up on; nobody else notices."""
    vandal = line()
    vandal.send(b"*1\r\n$abc\r\n")
    assert vandal.to_the_end() == b"-ERR Protocol error: invalid bulk length\r\n"
    assert client.ping() is True


def test_nothing_is_left(client: redis.Redis, key: Key) -> None:
    """After DEL of all that was made nothing of it is there, and an end of life went with it."""
    names = [key(f"left{number}") for number in range(20)]
    for name in names:
        client.set(name, "x", ex=1000)
    assert client.delete(*names) == 20
    assert client.exists(*names) == 0
    client.set(names[0], "again")
    assert client.ttl(names[0]) == -1, "the new key has the end of the old one"
