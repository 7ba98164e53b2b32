"""The learner's own Redis: the one that notebooks, lessons and `course` talk to when a person is at work."""

import atexit
import os
import threading
from pathlib import Path

from grader.servers.background import background_status, free_ports
from grader.servers.errors import PortBusy
from grader.servers.given import GivenServer
from grader.servers.process import LocalServer
from grader.servers.server import Server

_lock = threading.Lock()
_mine: LocalServer | None = None
_owner = 0


def learning(url: str | None = None, *, folder: Path | None = None) -> Server:
    """Return the learner's Redis: the first of these that there is.

    1. `url`, as `--redis` gives it;
    2. the environment variable REDIS_URL;
    3. the server of `course redis start` for the course in `folder` (the working directory);
    4. one of this process's own, from the best local binary, on port 6379 of 127.0.0.1 or the next free one;
       it ends with the process. Asked again, the same one is returned, started anew if it was shut down.

    Raises:
        Unreachable: an address was given and nothing answers there; there is no silent fall-back.
        Unsuitable: what answers there is older than 7.0.
        NoRedisFound: no address was given and there is no usable `redis-server`.
    """
    if url:
        return GivenServer(url, "the given address")
    if named := os.environ.get("REDIS_URL"):
        return GivenServer(named, "REDIS_URL")
    background = background_status(folder)
    if background:
        return GivenServer(background.url, "`course redis start`")
    return _own()


def _own() -> LocalServer:
    global _mine, _owner
    with _lock:
        if _mine is None or _owner != os.getpid():
            _mine = _begin()
            _owner = os.getpid()
            atexit.register(_mine.close)
        elif _mine.pid is None:
            _mine.restart()
        return _mine


def _begin() -> LocalServer:
    for port in free_ports():
        try:
            return LocalServer(port=port)
        except PortBusy:
            continue  # another program was faster
    return LocalServer(port=0)
