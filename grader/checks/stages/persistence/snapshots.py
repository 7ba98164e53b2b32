"""dump.rdb: what SAVE, BGSAVE and save points write, read by a real Redis, and the file of a real Redis loaded."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from grader.checks.stages.persistence import left
from grader.checks.stages.persistence.commands import WRITES, Words, do, large, model, same, state
from grader.checks.stages.persistence.folders import (
    client_of,
    does_not_start,
    folder_of,
    read_by_redis,
    running,
    telling,
    wait_for,
)
from grader.checks.stages.registry import RealRedis, UnderTest, stage_probe
from grader.checks.verdict import Broken, show
from grader.servers import Server


@stage_probe("mini.save")
def redis_reads_the_snapshot(theirs: UnderTest, real: RealRedis) -> None:
    """SAVE writes dump.rdb, and a real Redis that finds it has the same keys, in all databases."""
    wanted = model(real)
    with running(theirs) as (server, client):
        do(client, WRITES)
        second = client_of(server, db=9)
        second.set("elsewhere", "9")
        began = int(time.time())
        client.save()
        saved = client.lastsave()
        # Redis looks at the clock now and then.
        if not began - 1 <= saved.timestamp() <= time.time():
            raise Broken(f"LASTSAVE is the moment of SAVE, {began}", f"it is {saved.timestamp():.0f}")
        server.kill()
        if not left.has(folder_of(server), "dump.rdb"):
            raise Broken("SAVE writes dump.rdb into the folder of --dir", "there is no such file")
        with read_by_redis(real, folder_of(server), "Redis reads dump.rdb") as other:
            same("after SAVE a real Redis that starts with the file has the keys", wanted, state(other), "to Redis")
            other.select(9)
            if other.get("elsewhere") != b"9":
                raise Broken("keys of database 9 are in database 9 again", f"Redis has {show(other.keys())} there")


_ENDS: tuple[Words, ...] = (
    ("SET", "one day", "x", "PXAT", 4_000_000_000_000),
    ("RPUSH", "list", "x"),
    ("PEXPIREAT", "list", 3_999_999_999_999),
    ("SET", "no end", "x"),
)


@stage_probe("mini.rdb-expiry")
def ends_are_in_the_snapshot(theirs: UnderTest, real: RealRedis) -> None:
    """A key that has an end has the same one after SAVE, in a real Redis."""
    with running(theirs) as (server, client):
        do(client, _ENDS)
        client.save()
        server.kill()
        with read_by_redis(real, folder_of(server), "Redis reads dump.rdb") as other:
            for name, end in (("one day", 4_000_000_000_000), ("list", 3_999_999_999_999), ("no end", -1)):
                found = other.execute_command("PEXPIRETIME", name)
                if found != end:
                    raise Broken(f"the end of {name!r} is {end} in the file", f"Redis reads {found}")


@stage_probe("mini.rdb-load")
def a_snapshot_of_redis_is_loaded(theirs: UnderTest, real: RealRedis) -> None:
    """A server that finds a dump.rdb of a real Redis starts with its keys; those whose time is over stay away."""
    commands = [*WRITES, *_ENDS[:2], *large(), ("SET", "short", "x", "PX", 1)]
    with tempfile.TemporaryDirectory(prefix="redis-course-") as folder:
        with real.sibling(directory=Path(folder)) as other:
            writer = other.client(decode_responses=False)
            writer.config_set("hz", 1)
            do(writer, commands)
            writer.select(9)
            writer.set("elsewhere", "9")
            writer.save()
            writer.select(0)
            wait_for(lambda: writer.get("short") is None, "a key of one millisecond ends", "it did not")
            wanted = state(writer)
        with running(theirs, directory=Path(folder)) as (server, client):
            size = client.dbsize()
            if size != len(wanted):
                raise Broken(
                    f"{len(wanted)} keys are loaded, for the time of {show('short')} is over", f"DBSIZE says {size}"
                )
            same("a server that starts with a snapshot of Redis has its keys", wanted, state(client))
            end = client.pttl("one day")
            if end < 0:
                raise Broken("the end of a key is loaded with it", f"PTTL says {end}")
            if client_of(server, db=9).get("elsewhere") != b"9":
                raise Broken("the keys of database 9 are in database 9", "they are not")


@stage_probe("mini.rdb-load")
def a_damaged_snapshot_is_refused(theirs: UnderTest, real: RealRedis) -> None:
    """One wrong byte, and the server does not start: the checksum tells."""
    with tempfile.TemporaryDirectory(prefix="redis-course-") as folder:
        path = Path(folder) / "dump.rdb"
        with real.sibling(directory=Path(folder)) as other:
            other.client().set("key", "a value of some length")
            other.client().save()
        data = path.read_bytes()
        path.write_bytes(data.replace(b"some length", b"some lengtH"))
        does_not_start(theirs, Path(folder), "a server does not start with a snapshot of which a byte was changed")


@stage_probe("mini.bgsave")
def a_child_saves_what_was_there_when_it_began(theirs: UnderTest, real: RealRedis) -> None:
    """BGSAVE answers at once; what changes afterwards is not in the file."""
    with running(theirs) as (server, client):
        pipe = client.pipeline(transaction=False)
        for number in range(5000):
            pipe.set(f"key:{number}", "x" * 50)
        pipe.set("moment", "before")
        pipe.execute()
        pipe.execute_command("BGSAVE")
        pipe.set("moment", "after")
        answers = pipe.execute()
        if answers[0] not in (True, b"Background saving started"):
            raise Broken("BGSAVE answers Background saving started", f"it answers {show(answers[0])}")
        wait_for(lambda: left.has(folder_of(server), "dump.rdb"), "BGSAVE writes dump.rdb", "there is no such file")
        server.kill()
        with read_by_redis(real, folder_of(server), "Redis reads dump.rdb") as other:
            if other.dbsize() != 5001 or other.get("moment") != b"before":
                raise Broken(
                    "the snapshot is that of the moment of BGSAVE: 5001 keys, and moment is before",
                    f"it has {other.dbsize()} keys, and moment is {show(other.get('moment'))}",
                )


@stage_probe("mini.save-points")
def a_save_point_saves_by_itself(theirs: UnderTest, real: Server) -> None:
    """--save "1 2": two changes, and a second later they are in the file; one change alone is not saved."""
    with running(theirs, "--save", "1 2") as (server, client):
        client.set("a", "1")
        client.set("b", "2")
        wait_for(lambda: left.has(folder_of(server), "dump.rdb"), "two changes are saved", "there is no dump.rdb")
        server.kill()
        with telling("the server starts again"):
            server.restart()
            if sorted(client_of(server).keys()) != [b"a", b"b"]:
                raise Broken("both keys were saved", f"there are {show(client_of(server).keys())}")
    with running(theirs, "--save", "1 1000") as (server, client), running(theirs, "--save", "1 1") as (other, second):
        client.set("a", "1")
        second.set("a", "1")
        wait_for(lambda: left.has(folder_of(other), "dump.rdb"), "--save 1 1 saves after one change", "it did not")
        if left.has(folder_of(server), "dump.rdb"):
            raise Broken("--save 1 1000 does not save after one change", "it did")
