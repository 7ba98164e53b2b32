"""What is written, and what must be there then: the same commands for a learner's server and a real Redis, and whatever
either of them holds, read back and compared. The probes of this package and those of eviction come here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from grader.checks.verdict import Broken, show
from grader.servers import Server

Words: TypeAlias = Sequence[str | int | float | bytes]
State: TypeAlias = dict[bytes, Any]


# Some of everything: odd bytes, empty values, changes in place, keys that go again.
WRITES: tuple[Words, ...] = (
    ("SET", "greeting", "hello"),
    ("SET", b"\xff\x00\r\n", b"*1\r\n$4\r\nPING\r\n"),
    ("SET", "empty", ""),
    ("MSET", "a", 1, "b", "two", "c", 3),
    ("INCRBY", "a", 41),
    ("APPEND", "greeting", " world"),
    ("SETRANGE", "greeting", 6, b"W\x80"),
    ("DEL", "c"),
    ("RPUSH", "list", "x", "", b"\x00\xff", "12", "x"),
    ("LPUSH", "list", "first"),
    ("LREM", "list", 1, "x"),
    ("SADD", "set", "a", "b", "17"),
    ("SREM", "set", "b"),
    ("HSET", "hash", "field", "value", "", "empty name", "n", 5),
    ("HINCRBY", "hash", "n", 5),
    ("ZADD", "zset", 1.5, "a", -3, "b", "inf", "c"),
    ("ZINCRBY", "zset", 0.25, "a"),
    ("RPUSH", "emptied", "x"),
    ("LPOP", "emptied"),
    ("RENAME", "b", "renamed"),
    ("SET", "twice", "old"),
    ("SET", "twice", "new"),
)


def large() -> list[Words]:
    many = [f"member {number}" for number in range(700)]
    return [
        ("RPUSH", "long list", *many, "x" * 70_000, *many),
        ("SADD", "large set", *many),
        ("SADD", "many integers", *range(1000)),
        ("HSET", "large hash", *(word for number in range(700) for word in (f"f{number}", number))),
        ("ZADD", "large zset", *(word for number in range(300) for word in (number / 7, f"m{number}"))),
    ]


def do(client: Any, commands: Sequence[Words]) -> None:
    """Send commands, one after the other."""
    for words in commands:
        client.execute_command(*words)


def state(client: Any) -> State:
    """Everything in the selected database, by key: type and value."""
    return {name: _value(client, name) for name in client.keys("*")}


def _value(client: Any, name: bytes) -> Any:
    kind = client.type(name)
    readers: dict[bytes, Callable[[], Any]] = {
        b"string": lambda: client.get(name),
        b"list": lambda: client.lrange(name, 0, -1),
        b"set": lambda: client.smembers(name),
        b"hash": lambda: client.hgetall(name),
        b"zset": lambda: client.zrange(name, 0, -1, withscores=True),
    }
    reader = readers.get(kind)
    return kind, reader() if reader else None


def same(promise: str, wanted: State, got: State, whose: str = "there") -> None:
    """Compare two states.

    Raises:
        Broken: naming the first key that differs.
    """
    for name in sorted({*wanted, *got}):
        if wanted.get(name) != got.get(name):
            raise Broken(
                f"{promise}: key {show(name)} is {_shown(wanted.get(name))}", f"{whose} it is {_shown(got.get(name))}"
            )


def _shown(value: Any) -> str:
    return "not there" if value is None else f"a {value[0].decode()}, {show(value[1], 120)}"


def model(real: Server, commands: Sequence[Words] = WRITES) -> State:
    """What a real Redis holds after some commands."""
    client = real.client(decode_responses=False)
    client.flushall()
    do(client, commands)
    return state(client)
