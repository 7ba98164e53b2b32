"""Filling a server with a key of every kind, and reading everything back: what tests of files compare."""

from __future__ import annotations

from typing import Any

import redis

FOREVER = 4_000_000_000_000  # milliseconds since 1970


def fill(client: redis.Redis, field_ends: bool = False) -> None:
    """Write keys of each type and of every form in which Redis keeps it: packed, as integers, and large.

    Args:
        field_ends: also hashes whose fields have an end (Redis 7.4 and later).
    """
    pipe = client.pipeline(transaction=False)
    texts = [b"", b"a", b"0", b"-1", b"127", b"128", b"-32768", b"2147483647", b"2147483648", b"9" * 25, b"007"]
    texts += [b"x" * 63, b"x" * 64, b"word " * 500, bytes(range(256)) * 70, b"\xff\x00\r\n", b"y" * 20_000]
    for number, text in enumerate(texts):
        pipe.set(f"string:{number}", text)
    pipe.set("bits", b"ab")
    pipe.append("bits", b"cd")
    pipe.rpush("list:small", *texts[:13])
    pipe.rpush("list:large", *(f"element {i % 7} of a list" for i in range(3000)))
    pipe.rpush("list:plain", b"p" * 70_000, b"q", b"r" * 90_000)
    pipe.sadd("set:integers", 1, -5, 300, 70_000)
    pipe.sadd("set:large-integers", 2**40, *range(-40, 40))
    pipe.sadd("set:many-integers", *range(2000))
    pipe.sadd("set:small", "a", "b", "12", b"\x00")
    pipe.sadd("set:large", *(f"member {i}" for i in range(500)))
    pipe.hset("hash:small", mapping={"f": "v", "12": "-7", b"\xff": b"\r\n", "empty": ""})
    pipe.hset("hash:large", mapping={f"field {i}": f"value {i}" for i in range(1000)})
    pipe.zadd("zset:small", {"a": 1, "b": 1.5, "c": -0.1, "d": float("inf"), "e": float("-inf"), "f": 1e300, "17": 3})
    pipe.zadd("zset:large", {f"member {i}": i / 7 for i in range(400)})
    for number in range(10):
        pipe.xadd("stream", {"sensor": f"s{number % 3}", "value": number}, id=f"1000-{number + 1}")
    pipe.xadd("stream", {"other": "fields", "than": "before", "many": "x" * 100}, id="1001-0")
    pipe.xdel("stream", "1000-3", "1000-10")
    pipe.xgroup_create("stream", "group", id="0")
    pipe.xgroup_create("stream", "nobody", id="1000-5")
    pipe.xreadgroup("group", "one", {"stream": ">"}, count=3)
    pipe.xreadgroup("group", "two", {"stream": ">"}, count=2)
    pipe.xack("stream", "group", "1000-1")
    pipe.xadd("stream:long", {"n": "0"}, id="1-1")
    for number in range(250):
        pipe.xadd("stream:long", {"n": number, "text": "t" * (number % 90)}, id=f"2-{number + 1}")
    pipe.xadd("stream:emptied", {"a": "b"}, id="7-7")
    pipe.xtrim("stream:emptied", 0, approximate=False)
    pipe.set("ends", "one day")
    pipe.pexpireat("ends", FOREVER)
    pipe.rpush("list:ends", "x")
    pipe.pexpireat("list:ends", FOREVER + 5)
    if field_ends:
        pipe.hset("hash:ends", mapping={"stays": "1", "ends": "2", "ends too": "3"})
        pipe.execute_command("HPEXPIREAT", "hash:ends", FOREVER, "FIELDS", 1, "ends")
        pipe.execute_command("HPEXPIREAT", "hash:ends", FOREVER + 70_000, "FIELDS", 1, "ends too")
        pipe.hset("hash:large-ends", mapping={f"field {i}": i for i in range(600)})
        pipe.execute_command("HPEXPIREAT", "hash:large-ends", FOREVER, "FIELDS", 2, "field 5", "field 599")
    pipe.execute()


def contents(client: redis.Redis) -> dict[bytes, Any]:
    """Return everything that a database holds, by key: type, end and value, in a form that two servers can share."""
    keys = sorted(client.keys())
    pipe = client.pipeline(transaction=False)
    for key in keys:
        pipe.type(key)
        pipe.execute_command("PEXPIRETIME", key)
    answers = pipe.execute()
    return {
        key: (kind, end, _value(client, kind, key))
        for key, kind, end in zip(keys, answers[::2], answers[1::2], strict=True)
    }


def _value(client: redis.Redis, kind: bytes, key: bytes) -> Any:
    if kind == b"string":
        return client.get(key)
    if kind == b"list":
        return client.lrange(key, 0, -1)
    if kind == b"set":
        return client.smembers(key)
    if kind == b"zset":
        return client.zrange(key, 0, -1, withscores=True)
    if kind == b"hash":
        fields = client.hgetall(key)
        ends = {}
        if b"ends" in key:
            found = client.execute_command("HPEXPIRETIME", key, "FIELDS", len(fields), *fields)
            ends = dict(zip(fields, found, strict=True))
        return fields, ends
    return _stream(client, key)


def _stream(client: redis.Redis, key: bytes) -> Any:
    facts = client.xinfo_stream(key)
    groups = client.xinfo_groups(key)
    pending = {
        group["name"]: [
            {name: value for name, value in entry.items() if name != "time_since_delivered"}
            for entry in client.xpending_range(key, group["name"], "-", "+", 100)
        ]
        for group in groups
    }
    consumers = {
        group["name"]: {(each["name"], each["pending"]) for each in client.xinfo_consumers(key, group["name"])}
        for group in groups
    }
    about = {name: facts[name] for name in ("length", "last-generated-id", "max-deleted-entry-id", "entries-added")}
    return client.xrange(key), about, groups, pending, consumers
