"""The stages of files once more: what becomes of them, and of what clients were told, when the disk takes no more.

A full disk is played by a limit on the size of files that is set from outside, on a process that runs.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import redis

from grader.checks.stages.persistence import left
from grader.checks.stages.persistence.commands import same, state
from grader.checks.stages.persistence.folders import folder_of, read_by_redis, running, wait_for
from grader.checks.stages.registry import RealRedis, UnderTest, stage_probe
from grader.checks.verdict import Broken, show
from grader.servers import Server
from grader.servers.miniredis import MiniServer


@stage_probe("mini.save")
def the_snapshot_is_replaced_and_not_written_over(theirs: UnderTest, real: Server) -> None:
    """Yesterday's file is whole until today's takes its name; where that is impossible SAVE says so, and tidies up."""
    with running(theirs) as (server, client):
        folder = folder_of(server)
        path = folder / "dump.rdb"
        client.set("yesterday", "1")
        client.save()
        yesterday, names = left.read(folder, "dump.rdb"), _names(folder)
        with tempfile.TemporaryDirectory(prefix="redis-course-", dir=folder.parent) as beside:
            kept = Path(beside) / "kept.rdb"
            os.link(path, kept, follow_symlinks=False)
            client.set("today", "x" * 1000)
            client.save()
            if left.read(Path(beside), kept.name) != yesterday:
                raise Broken("SAVE puts a new file in the place of the old one", "it writes over the old one")
        today = left.read(folder, "dump.rdb")
        _nothing_beside(folder, names, "SAVE")
        if limit_files(server, 2000):
            client.set("large", os.urandom(100_000))  # that no compression makes small
            _save_fails(client, "the disk is full")
            if not left.has(folder, "dump.rdb") or left.read(folder, "dump.rdb") != today:
                raise Broken("a SAVE that fails leaves the old file as it was", "it has changed, or is gone")
            _nothing_beside(folder, names, "a SAVE that fails")
        path.unlink()
        path.mkdir()
        _save_fails(client, "dump.rdb is a folder")
        _nothing_beside(folder, names, "a SAVE that fails")


def _save_fails(client: Any, why: str) -> None:
    try:
        client.save()
    except redis.ResponseError:
        return
    raise Broken(f"SAVE answers an error when {why}", "it answers OK")


def _nothing_beside(folder: Path, names: list[str], what: str) -> None:
    if _names(folder) != names:
        left = sorted({*_names(folder)} - {*names})
        raise Broken(f"{what} leaves no other file behind", f"there is {', '.join(left)}" if left else "one is gone")


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def limit_files(server: UnderTest, size: int | None) -> bool:
    """Let a server write files of no more than `size` bytes, as if the disk were full, or again of any size (None).

    Returns:
        False where that cannot be done, or would end the process, which must ignore SIGXFSZ. Python does: a learner's
        server that has asked for its end is ended.
    """
    if sys.platform != "linux":
        return False
    import resource

    assert server.pid is not None
    ignored = re.search(r"^SigIgn:\s*([0-9a-f]+)", Path(f"/proc/{server.pid}/status").read_text(), re.MULTILINE)
    ignores = ignored is not None and int(ignored[1], 16) >> (signal.SIGXFSZ - 1) & 1
    if not ignores and not isinstance(server, MiniServer):
        return False
    try:
        _, most = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))
    except PermissionError:
        return False  # in a sandbox it is another user's process: that is no fault of the server's
    return True


@stage_probe("mini.aof-write")
def a_write_that_fails_stops_the_writes(theirs: UnderTest, real: RealRedis) -> None:
    """The disk is full: what changes anything is refused, reading goes on. When there is room again nothing is lost."""
    with running(theirs, "--appendonly", "yes", "--appendfsync", "no") as (server, client):
        client.set("before", "1")
        if not limit_files(server, 2000):
            return
        # Nobody has found out yet when this one is answered: Redis takes it, and keeps it for later.
        client.set("large", os.urandom(100_000))
        expected = "MISCONF Errors writing to the AOF file"
        refused = _soon_refused(client)
        if refused is None:
            raise Broken(
                f"the append-only file takes no more: a SET is refused, -{expected}: …", "every SET is answered with OK"
            )
        if not refused.startswith(expected):
            raise Broken(f"a SET is refused with -{expected}: …", f"it answers -{refused}")
        if client.get("before") != b"1":
            raise Broken("while the disk is full, GET before is 1 as ever", f"it is {show(client.get('before'))}")
        limit_files(server, None)
        wait_for(
            lambda: _refused(client, "after") is None,
            "when there is room again SET is answered with OK",
            "it is refused",
        )
        wanted = state(client)
        server.kill()
        with read_by_redis(real, folder_of(server), "Redis reads the file", appendonly=True) as reader:
            same("when there was room again, all that was answered with OK came into the file", wanted, state(reader))


def _soon_refused(client: Any) -> str | None:
    """The error of the first SET that is refused; None if a hundred are not."""
    return next((error for number in range(100) if (error := _refused(client, f"more:{number}")) is not None), None)


def _refused(client: Any, name: str) -> str | None:
    try:
        client.execute_command("SET", name, "x")
    except redis.ResponseError as error:
        # redis-py takes the code off some errors and leaves it to others.
        return str(error)
    return None


@stage_probe("mini.aof-fsync")
def with_always_a_write_that_fails_is_not_answered(theirs: UnderTest, real: Server) -> None:
    """appendfsync always promises that what was answered is on the disk. A server that cannot keep that ends."""
    with running(theirs, "--appendonly", "yes", "--appendfsync", "always") as (server, client):
        client.set("before", "1")
        if not limit_files(server, 2000):
            return
        with contextlib.suppress(redis.ConnectionError):
            answer = client.execute_command("SET", "large", os.urandom(100_000))
            raise Broken(
                "with appendfsync always a SET that cannot be written is not answered: the server ends",
                f"it answers {show(answer)}",
            )
