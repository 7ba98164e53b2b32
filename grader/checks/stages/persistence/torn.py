"""Append-only files that a crash has cut off, and one that no crash explains: what is loaded, and what is refused."""

from __future__ import annotations

from pathlib import Path

import redis

from grader.checks.stages.persistence import left
from grader.checks.stages.persistence.folders import (
    AOF,
    LOGGED,
    client_of,
    does_not_start,
    folder_of,
    running,
    telling,
)
from grader.checks.stages.registry import UnderTest, stage_probe
from grader.checks.verdict import Broken, show
from grader.resp import encode_command
from grader.servers import Server


@stage_probe("mini.aof-truncated")
def a_file_without_its_end_is_cut_off_behind_the_last_whole_command(theirs: UnderTest, real: Server) -> None:
    """The server starts with all whole commands, and writes on behind them."""
    with running(theirs, *LOGGED) as (server, client):
        folder, increment, data = _killed_behind_three_writes(server, client)
        last = data.rfind(b"*3\r\n")
        for end in (last + 1, last + 20, len(data) - 1):
            left.write(folder, increment, data[:end])
            promise = f"a server whose file ends {len(data) - end} bytes too early starts with what is whole: a and b"
            with telling(promise):
                server.restart()
                keys = sorted(client_of(server).keys())
                if keys != [b"a", b"b"]:
                    raise Broken(promise, f"it has {show(keys)}")
                client_of(server).set("d", "4")
                server.kill()
                server.restart()
                keys = sorted(client_of(server).keys())
                if keys != [b"a", b"b", b"d"]:
                    raise Broken("what it writes then is loaded the next time: a, b and d", f"it has {show(keys)}")
                server.kill()


@stage_probe("mini.aof-truncated")
def a_transaction_without_its_exec_is_cut_off_whole(theirs: UnderTest, real: Server) -> None:
    """Its commands are there to their last byte, and EXEC is not: none is run, and the file ends before MULTI."""
    with running(theirs, *LOGGED) as (server, client):
        client.set("counter", "1")
        server.kill()
        folder = folder_of(server)
        increment = left.increments(folder)[0]
        data = left.read(folder, increment)
        left.write(folder, increment, data + encode_command("MULTI") + encode_command("INCR", "counter"))
        with telling("a server whose file ends in a transaction without its EXEC starts with what is before it"):
            server.restart()
            got = client_of(server).get("counter")
        if got != b"1":
            raise Broken(
                "a file ends in MULTI and INCR counter, without EXEC: the transaction never happened, counter is 1",
                f"it is {show(got)}",
            )
        if left.read(folder, increment) != data:
            raise Broken(
                f"the file is cut off before the MULTI that has no EXEC, to {len(data)} bytes",
                f"it has {left.size(folder, increment)}: what is written next would be part of the transaction",
            )


@stage_probe("mini.aof-truncated")
def a_file_that_is_wrong_in_the_middle_is_refused(theirs: UnderTest, real: Server) -> None:
    """That is no accident of a crash: the server does not start, and leaves the file alone."""
    with running(theirs, *LOGGED) as (server, client):
        folder, increment, data = _killed_behind_three_writes(server, client)
        left.write(folder, increment, data.replace(b"$10\r\nbb", b"#10\r\nbb"))
        spoiled = left.read(folder, increment)
        does_not_start(theirs, folder, "a server does not start with a file that is wrong in the middle", *AOF)
        if left.read(folder, increment) != spoiled:
            raise Broken("a file that is refused stays as it is", "it was changed")
        left.write(folder, increment, data[:-3])
        options = (*AOF, "--aof-load-truncated", "no")
        does_not_start(theirs, folder, "with aof-load-truncated no, a file without its end is refused", *options)


def _killed_behind_three_writes(server: UnderTest, client: redis.Redis) -> tuple[Path, str, bytes]:
    """The folder of a server that has written a, b and c, and was killed; its increment, and what that holds."""
    for name in ("a", "b", "c"):
        client.set(name, name * 10)
    server.kill()
    folder = folder_of(server)
    increment = left.increments(folder)[0]
    return folder, increment, left.read(folder, increment)
