"""Servers on folders of files: one of the learner's with a client, and a real Redis that is given what it has left.

The probes of this package and those of a full disk and of eviction come here.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import redis

from grader.checks.stages.persistence import left
from grader.checks.stages.registry import RealRedis, UnderTest
from grader.checks.verdict import Broken, show
from grader.servers import ServerError, StartFailed
from grader.servers.process import Option

SOON = 10.0  # seconds in which what is done in the background must have happened
AOF = ("--appendonly", "yes")
# What the kernel has survives SIGKILL: no policy is needed before the stage that is about them.
LOGGED = (*AOF, "--appendfsync", "no")


@contextlib.contextmanager
def running(theirs: UnderTest, *options: str, directory: Path | None = None) -> Iterator[tuple[UnderTest, Any]]:
    """Another server of the learner's program with a client of it.

    Raises:
        Broken: it does not start, or the connection ends or an error comes that the probe did not expect.
    """
    promise = f"a server with {' '.join(options)} starts and answers" if options else "the server answers"
    with telling(promise), theirs.sibling(*options, directory=directory) as server:
        yield server, client_of(server)


def client_of(server: UnderTest, **options: Any) -> Any:
    """A client that says nothing of itself, and takes and gives bytes."""
    defaults = {"protocol": 2, "retry": None, "socket_timeout": 5, "driver_info": None}
    return redis.Redis(host="127.0.0.1", port=server.port or 0, **{**defaults, **options})


@contextlib.contextmanager
def telling(promise: str) -> Iterator[None]:
    """Turn what goes wrong on the way into a broken promise."""
    try:
        yield
    except StartFailed as failed:
        raise Broken(promise, str(failed)) from None
    except redis.ResponseError as error:
        raise Broken(promise, f"it said {show(str(error))}") from None
    except (redis.RedisError, OSError) as error:
        raise Broken(promise, f"the connection ended: {error}") from None


@contextlib.contextmanager
def read_by_redis(real: RealRedis, folder: Path, promise: str, **config: Option) -> Iterator[Any]:
    """A client of a real Redis that was started on a copy of the files in `folder`, which are a stranger's.

    Raises:
        Broken: Redis refuses them, or ends by them.
        ServerError: it does not start without them either.
    """
    with tempfile.TemporaryDirectory(prefix="redis-course-") as copy:
        target = Path(copy) / "files"
        left.copy(folder, target)
        try:
            with real.sibling(directory=target, **config) as server:
                try:
                    yield server.client(decode_responses=False)
                finally:
                    server.kill()  # nothing of it is to be saved, and the files may have told it to do anything
        except ServerError as error:
            with real.sibling(directory=None, **config):
                # What it advises is for those who start a Redis of their own.
                raise Broken(promise, f"Redis refuses the files: {error.happened}") from None
        except redis.RedisError as error:
            raise Broken(promise, f"Redis, started with the files, does not answer: {error}") from None


def folder_of(server: UnderTest) -> Path:
    """Where a server writes."""
    assert server.directory is not None
    return server.directory


def wait_for(condition: Callable[[], bool], promise: str, happened: str) -> None:
    """Wait until something is so.

    Raises:
        Broken: it is not, after `SOON` seconds.
    """
    deadline = time.monotonic() + SOON
    while not condition():
        if time.monotonic() > deadline:
            raise Broken(f"{promise} within {SOON:.0f} seconds", happened)
        time.sleep(0.01)  # between two looks


def does_not_start(theirs: UnderTest, folder: Path, promise: str, *options: str) -> None:
    try:
        with theirs.sibling(*options, directory=folder) as server:
            keys = client_of(server).dbsize()
    except StartFailed:
        return
    except (redis.RedisError, OSError):
        return
    raise Broken(promise, f"yours starts, with {keys} keys")
