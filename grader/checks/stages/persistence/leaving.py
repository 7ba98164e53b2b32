"""SHUTDOWN and SIGTERM: a server that is asked to go, and what it has saved by then."""

from __future__ import annotations

import contextlib

import redis

from grader.checks.agreement.script import Scripts, cmd, one_of, scripts, text
from grader.checks.stages.persistence import left
from grader.checks.stages.persistence.commands import WRITES, do, same, state
from grader.checks.stages.persistence.folders import AOF, client_of, folder_of, running, wait_for
from grader.checks.stages.registry import UnderTest, stage, stage_probe
from grader.checks.verdict import Broken, show
from grader.servers import Server


@stage("mini.shutdown", state=False)
def words_that_shutdown_does_not_know() -> Scripts:
    """Options that contradict each other, and ABORT when nothing is going on."""
    return scripts(
        cmd("SHUTDOWN", one_of("FOO", "ABORT", "abort", text)),
        cmd("SHUTDOWN", "SAVE", "NOSAVE"),
        cmd("SHUTDOWN", "NOSAVE", "NOW", "SAVE"),
        cmd("SHUTDOWN", "ABORT", one_of("NOW", "FORCE", "SAVE")),
        wrong_arity=False,
        size=4,
    )


@stage_probe("mini.shutdown")
def shutdown_ends_the_server(theirs: UnderTest, real: Server) -> None:
    """SHUTDOWN SAVE writes the snapshot, SHUTDOWN NOSAVE does not; neither answers."""
    for option, saved in (("SAVE", True), ("NOSAVE", False)):
        with running(theirs) as (server, client):
            client.set("key", "value")
            with contextlib.suppress(redis.ConnectionError):
                answer = client.execute_command("SHUTDOWN", option)
                raise Broken(f"SHUTDOWN {option} has no reply: the connection ends", f"it answers {show(answer)}")
            wait_for(lambda: server.pid is None, f"the process ends after SHUTDOWN {option}", "it still runs")
            if left.has(folder_of(server), "dump.rdb") is not saved:
                raise Broken(
                    f"SHUTDOWN {option} leaves {'a' if saved else 'no'} dump.rdb",
                    f"there is {'none' if saved else 'one'}",
                )


@stage_probe("mini.shutdown")
def sigterm_loses_nothing(theirs: UnderTest, real: Server) -> None:
    """With save points the snapshot is written, with an append-only file everything is in it."""
    for options in (("--save", "3600 1000"), (*AOF, "--appendfsync", "no")):
        with running(theirs, *options) as (server, client):
            do(client, WRITES)
            wanted = state(client)
            server.stop()
            server.restart()
            same(f"after SIGTERM and a new start with {' '.join(options)}", wanted, state(client_of(server)))
