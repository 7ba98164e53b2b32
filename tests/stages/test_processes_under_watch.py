"""What a check does to a server's process from outside: how much it has worked, and a disk that is full."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import cast

import pytest
import redis

from grader.checks.stages.busy import processor_time
from grader.checks.stages.full_disk import limit_files
from grader.checks.stages.registry import UnderTest
from grader.servers.miniredis import miniredis
from tests.stages.conftest import ROOT

Until = Callable[..., None]


class Process:
    """One with a number."""

    def __init__(self, pid: int | None) -> None:
        self.pid = pid


def worked(pid: int | None) -> float | None:
    return processor_time(cast(UnderTest, Process(pid)))


def test_a_process_that_spins_has_worked_and_one_that_waits_has_not(until: Until) -> None:
    waits = "import sys; print('ready', flush=True); sys.stdin.read()"
    spins = "print('ready', flush=True)\nwhile True: pass"
    with (
        subprocess.Popen([sys.executable, "-c", waits], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as waiting,
        subprocess.Popen([sys.executable, "-c", spins], stdout=subprocess.PIPE) as spinning,
    ):
        try:
            for each in (waiting, spinning):
                assert each.stdout is not None and each.stdout.readline() == b"ready\n"
            idle, busy = worked(waiting.pid), worked(spinning.pid)
            assert idle is not None and busy is not None
            until(lambda: (worked(spinning.pid) or 0.0) > busy + 0.2, seconds=30)
            later = worked(waiting.pid)
            assert later is not None and later - idle < 0.1
        finally:
            waiting.kill()
            spinning.kill()


def test_nobody_knows_how_much_a_process_has_worked_that_is_not_there() -> None:
    assert worked(None) is None
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert worked(gone.pid) is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets the limits of another process")
def test_a_disk_can_be_full_for_a_while_and_only_for_one_that_survives_it() -> None:
    with miniredis(ROOT / "solutions") as server:
        client = server.client(decode_responses=False)
        client.set("large", os.urandom(100_000))
        assert limit_files(server, 2000)
        with pytest.raises(redis.ResponseError):
            client.save()
        assert limit_files(server, None)
        assert client.save()
    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            assert not limit_files(cast(UnderTest, Process(other.pid)), 2000)
        finally:
            other.kill()
