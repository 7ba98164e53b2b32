"""What every Redis of the course looks like to the rest of it, wherever it runs: a process of ours, a
container, or a server somebody else started and whose URL we were given."""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import redis

from grader.servers.binary import Version


@runtime_checkable
class Server(Protocol):
    """One Redis node.

    A server that somebody else runs has no `pid` and no `directory`, and refuses what only an owner may do
    (`kill`, `restart`, `pause`, `resume`, `stop`) with `NotOurs`.
    """

    @property
    def url(self) -> str:
        """The address as redis-py and redis-cli take it: `redis://127.0.0.1:PORT/0` or `unix:///…`."""

    @property
    def socket_path(self) -> Path | None:
        """The Unix socket, if it has one."""

    @property
    def port(self) -> int | None:
        """The TCP port, if it has one."""

    @property
    def version(self) -> Version:
        """The version, as three numbers."""

    @property
    def running(self) -> bool:
        """Whether it is there; a paused one is."""

    @property
    def pid(self) -> int | None:
        """The process on this machine; None when it is not running or not a process of ours."""

    @property
    def directory(self) -> Path | None:
        """The folder Redis writes to (its `dir`), if it can be reached from here."""

    def client(self, **options: Any) -> redis.Redis:
        """Return a new client: decoded text, RESP2, no retries, 5 s timeouts, unless told otherwise."""

    def log(self) -> str:
        """Return what Redis has logged since the first start."""

    def kill(self) -> None:
        """End it at once, as a power failure would: SIGKILL, nothing saved."""

    def stop(self) -> None:
        """End it. What is meant to be on disk is there afterwards; its folder stays, so `restart()` works."""

    def restart(self) -> None:
        """Start it again (ending it first if it runs) on the same folder, address and options."""

    def pause(self) -> None:
        """Freeze it: connections stay open and nothing is answered."""

    def resume(self) -> None:
        """Let a paused one go on."""

    def close(self) -> None:
        """Give it up: one of ours ends and leaves nothing behind, somebody else's goes on without us."""

    def reset(self) -> None:
        """Make it as new: no keys, scripts, functions, other clients; statistics and CONFIG as at first."""
