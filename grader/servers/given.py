"""A Redis that somebody else runs and whose URL we were given: by `--redis`, by REDIS_URL, by the state file
of `course redis start`. It can be used and its one database emptied, but not killed or paused."""

import re
from pathlib import Path
from typing import Any, NoReturn, cast
from urllib.parse import urlsplit, urlunsplit

import redis

from grader.servers.binary import OLDEST, Version
from grader.servers.errors import NotOurs, Unreachable, Unsuitable


class GivenServer:
    """The server at `url`; satisfies `Server`.

    Args:
        url: as redis-py takes it (`redis://`, `rediss://`, `unix://`).
        origin: where the URL came from, for messages: "--redis", "REDIS_URL".

    Raises:
        Unreachable: when nothing answers there, or it refuses the password.
        Unsuitable: when it is no Redis of 7.0 or newer, or the URL is none.
    """

    socket_path: Path | None = None
    port: int | None = None
    pid: int | None = None
    directory: Path | None = None

    def __init__(self, url: str, origin: str = "the URL") -> None:
        self.url = url
        self._origin = origin
        try:
            options = redis.ConnectionPool.from_url(url).connection_kwargs
        except ValueError as error:
            raise Unsuitable(
                f"{origin} is {shown(url)!r}, which is no address of a Redis ({error}).",
                "It should look like redis://127.0.0.1:6379/0.",
                "Correct it, or leave it out to have a Redis started for you.",
            ) from error
        self.database = int(options.get("db") or 0)
        if "path" in options:
            self.socket_path = Path(options["path"])
        else:
            self.port = int(options.get("port", 6379))
        server = self._ask("server")
        self.version: Version = _version(str(server.get("redis_version", "")))
        self.run_id = str(server.get("run_id", ""))
        if self.version < OLDEST:
            raise Unsuitable(
                f"The server at {shown(url)} says it is version {server.get('redis_version', 'unknown')}.",
                "The course needs Redis 7.0 or newer.",
                f"Give another one in {origin}, or leave it out to have one started for you.",
            )

    def _ask(self, section: str) -> dict[str, Any]:
        try:
            with self.client(socket_timeout=3, socket_connect_timeout=3) as client:
                return cast(dict[str, Any], client.info(section))
        except redis.AuthenticationError as error:
            raise Unreachable(
                f"The Redis at {shown(self.url)} refused the user or the password ({error}).",
                f"{self._origin} must carry the right ones: redis://user:password@host:port/0.",
                "Correct it, or leave it out to have a Redis started for you.",
            ) from error
        except (redis.RedisError, OSError) as error:
            why = str(error).rstrip(".")
            raise Unreachable(
                f"No Redis answers at {shown(self.url)}, which {self._origin} names ({why}).",
                "A Redis 7.0 or newer should be running there.",
                "Start it, or leave the address out to have a Redis started for you.",
            ) from error

    @property
    def running(self) -> bool:
        """Whether it answers."""
        try:
            with self.client(socket_timeout=3) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self, **options: Any) -> redis.Redis:
        """Return a new client: decoded text, RESP2, no retries, 5 s timeouts, unless told otherwise."""
        defaults: dict[str, Any] = {
            "decode_responses": True,
            "protocol": 2,
            "retry": None,
            "socket_timeout": 5,
        }
        return redis.Redis.from_url(self.url, **{**defaults, **options})

    def reset(self) -> None:
        """Empty this URL's database. Other databases, clients and CONFIG are not ours: they stay."""
        with self.client() as client:
            client.flushdb()

    def log(self) -> str:
        """Return nothing: its log is elsewhere."""
        return ""

    def kill(self) -> None:
        """Refuse."""
        self._refuse("kill")

    def stop(self) -> None:
        """Refuse."""
        self._refuse("stop")

    def restart(self) -> None:
        """Refuse."""
        self._refuse("restart")

    def pause(self) -> None:
        """Refuse."""
        self._refuse("pause")

    def resume(self) -> None:
        """Refuse."""
        self._refuse("resume")

    def close(self) -> None:
        """Do nothing: it goes on without us."""

    def _refuse(self, verb: str) -> NoReturn:
        raise NotOurs(
            f"The Redis at {shown(self.url)} was not started here, so it is not ours to {verb}.",
            "This needs a Redis that the course starts itself.",
            f"Leave out {self._origin}, or start a server with standalone().",
        )


def shown(url: str) -> str:
    """Return the URL without its password, for messages."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    account, _, host = parts.netloc.rpartition("@")
    user = account.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}:…@{host}"))


def _version(text: str) -> Version:
    match = re.match(r"(\d+)\.(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else (0, 0, 0)
