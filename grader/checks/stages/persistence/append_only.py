"""The append-only file: what is written before the reply, survives SIGKILL, and is loaded by either server."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import redis

from grader.checks.stages.persistence import left
from grader.checks.stages.persistence.commands import WRITES, do, model, same, state
from grader.checks.stages.persistence.folders import (
    AOF,
    LOGGED,
    client_of,
    folder_of,
    read_by_redis,
    running,
    wait_for,
)
from grader.checks.stages.registry import RealRedis, UnderTest, stage_probe
from grader.checks.verdict import Broken, show
from grader.servers import Server


@stage_probe("mini.aof-write")
def redis_reads_the_append_only_file(theirs: UnderTest, real: RealRedis) -> None:
    """After a SIGKILL a real Redis that finds the file has all that was answered."""
    wanted = model(real)
    with running(theirs, *LOGGED) as (server, client):
        do(client, WRITES)
        server.kill()
        with read_by_redis(real, folder_of(server), "Redis reads the file", appendonly=True) as other:
            same("a real Redis that starts with the file has the keys", wanted, state(other), "to Redis")


@stage_probe("mini.aof-write")
def only_what_has_changed_something_is_written(theirs: UnderTest, real: Server) -> None:
    """No reads, no commands that were refused, none that found nothing to do."""
    with running(theirs, *LOGGED) as (server, client):
        client.set("text", "abc")
        for words in (
            ("GET", "only-read"),
            ("INCR", "text"),
            ("LPUSH", "text", "refused-element"),
            ("SET", "refused-key", "x", "NX", "XX"),
            ("DEL", "not-there"),
            ("SREM", "not-there-either", "x"),
            ("HSET", "refused-arity", "field"),
        ):
            with contextlib.suppress(redis.ResponseError):
                client.execute_command(*words)
        server.kill()
        folder = folder_of(server)
        log = b"".join(left.read(folder, name) for name in left.increments(folder))
        for word in (b"only-read", b"refused-element", b"refused-key", b"not-there", b"refused-arity", b"INCR"):
            if word in log.upper() or word in log:
                raise Broken("only commands that have changed something are in the file", f"{show(word)} is in it")


@stage_probe("mini.aof-select")
def each_command_is_loaded_into_its_database(theirs: UnderTest, real: RealRedis) -> None:
    """Clients of several databases take turns."""
    with running(theirs, *LOGGED) as (server, client):
        others = {number: client_of(server, db=number) for number in (3, 9)}
        for turn in range(3):
            client.rpush("key", f"0-{turn}")
            for number, other in others.items():
                other.rpush("key", f"{number}-{turn}")
        server.kill()
        with read_by_redis(real, folder_of(server), "Redis reads the file", appendonly=True) as reader:
            for number in (0, 3, 9):
                reader.select(number)
                got = reader.lrange("key", 0, -1)
                wanted = [f"{number}-{turn}".encode() for turn in range(3)]
                if got != wanted:
                    raise Broken(f"database {number} has {show(wanted)}", f"Redis finds {show(got)} there")


@stage_probe("mini.aof-load")
def a_killed_server_comes_back(theirs: UnderTest, real: Server) -> None:
    """It runs its own file again when it starts, and goes on writing to it."""
    wanted = model(real)
    with running(theirs, *LOGGED) as (server, client):
        do(client, WRITES[:10])
        for more in (WRITES[10:], ()):
            server.kill()
            server.restart()
            do(client_of(server), more)
        same("a server that was killed and started again has its keys", wanted, state(client_of(server)))


@stage_probe("mini.aof-load")
def the_append_only_file_of_redis_is_loaded(theirs: UnderTest, real: RealRedis) -> None:
    """One without a snapshot in it, and with transactions, written by a real Redis."""
    with tempfile.TemporaryDirectory(prefix="redis-course-") as folder:
        with real.sibling(directory=Path(folder), appendonly=True, aof_use_rdb_preamble=False) as other:
            writer = other.client(decode_responses=False)
            do(writer, WRITES)
            pipe = writer.pipeline()
            pipe.incr("t1")
            pipe.incr("t2")
            pipe.execute()
            wanted = state(writer)
        with running(theirs, *AOF, directory=Path(folder)) as (_, client):
            same("a server that starts with the file of Redis has its keys", wanted, state(client))


@stage_probe("mini.aof-transaction")
def a_transaction_is_loaded_whole_or_not_at_all(theirs: UnderTest, real: RealRedis) -> None:
    """The file is cut off in the middle of what EXEC has written."""
    with running(theirs, *LOGGED) as (server, client):
        client.set("first", "1")
        pipe = client.pipeline()
        pipe.set("one", "x" * 20)
        pipe.set("two", "y" * 20)
        pipe.set("three", "z" * 20)
        pipe.execute()
        server.kill()
        folder = folder_of(server)
        increment = left.increments(folder)[0]
        data = left.read(folder, increment)
        for end in (data.find(b"y" * 20), data.find(b"z" * 20), data.find(b"z" * 20) + 22):
            left.write(folder, increment, data[:end])
            with read_by_redis(real, folder, "Redis reads the file", appendonly=True) as reader:
                keys = sorted(reader.keys())
                if keys != [b"first"]:
                    raise Broken(
                        "of a file that ends before the EXEC, nothing of the transaction is loaded",
                        f"Redis finds {show(keys)}",
                    )
        left.write(folder, increment, data)
        with read_by_redis(real, folder, "Redis reads the file", appendonly=True) as reader:
            if reader.dbsize() != 4:
                raise Broken("the whole transaction is loaded from the whole file", f"Redis has {reader.dbsize()} keys")


@stage_probe("mini.aof-effects")
def an_end_is_a_moment_in_the_file(theirs: UnderTest, real: RealRedis) -> None:
    """EXPIRE and its kind: loaded later, the key still ends when it was to end, and one that has ended is gone."""
    with running(theirs, *LOGGED) as (server, client):
        do(
            client,
            [
                ("SET", "expire", "x"),
                ("EXPIRE", "expire", 1000),
                ("SET", "set ex", "x", "EX", 1000),
                ("SET", "set px", "x", "PX", 1_000_000),
                ("SET", "short", "x", "PX", 40),
                ("SET", "pexpire", "x"),
                ("PEXPIRE", "pexpire", 1_000_000),
            ],
        )
        ends = {name: client.execute_command("PEXPIRETIME", name) for name in ("expire", "set ex", "set px", "pexpire")}
        wait_for(lambda: client.get("short") is None, "a key of 40 ms ends", "it did not")
        server.kill()
        with read_by_redis(real, folder_of(server), "Redis reads the file", appendonly=True) as reader:
            for name, end in ends.items():
                found = reader.execute_command("PEXPIRETIME", name)
                if found != end:
                    raise Broken(
                        f"{name!r} ends at {end}, also for whoever loads the file later", f"Redis reads {found}"
                    )
            if reader.exists("short"):
                raise Broken(
                    "a key that has ended is not loaded again", f"Redis finds it, for {reader.pttl('short')} ms"
                )


@stage_probe("mini.aof-effects")
def chance_is_not_taken_twice(theirs: UnderTest, real: RealRedis) -> None:
    """SPOP takes any member: the file must say which."""
    with running(theirs, *LOGGED) as (server, client):
        client.sadd("set", *range(100))
        for _ in range(50):
            client.spop("set")
        client.set("float", "3.0")
        client.incrbyfloat("float", "0.1")
        wanted = state(client)
        server.kill()
        with read_by_redis(real, folder_of(server), "Redis reads the file", appendonly=True) as reader:
            same("what SPOP has left is what is loaded", wanted, state(reader), "to Redis")


@stage_probe("mini.aof-fsync")
def a_reply_means_that_it_is_written(theirs: UnderTest, real: Server) -> None:
    """SIGKILL at the moment of the reply: the write is in the file, whatever appendfsync is."""
    for policy, kills in (("always", 4), ("everysec", 2), ("no", 2)):
        with running(theirs, *AOF, "--appendfsync", policy) as (server, client):
            for number in range(kills):
                client.set("key", number)
                server.kill()
                server.restart()
                client = client_of(server)
                got = client.get("key")
                if got != str(number).encode():
                    raise Broken(
                        f"with appendfsync {policy}, SET key {number} was answered, so it survives a SIGKILL",
                        f"after the restart it is {show(got)}",
                    )


@stage_probe("mini.aof-rewrite")
def a_rewritten_file_is_short_and_complete(theirs: UnderTest, real: RealRedis) -> None:
    """BGREWRITEAOF: thousands of changes become what they have made; those that come meanwhile are kept."""
    with running(theirs, *LOGGED) as (server, client):
        pipe = client.pipeline(transaction=False)
        for number in range(3000):
            pipe.set(f"key:{number % 10}", number)
        pipe.execute()
        folder = folder_of(server)
        before = left.append_only_size(folder)
        pipe.execute_command("BGREWRITEAOF")
        pipe.set("meanwhile", "1")
        pipe.execute()
        wait_for(
            lambda: left.append_only_size(folder) < before // 2,
            "the rewritten file is shorter",
            f"it has {before} bytes",
        )
        client.set("afterwards", "1")
        wanted = state(client)
        server.kill()
        with read_by_redis(real, folder, "Redis reads the rewritten file", appendonly=True) as reader:
            same("the rewritten file has all keys", wanted, state(reader), "to Redis")
        server.restart()
        same("the rewritten file has all keys", wanted, state(client_of(server)))


@stage_probe("mini.aof-rewrite")
def the_rewritten_file_of_redis_is_loaded(theirs: UnderTest, real: RealRedis) -> None:
    """Its base is a snapshot."""
    with tempfile.TemporaryDirectory(prefix="redis-course-") as folder:
        with real.sibling(directory=Path(folder), appendonly=True) as other:
            writer = other.client(decode_responses=False)
            do(writer, WRITES[:12])
            writer.bgrewriteaof()
            wait_for(lambda: not writer.info("persistence")["aof_rewrite_in_progress"], "Redis rewrites", "it did not")
            do(writer, WRITES[12:])
            wanted = state(writer)
        with running(theirs, *AOF, directory=Path(folder)) as (_, client):
            same("a server that starts with the file of Redis has its keys", wanted, state(client))
