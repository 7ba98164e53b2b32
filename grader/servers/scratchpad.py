"""The private server that checks run against: one a process, started when it is first asked for, made as new
between two checks, and started again when a learner's answer has shut it down. Called by the checks' fixtures
and by the notebook's `check`."""

import atexit
import os
import re
import threading
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import redis

from grader.servers.binary import candidates
from grader.servers.errors import NoRedisFound, Unsuitable
from grader.servers.facts import at_least
from grader.servers.given import GivenServer, shown
from grader.servers.process import LocalServer
from grader.servers.server import Server

_lock = threading.Lock()
_mine: "LocalServer | ScratchDatabase | None" = None
_newer: LocalServer | None = None
_owner = 0


def scratch(least: str | None = None) -> Server:
    """Return this process's private server, running. Call its `reset()` before each check.

    With `least`, for example ``"7.4"``, it is one of at least that version where this machine has one, else the usual
    one. Without a local binary it is an empty database of the server that REDIS_URL names; then `reset()` empties
    that database and touches nothing else. A forked child gets a server of its own.

    Raises:
        NoRedisFound: neither a local binary nor a REDIS_URL.
        Unreachable: REDIS_URL is set and nothing answers there.
    """
    global _mine, _newer, _owner
    with _lock:
        if _owner != os.getpid():
            _mine = _newer = None
            _owner = os.getpid()
        if _mine is None:
            _mine = _begin()
            atexit.register(_mine.close)
        if least is not None and not at_least(_mine.version, least):
            if _newer is None:
                _newer = _begin_newer(least)
            if _newer is not None and at_least(_newer.version, least):
                return _running(_newer)
        return _running(_mine)


def _running(server: "LocalServer | ScratchDatabase") -> Server:
    """`server`, started again where a learner's answer has shut it down."""
    if isinstance(server, LocalServer) and server.pid is None:
        server.reset()
    return server


def _begin_newer(least: str) -> LocalServer | None:
    """A private server of the first binary of this machine that is new enough."""
    for candidate in candidates():
        if candidate.binary and at_least(candidate.binary.version, least):
            newer = LocalServer(binary=candidate.binary, config={"enable-debug-command": "local"})
            atexit.register(newer.close)
            return newer
    return None


def _begin() -> "LocalServer | ScratchDatabase":
    found = candidates()
    for candidate in found:
        if candidate.binary:
            return LocalServer(binary=candidate.binary, config={"enable-debug-command": "local"})
    if url := os.environ.get("REDIS_URL"):
        return ScratchDatabase(url)
    raise NoRedisFound(
        [*(f"{each.place}: {each.reason}" for each in found), "REDIS_URL: not set"],
        "Install Redis (Debian and Ubuntu: sudo apt install redis-server; macOS: brew install redis), "
        "or set REDIS_URL to one that runs.",
    )


class ScratchDatabase(GivenServer):
    """An empty database of somebody's server, claimed for as long as this process lives.

    The claim is a connection with a telling name, not a key: it goes when the process goes, and it leaves the
    data alone. Of two processes that claim the same database at once the older connection keeps it.

    Raises:
        Unsuitable: when every database has keys or is claimed.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url, "REDIS_URL")
        self._claim: redis.Redis = self.client(single_connection_client=True, socket_timeout=3)
        for database in range(1, self._databases()):
            if self._take(database):
                self.database = database
                self.url = _with_database(url, database)
                return
        self.close()
        raise Unsuitable(
            f"Every database of the Redis at {shown(url)} but number 0 has keys in it or is in use.",
            "Checks need an empty database for themselves.",
            "Empty one (redis-cli -n 1 FLUSHDB), or install a redis-server so that checks have their own.",
        )

    def close(self) -> None:
        """Give the database up, empty."""
        try:
            if self.database:
                self.reset()
        except redis.RedisError:
            pass  # the server has gone: there is nothing left to empty
        self._claim.close()

    def _databases(self) -> int:
        try:
            return int(self._claim.config_get("databases")["databases"] or 16)
        except (redis.ResponseError, KeyError):
            return 16  # CONFIG is closed on most managed servers; 16 is the default

    def _take(self, database: int) -> bool:
        name = f"course-scratch-{database}"
        me = self._claim.client_id()
        if any(each["name"] == name for each in self._clients()):
            return False
        try:
            self._claim.select(database)
        except redis.ResponseError:
            return False
        self._claim.client_setname(name)
        older = [each for each in self._clients() if each["name"] == name and int(each["id"]) < me]
        if older or self._claim.dbsize():
            self._claim.client_setname("")
            return False
        return True

    def _clients(self) -> list[dict[str, Any]]:
        clients: list[dict[str, Any]] = self._claim.client_list()
        return clients


def _with_database(url: str, database: int) -> str:
    parts = urlsplit(url)
    query = "&".join(word for word in parts.query.split("&") if word and not re.match("db=", word))
    if parts.scheme == "unix":
        return urlunsplit(parts._replace(query=f"{query}&db={database}".lstrip("&")))
    return urlunsplit(parts._replace(path=f"/{database}", query=query))
