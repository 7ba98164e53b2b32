"""Integration: a day in the life of the cache of a web application."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

Key = Callable[[str], str]
SESSION, MESSAGES, PROFILE = 3600, 300, 1800  # seconds
_LAPS, _LAP = 9, 100
_SLOWER = 5.0
_PATIENCE = 5.0


class Cache:
    """Sessions, messages and profiles as JSON below names of their own.

    Args:
        client: to the server.
        key: makes the name of a key.
        database: where profiles come from; `looked_up` counts how often it was asked.
    """

    def __init__(self, client: redis.Redis, key: Key, database: dict[int, dict[str, Any]]) -> None:
        self._client = client
        self._key = key
        self._database = database
        self.looked_up = 0

    def put(self, name: str, data: object, seconds: int) -> None:
        """Keep `data` for a while."""
        self._client.setex(self._key(name), seconds, json.dumps(data))

    def get(self, name: str) -> Any:
        """What is kept; None when it has ended or never was."""
        kept = self._client.get(self._key(name))
        return None if kept is None else json.loads(str(kept))

    def drop(self, name: str) -> bool:
        """Forget it; whether there was something to forget."""
        return self._client.delete(self._key(name)) == 1

    def seconds_left(self, name: str) -> int:
        """How long it will be kept."""
        return int(str(self._client.ttl(self._key(name))))

    def profile(self, user: int) -> dict[str, Any]:
        """From the cache, or else from the database and then kept."""
        kept: dict[str, Any] | None = self.get(f"profile:{user}")
        if kept is None:
            self.looked_up += 1
            kept = self._database[user]
            self.put(f"profile:{user}", kept, PROFILE)
        return kept

    def rename(self, user: int, name: str) -> None:
        """Change the database, then drop what the cache has."""
        self._database[user] = {**self._database[user], "name": name}
        self.drop(f"profile:{user}")


@pytest.fixture
def cache(client: redis.Redis, key: Key) -> Iterator[Cache]:
    """A cache in front of a database of three."""
    yield Cache(client, key, {n: {"id": n, "name": name} for n, name in enumerate(("Ann", "Bo", "Cléo"))})


def test_sessions(cache: Cache) -> None:
    """A session is kept as JSON for an hour, comes back as it was, and is gone after logging out."""
    session = {
        "user": 7,
        "roles": ["reader", "editor"],
        "cart": {"tea": 2},
        "name": "Zoë",
        "admin": False,
        "note": None,
    }
    cache.put("session:7", session, SESSION)
    assert cache.get("session:7") == session
    assert SESSION - 60 < cache.seconds_left("session:7") <= SESSION
    assert cache.drop("session:7")
    assert cache.get("session:7") is None
    assert not cache.drop("session:7")


def test_a_session_ends(client: redis.Redis, key: Key) -> None:
    """A session that nobody ends ends by itself, and not before its time."""
    name = key("session:short")
    client.set(name, "{}", px=10_000)
    assert client.get(name) == "{}"
    client.set(name, "{}", px=30)
    deadline = time.monotonic() + _PATIENCE
    while client.get(name) is not None:
        assert time.monotonic() < deadline, "set for 30 milliseconds, it was still there after 5 seconds"
    assert client.exists(name) == 0


def test_a_session_goes_on(cache: Cache, client: redis.Redis, key: Key) -> None:
    """A session that is used is kept for another hour, without being written again."""
    cache.put("session:8", {"user": 8}, 60)
    assert client.expire(key("session:8"), SESSION) is True
    assert cache.seconds_left("session:8") > 60
    assert cache.get("session:8") == {"user": 8}


def test_messages(cache: Cache) -> None:
    """Fifty messages are kept for five minutes in their order, and a new list replaces the old one."""
    messages = [{"id": n, "from": "Ann", "text": f"message {n} — ünïcödé\r\n"} for n in range(50)]
    cache.put("messages:7", messages, MESSAGES)
    assert cache.get("messages:7") == messages
    assert MESSAGES - 60 < cache.seconds_left("messages:7") <= MESSAGES
    cache.put("messages:7", messages[1:], MESSAGES)
    assert cache.get("messages:7") == messages[1:]


def test_profiles(cache: Cache) -> None:
    """A profile is looked up once, then comes from the cache, until a change drops it there."""
    assert [cache.profile(2)["name"] for _ in range(5)] == ["Cléo"] * 5
    assert cache.looked_up == 1
    cache.rename(2, "Cleo")
    assert cache.profile(2)["name"] == "Cleo", "the old profile is still in the cache"
    assert cache.looked_up == 2
    assert cache.profile(1)["name"] == "Bo"
    assert cache.looked_up == 3


def test_query_results(cache: Cache) -> None:
    """Results of queries are kept for as long as each of them says."""
    for seconds in (1, 10, 100, 1000):
        cache.put(f"query:{seconds}", {"rows": seconds}, seconds * 60)
        assert seconds * 60 - 30 < cache.seconds_left(f"query:{seconds}") <= seconds * 60


def test_many_users(cache: Cache, client: redis.Redis, key: Key) -> None:
    """A hundred sessions come in one pipeline and go in another."""
    names = [key(f"session:{user}") for user in range(100)]
    pipe = client.pipeline(transaction=False)
    for user, name in enumerate(names):
        pipe.setex(name, SESSION, json.dumps({"user": user}))
    assert pipe.execute() == [True] * 100
    for name in names:
        pipe.get(name)
    assert [json.loads(each)["user"] for each in pipe.execute()] == list(range(100))
    for name in names:
        pipe.delete(name)
    assert sum(pipe.execute()) == 100


def test_a_hundred_sets(client: redis.Redis, key: Key) -> None:
    """A hundred SETs take no more than five times as long as a hundred PINGs."""
    name = key("timed")
    laps = {"SET": [0.0] * _LAPS, "PING": [0.0] * _LAPS}
    for lap in range(_LAPS):
        start = time.perf_counter()
        for number in range(_LAP):
            client.set(name, number)
        laps["SET"][lap] = time.perf_counter() - start
        start = time.perf_counter()
        for _ in range(_LAP):
            client.ping()
        laps["PING"][lap] = time.perf_counter() - start
    # The fastest laps: what else the machine does can only make one slower.
    ratio = min(laps["SET"]) / min(laps["PING"])
    assert ratio < _SLOWER, f"they took {ratio:.1f} times as long"


def test_health(client: redis.Redis) -> None:
    """A monitor that asks PING and INFO hears that the server is well, and how it is doing."""
    assert client.ping() is True
    info = client.info()
    assert isinstance(info, dict)
    for field in ("redis_version", "uptime_in_seconds", "connected_clients", "used_memory", "total_commands_processed"):
        assert field in info, f"INFO does not say {field}"
    assert info["connected_clients"] >= 1
    before = info["total_commands_processed"]
    for _ in range(10):
        client.ping()
    again = client.info("stats")
    assert isinstance(again, dict)
    assert again["total_commands_processed"] >= before + 10, "commands are not counted"
