"""The stages of files: what a server keeps when it is killed, and whether Redis can read it, and the other way round.

No reply can show any of that. So these are probes: a server of the learner's program is started in a folder of its own,
spoken to, killed with SIGKILL and started again; a real Redis is given the files it has left, and it those of a real
Redis. What must be there is what a real Redis holds after the same commands.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import redis

from grader.checks.agreement.script import Scripts, any_order, cmd, integer, key, maybe, one_of, scripts, small, text
from grader.checks.bytes_view import literal
from grader.checks.stages.registry import UnderTest, stage, stage_probe
from grader.checks.verdict import Broken, show
from grader.resp import encode_command
from grader.servers import Server, ServerError, StartFailed, binaries, standalone

Words: TypeAlias = Sequence[str | int | float | bytes]
State: TypeAlias = dict[bytes, Any]

SOON = 10.0  # seconds in which what is done in the background must have happened
_AOF = ("--appendonly", "yes")
# What the kernel has survives SIGKILL: no policy is needed before the stage that is about them.
_LOGGED = (*_AOF, "--appendfsync", "no")
# Some of everything: odd bytes, empty values, changes in place, keys that go again.
WRITES: tuple[Words, ...] = (
    ("SET", "greeting", "hello"),
    ("SET", b"\xff\x00\r\n", b"*1\r\n$4\r\nPING\r\n"),
    ("SET", "empty", ""),
    ("MSET", "a", 1, "b", "two", "c", 3),
    ("INCRBY", "a", 41),
    ("APPEND", "greeting", " world"),
    ("SETRANGE", "greeting", 6, b"W\x80"),
    ("DEL", "c"),
    ("RPUSH", "list", "x", "", b"\x00\xff", "12", "x"),
    ("LPUSH", "list", "first"),
    ("LREM", "list", 1, "x"),
    ("SADD", "set", "a", "b", "17"),
    ("SREM", "set", "b"),
    ("HSET", "hash", "field", "value", "", "empty name", "n", 5),
    ("HINCRBY", "hash", "n", 5),
    ("ZADD", "zset", 1.5, "a", -3, "b", "inf", "c"),
    ("ZINCRBY", "zset", 0.25, "a"),
    ("RPUSH", "emptied", "x"),
    ("LPOP", "emptied"),
    ("RENAME", "b", "renamed"),
    ("SET", "twice", "old"),
    ("SET", "twice", "new"),
)
_STRINGS: tuple[bytes, ...] = (
    *(b"", b"a", b"hello", b"0", b"-1", b"127", b"128", b"-32769", b"2147483647", b"2147483648", b"007", b"+5"),
    *(b"x" * 63, b"x" * 64, b"\x00\xff\r\n" * 5, b"word " * 40, b"y" * 16383, b"z" * 16384, b"\xc3" * 70_000),
)


# Talking


@contextlib.contextmanager
def running(theirs: UnderTest, *options: str, directory: Path | None = None) -> Iterator[tuple[UnderTest, Any]]:
    """Another server of the learner's program with a client of it.

    Raises:
        Broken: it does not start, or the connection ends or an error comes that the probe did not expect.
    """
    with _telling(f"a server with {' '.join(options)} starts and answers" if options else "the server answers"):  # noqa: SIM117
        with theirs.sibling(*options, directory=directory) as server:
            yield server, client_of(server)


def client_of(server: UnderTest, **options: Any) -> Any:
    """A client that says nothing of itself, and takes and gives bytes."""
    defaults = {"protocol": 2, "retry": None, "socket_timeout": 5, "driver_info": None}
    return redis.Redis(host="127.0.0.1", port=server.port or 0, **{**defaults, **options})


@contextlib.contextmanager
def _telling(promise: str) -> Iterator[None]:
    """Turn what goes wrong on the way into a broken promise."""
    try:
        yield
    except StartFailed as failed:
        raise Broken(promise, str(failed)) from None
    except redis.ResponseError as error:
        raise Broken(promise, f"it said {show(str(error))}") from None
    except (redis.RedisError, OSError) as error:
        raise Broken(promise, f"the connection ended: {error}") from None


def do(client: Any, commands: Sequence[Words]) -> None:
    """Send commands, one after the other."""
    for words in commands:
        client.execute_command(*words)


def state(client: Any) -> State:
    """Everything in the selected database, by key: type and value."""
    return {name: _value(client, name) for name in client.keys("*")}


def _value(client: Any, name: bytes) -> Any:
    kind = client.type(name)
    readers: dict[bytes, Callable[[], Any]] = {
        b"string": lambda: client.get(name),
        b"list": lambda: client.lrange(name, 0, -1),
        b"set": lambda: client.smembers(name),
        b"hash": lambda: client.hgetall(name),
        b"zset": lambda: client.zrange(name, 0, -1, withscores=True),
    }
    reader = readers.get(kind)
    return kind, reader() if reader else None


def same(promise: str, wanted: State, got: State, whose: str = "there") -> None:
    """Compare two states.

    Raises:
        Broken: naming the first key that differs.
    """
    for name in sorted({*wanted, *got}):
        if wanted.get(name) != got.get(name):
            raise Broken(
                f"{promise}: key {show(name)} is {_shown(wanted.get(name))}", f"{whose} it is {_shown(got.get(name))}"
            )


def _shown(value: Any) -> str:
    return "not there" if value is None else f"a {value[0].decode()}, {show(value[1], 120)}"


@contextlib.contextmanager
def read_by_redis(folder: Path, promise: str, **config: Any) -> Iterator[Any]:
    """A client of a real Redis that was started on a copy of the files in `folder`."""
    with tempfile.TemporaryDirectory(prefix="redis-course-") as copy:
        target = Path(copy) / "files"
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*.log", "*.sock"))
        try:
            with standalone(binary=max(binaries(), key=lambda b: b.version), directory=target, **config) as server:
                yield server.client(decode_responses=False)
        except ServerError as error:
            raise Broken(promise, f"Redis refuses the files: {error}") from None


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


def increments(folder: Path) -> bytes:
    """The bytes of the increments of an append-only file."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("appendonlydir/*.incr.aof")))


def _model(real: Server, commands: Sequence[Words] = WRITES) -> State:
    """What a real Redis holds after some commands."""
    client = real.client(decode_responses=False)
    client.flushall()
    do(client, commands)
    return state(client)


# Values as bytes


@stage_probe("mini.dump")
def redis_restores_a_dumped_string(theirs: UnderTest, real: Server) -> None:
    """What DUMP returns is a string that RESTORE of a real Redis takes."""
    with _telling("DUMP answers"):
        client, other = client_of(theirs), real.client(decode_responses=False)
        client.flushall()
        if client.dump("nobody") is not None:
            raise Broken("DUMP of a missing key is nil", "it is something")
        for value in _STRINGS:
            client.set("k", value)
            _restored(other, client.dump("k"), value)


def _restored(other: Any, payload: Any, value: bytes) -> None:
    promise = f"Redis restores the dump of {show(value, 40)}"
    if not isinstance(payload, bytes):
        raise Broken(promise, f"DUMP returned {show(payload)}")
    try:
        other.restore("k", 0, payload, replace=True)
    except redis.ResponseError as error:
        raise Broken(promise, f"it says {error}, to {show(payload, 80)}") from None
    got = other.get("k")
    if got != value:
        raise Broken(promise, f"it finds {show(got, 60)} in {show(payload, 80)}")


# "hello" as Redis 7.0 dumps it: a payload that both servers take.
_HELLO = b"\x00\x05hello\n\x00cr\xdfve4 \n"
# The same, with the right checksum, of version 80, and of version 2560: 10 with its two bytes the wrong way round.
_LATER = b"\x00\x05helloP\x00\xacX\x16\xe7\xfbfG\xfe"
_TURNED = b"\x00\x05hello\x00\n\xb9\x05\xfc>NF\x1a\x8e"
_spoiled = one_of(_HELLO[:-1] + b"\x00", _HELLO[:-9] + b"\xff" + _HELLO[-8:], b"", b"short")
_payload = one_of(_HELLO, _spoiled)


@stage("mini.restore")
def options_of_restore() -> Scripts:
    """Options in any order, wrong payloads, keys that are there."""
    ttl = one_of("0", "0", "100000", integer)
    options = any_order(
        maybe(("REPLACE",)), maybe(("ABSTTL",)), maybe(("IDLETIME", small)), maybe(("FREQ", small)), maybe((text,))
    )
    return scripts(cmd("RESTORE", key, ttl, _payload, options), cmd("GET", key), cmd("SET", key, text), cmd("DEL", key))


@stage_probe("mini.restore")
def a_later_version_is_refused(theirs: UnderTest, real: Server) -> None:
    """A payload that is whole, and of a version that nobody knows yet: what its bytes mean is not known either."""
    for payload, version in ((_LATER, 80), (_TURNED, 2560)):
        answers = []
        with _telling("RESTORE answers"):
            for client in (real.client(decode_responses=False), client_of(theirs)):
                client.delete("k")
                try:
                    answers.append(client.restore("k", 0, payload))
                except redis.ResponseError as error:
                    answers.append(str(error))
        if answers[0] != answers[1]:
            raise Broken(
                f"RESTORE k 0 {literal(payload)}, a payload of version {version}, is answered {show(answers[0])}",
                f"it is answered {show(answers[1])}",
            )


@stage_probe("mini.restore")
def how_long_nobody_used_it_comes_along(theirs: UnderTest, real: Server) -> None:
    """RESTORE … IDLETIME: a key that was idle for an hour on the other server is no young one here."""
    with _telling("RESTORE takes IDLETIME"):
        client = client_of(theirs)
        for options, least in (((), 0), (("IDLETIME", 3600), 3600), (("REPLACE", "idletime", 7200), 7200)):
            client.execute_command("DEL", "k")
            client.execute_command("RESTORE", "k", 0, _HELLO, *options)
            idle = client.execute_command("OBJECT", "IDLETIME", "k")
            if not isinstance(idle, int) or not least <= idle <= least + SOON:
                words = " ".join(map(str, ("RESTORE", "k", 0, "…", *options)))
                raise Broken(f"after {words}, OBJECT IDLETIME k is {least}", f"it is {show(idle)}")


@stage_probe("mini.restore")
def a_string_dumped_by_redis_is_restored(theirs: UnderTest, real: Server) -> None:
    """Strings of every form that Redis writes: short, long, integers, compressed."""
    _carried(theirs, real, [("SET", f"k{number}", value) for number, value in enumerate(_STRINGS)])


def _carried(theirs: UnderTest, real: Server, commands: Sequence[Words]) -> None:
    """Keys made by a real Redis and restored on the learner's server are what they were."""
    with _telling("RESTORE takes what DUMP of a real Redis returns"):
        client, other = client_of(theirs), real.client(decode_responses=False)
        wanted = _model(real, commands)
        client.flushall()
        for name in wanted:
            try:
                client.restore(name, 0, other.dump(name))
            except redis.ResponseError as error:
                form = other.object("encoding", name)
                raise Broken(
                    f"RESTORE takes {show(name)}, a {wanted[name][0].decode()} ({show(form)})", f"it says {error}"
                ) from None
        same("what Redis has dumped comes back", wanted, state(client))


_PLAIN: tuple[Words, ...] = (
    ("RPUSH", "list", "a", "", "-12", b"\xff\r\n", "x" * 100),
    ("SADD", "integers", 1, -5, 70_000, 2**40),
    ("SADD", "set", "a", "b", "12"),
    ("HSET", "hash", "f", "v", "12", "-7", "", "x" * 70),
    ("ZADD", "zset", 1.5, "a", -0.1, "b", "inf", "c", "-inf", "d", 17, "17"),
)


@stage_probe("mini.rdb-collections")
def redis_restores_collections(theirs: UnderTest, real: Server) -> None:
    """Lists, sets, hashes and sorted sets, small ones and large ones."""
    wanted = _model(real, [*_PLAIN, *_large()])
    other = real.client(decode_responses=False)
    with _telling("DUMP answers for every type"):
        client = client_of(theirs)
        client.flushall()
        do(client, [*_PLAIN, *_large()])
        other.flushall()
        for name in wanted:
            payload = client.dump(name)
            try:
                other.restore(name, 0, payload)
            except redis.ResponseError as error:
                raise Broken(f"Redis restores the dump of {show(name)}", f"it says {error}") from None
        same("Redis finds in a dump what was dumped", wanted, state(other))


def _large() -> list[Words]:
    many = [f"member {number}" for number in range(700)]
    return [
        ("RPUSH", "long list", *many, "x" * 70_000, *many),
        ("SADD", "large set", *many),
        ("SADD", "many integers", *range(1000)),
        ("HSET", "large hash", *(word for number in range(700) for word in (f"f{number}", number))),
        ("ZADD", "large zset", *(word for number in range(300) for word in (number / 7, f"m{number}"))),
    ]


@stage_probe("mini.rdb-compact")
def what_redis_has_packed_is_read(theirs: UnderTest, real: Server) -> None:
    """Listpacks, sets of integers, quicklists: the forms in which Redis writes collections."""
    _carried(theirs, real, [*_PLAIN, *_large()])


# Snapshots


@stage_probe("mini.save")
def redis_reads_the_snapshot(theirs: UnderTest, real: Server) -> None:
    """SAVE writes dump.rdb, and a real Redis that finds it has the same keys, in all databases."""
    wanted = _model(real)
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
        if not (folder_of(server) / "dump.rdb").exists():
            raise Broken("SAVE writes dump.rdb into the folder of --dir", "there is no such file")
        with read_by_redis(folder_of(server), "Redis reads dump.rdb") as other:
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
def ends_are_in_the_snapshot(theirs: UnderTest, real: Server) -> None:
    """A key that has an end has the same one after SAVE, in a real Redis."""
    with running(theirs) as (server, client):
        do(client, _ENDS)
        client.save()
        server.kill()
        with read_by_redis(folder_of(server), "Redis reads dump.rdb") as other:
            for name, end in (("one day", 4_000_000_000_000), ("list", 3_999_999_999_999), ("no end", -1)):
                found = other.execute_command("PEXPIRETIME", name)
                if found != end:
                    raise Broken(f"the end of {name!r} is {end} in the file", f"Redis reads {found}")


@stage_probe("mini.rdb-load")
def a_snapshot_of_redis_is_loaded(theirs: UnderTest, real: Server) -> None:
    """A server that finds a dump.rdb of a real Redis starts with its keys; those whose time is over stay away."""
    commands = [*WRITES, *_ENDS[:2], *_large(), ("SET", "short", "x", "PX", 1)]
    with tempfile.TemporaryDirectory(prefix="redis-course-") as folder:
        with standalone(directory=Path(folder)) as other:
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
def a_damaged_snapshot_is_refused(theirs: UnderTest, real: Server) -> None:
    """One wrong byte, and the server does not start: the checksum tells."""
    with tempfile.TemporaryDirectory(prefix="redis-course-") as folder:
        path = Path(folder) / "dump.rdb"
        with standalone(directory=Path(folder)) as other:
            other.client().set("key", "a value of some length")
            other.client().save()
        data = path.read_bytes()
        path.write_bytes(data.replace(b"some length", b"some lengtH"))
        _does_not_start(theirs, Path(folder), "a server does not start with a snapshot of which a byte was changed")


def _does_not_start(theirs: UnderTest, folder: Path, promise: str, *options: str) -> None:
    try:
        with theirs.sibling(*options, directory=folder) as server:
            keys = client_of(server).dbsize()
    except StartFailed:
        return
    except (redis.RedisError, OSError):
        return
    raise Broken(promise, f"yours starts, with {keys} keys")


@stage_probe("mini.bgsave")
def a_child_saves_what_was_there_when_it_began(theirs: UnderTest, real: Server) -> None:
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
        path = folder_of(server) / "dump.rdb"
        wait_for(path.exists, "BGSAVE writes dump.rdb", "there is no such file")
        server.kill()
        with read_by_redis(folder_of(server), "Redis reads dump.rdb") as other:
            if other.dbsize() != 5001 or other.get("moment") != b"before":
                raise Broken(
                    "the snapshot is that of the moment of BGSAVE: 5001 keys, and moment is before",
                    f"it has {other.dbsize()} keys, and moment is {show(other.get('moment'))}",
                )


@stage_probe("mini.save-points")
def a_save_point_saves_by_itself(theirs: UnderTest, real: Server) -> None:
    """--save "1 2": two changes, and a second later they are in the file; one change alone is not saved."""
    with running(theirs, "--save", "1 2") as (server, client):
        path = folder_of(server) / "dump.rdb"
        client.set("a", "1")
        client.set("b", "2")
        wait_for(path.exists, "two changes are saved", "there is no dump.rdb")
        server.kill()
        with _telling("the server starts again"):
            server.restart()
            if sorted(client_of(server).keys()) != [b"a", b"b"]:
                raise Broken("both keys were saved", f"there are {show(client_of(server).keys())}")
    with running(theirs, "--save", "1 1000") as (server, client), running(theirs, "--save", "1 1") as (other, second):
        client.set("a", "1")
        second.set("a", "1")
        wait_for((folder_of(other) / "dump.rdb").exists, "--save 1 1 saves after one change", "it did not")
        if (folder_of(server) / "dump.rdb").exists():
            raise Broken("--save 1 1000 does not save after one change", "it did")


# The append-only file


@stage_probe("mini.aof-write")
def redis_reads_the_append_only_file(theirs: UnderTest, real: Server) -> None:
    """After a SIGKILL a real Redis that finds the file has all that was answered."""
    wanted = _model(real)
    with running(theirs, *_LOGGED) as (server, client):
        do(client, WRITES)
        server.kill()
        with read_by_redis(folder_of(server), "Redis reads the file", appendonly=True) as other:
            same("a real Redis that starts with the file has the keys", wanted, state(other), "to Redis")


@stage_probe("mini.aof-write")
def only_what_has_changed_something_is_written(theirs: UnderTest, real: Server) -> None:
    """No reads, no commands that were refused, none that found nothing to do."""
    with running(theirs, *_LOGGED) as (server, client):
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
        log = increments(folder_of(server))
        for word in (b"only-read", b"refused-element", b"refused-key", b"not-there", b"refused-arity", b"INCR"):
            if word in log.upper() or word in log:
                raise Broken("only commands that have changed something are in the file", f"{show(word)} is in it")


@stage_probe("mini.aof-select")
def each_command_is_loaded_into_its_database(theirs: UnderTest, real: Server) -> None:
    """Clients of several databases take turns."""
    with running(theirs, *_LOGGED) as (server, client):
        others = {number: client_of(server, db=number) for number in (3, 9)}
        for turn in range(3):
            client.rpush("key", f"0-{turn}")
            for number, other in others.items():
                other.rpush("key", f"{number}-{turn}")
        server.kill()
        with read_by_redis(folder_of(server), "Redis reads the file", appendonly=True) as reader:
            for number in (0, 3, 9):
                reader.select(number)
                got = reader.lrange("key", 0, -1)
                wanted = [f"{number}-{turn}".encode() for turn in range(3)]
                if got != wanted:
                    raise Broken(f"database {number} has {show(wanted)}", f"Redis finds {show(got)} there")


@stage_probe("mini.aof-load")
def a_killed_server_comes_back(theirs: UnderTest, real: Server) -> None:
    """It runs its own file again when it starts, and goes on writing to it."""
    wanted = _model(real)
    with running(theirs, *_LOGGED) as (server, client):
        do(client, WRITES[:10])
        for more in (WRITES[10:], ()):
            server.kill()
            server.restart()
            do(client_of(server), more)
        same("a server that was killed and started again has its keys", wanted, state(client_of(server)))


@stage_probe("mini.aof-load")
def the_append_only_file_of_redis_is_loaded(theirs: UnderTest, real: Server) -> None:
    """One without a snapshot in it, and with transactions, written by a real Redis."""
    with tempfile.TemporaryDirectory(prefix="redis-course-") as folder:
        with standalone(directory=Path(folder), appendonly=True, aof_use_rdb_preamble=False) as other:
            writer = other.client(decode_responses=False)
            do(writer, WRITES)
            pipe = writer.pipeline()
            pipe.incr("t1")
            pipe.incr("t2")
            pipe.execute()
            wanted = state(writer)
        with running(theirs, *_AOF, directory=Path(folder)) as (_, client):
            same("a server that starts with the file of Redis has its keys", wanted, state(client))


@stage_probe("mini.aof-transaction")
def a_transaction_is_loaded_whole_or_not_at_all(theirs: UnderTest, real: Server) -> None:
    """The file is cut off in the middle of what EXEC has written."""
    with running(theirs, *_LOGGED) as (server, client):
        client.set("first", "1")
        pipe = client.pipeline()
        pipe.set("one", "x" * 20)
        pipe.set("two", "y" * 20)
        pipe.set("three", "z" * 20)
        pipe.execute()
        server.kill()
        path = next(iter(folder_of(server).glob("appendonlydir/*.incr.aof")))
        data = path.read_bytes()
        for end in (data.find(b"y" * 20), data.find(b"z" * 20), data.find(b"z" * 20) + 22):
            path.write_bytes(data[:end])
            with read_by_redis(folder_of(server), "Redis reads the file", appendonly=True) as reader:
                keys = sorted(reader.keys())
                if keys != [b"first"]:
                    raise Broken(
                        "of a file that ends before the EXEC, nothing of the transaction is loaded",
                        f"Redis finds {show(keys)}",
                    )
        path.write_bytes(data)
        with read_by_redis(folder_of(server), "Redis reads the file", appendonly=True) as reader:
            if reader.dbsize() != 4:
                raise Broken("the whole transaction is loaded from the whole file", f"Redis has {reader.dbsize()} keys")


@stage_probe("mini.aof-effects")
def an_end_is_a_moment_in_the_file(theirs: UnderTest, real: Server) -> None:
    """EXPIRE and its kind: loaded later, the key still ends when it was to end, and one that has ended is gone."""
    with running(theirs, *_LOGGED) as (server, client):
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
        with read_by_redis(folder_of(server), "Redis reads the file", appendonly=True) as reader:
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
def chance_is_not_taken_twice(theirs: UnderTest, real: Server) -> None:
    """SPOP takes any member: the file must say which."""
    with running(theirs, *_LOGGED) as (server, client):
        client.sadd("set", *range(100))
        for _ in range(50):
            client.spop("set")
        client.set("float", "3.0")
        client.incrbyfloat("float", "0.1")
        wanted = state(client)
        server.kill()
        with read_by_redis(folder_of(server), "Redis reads the file", appendonly=True) as reader:
            same("what SPOP has left is what is loaded", wanted, state(reader), "to Redis")


@stage_probe("mini.aof-fsync")
def a_reply_means_that_it_is_written(theirs: UnderTest, real: Server) -> None:
    """SIGKILL at the moment of the reply: the write is in the file, whatever appendfsync is."""
    for policy, kills in (("always", 4), ("everysec", 2), ("no", 2)):
        with running(theirs, *_AOF, "--appendfsync", policy) as (server, client):
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


@stage_probe("mini.aof-truncated")
def a_file_without_its_end_is_cut_off_behind_the_last_whole_command(theirs: UnderTest, real: Server) -> None:
    """The server starts with all whole commands, and writes on behind them."""
    with running(theirs, *_LOGGED) as (server, client):
        for name in ("a", "b", "c"):
            client.set(name, name * 10)
        server.kill()
        path = next(iter(folder_of(server).glob("appendonlydir/*.incr.aof")))
        data = path.read_bytes()
        last = data.rfind(b"*3\r\n")
        for end in (last + 1, last + 20, len(data) - 1):
            path.write_bytes(data[:end])
            promise = f"a server whose file ends {len(data) - end} bytes too early starts with what is whole: a and b"
            with _telling(promise):
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
    with running(theirs, *_LOGGED) as (server, client):
        client.set("counter", "1")
        server.kill()
        path = next(iter(folder_of(server).glob("appendonlydir/*.incr.aof")))
        data = path.read_bytes()
        path.write_bytes(data + encode_command("MULTI") + encode_command("INCR", "counter"))
        with _telling("a server whose file ends in a transaction without its EXEC starts with what is before it"):
            server.restart()
            got = client_of(server).get("counter")
        if got != b"1":
            raise Broken(
                "a file ends in MULTI and INCR counter, without EXEC: the transaction never happened, counter is 1",
                f"it is {show(got)}",
            )
        if path.read_bytes() != data:
            raise Broken(
                f"the file is cut off before the MULTI that has no EXEC, to {len(data)} bytes",
                f"it has {path.stat().st_size}: what is written next would be part of the transaction",
            )


@stage_probe("mini.aof-truncated")
def a_file_that_is_wrong_in_the_middle_is_refused(theirs: UnderTest, real: Server) -> None:
    """That is no accident of a crash: the server does not start, and leaves the file alone."""
    with running(theirs, *_LOGGED) as (server, client):
        for name in ("a", "b", "c"):
            client.set(name, name * 10)
        server.kill()
        path = next(iter(folder_of(server).glob("appendonlydir/*.incr.aof")))
        data = path.read_bytes()
        path.write_bytes(data.replace(b"$10\r\nbb", b"#10\r\nbb"))
        spoiled = path.read_bytes()
        _does_not_start(
            theirs, folder_of(server), "a server does not start with a file that is wrong in the middle", *_AOF
        )
        if path.read_bytes() != spoiled:
            raise Broken("a file that is refused stays as it is", "it was changed")
        path.write_bytes(data[:-3])
        options = (*_AOF, "--aof-load-truncated", "no")
        _does_not_start(
            theirs, folder_of(server), "with aof-load-truncated no, a file without its end is refused", *options
        )


@stage_probe("mini.aof-rewrite")
def a_rewritten_file_is_short_and_complete(theirs: UnderTest, real: Server) -> None:
    """BGREWRITEAOF: thousands of changes become what they have made; those that come meanwhile are kept."""
    with running(theirs, *_LOGGED) as (server, client):
        pipe = client.pipeline(transaction=False)
        for number in range(3000):
            pipe.set(f"key:{number % 10}", number)
        pipe.execute()
        folder = folder_of(server)
        before = _size(folder)
        pipe.execute_command("BGREWRITEAOF")
        pipe.set("meanwhile", "1")
        pipe.execute()
        wait_for(lambda: _size(folder) < before // 2, "the rewritten file is shorter", f"it has {_size(folder)} bytes")
        client.set("afterwards", "1")
        wanted = state(client)
        server.kill()
        with read_by_redis(folder, "Redis reads the rewritten file", appendonly=True) as reader:
            same("the rewritten file has all keys", wanted, state(reader), "to Redis")
        server.restart()
        same("the rewritten file has all keys", wanted, state(client_of(server)))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("appendonlydir/*.aof") if path.exists())


@stage_probe("mini.aof-rewrite")
def the_rewritten_file_of_redis_is_loaded(theirs: UnderTest, real: Server) -> None:
    """Its base is a snapshot."""
    with tempfile.TemporaryDirectory(prefix="redis-course-") as folder:
        with standalone(directory=Path(folder), appendonly=True) as other:
            writer = other.client(decode_responses=False)
            do(writer, WRITES[:12])
            writer.bgrewriteaof()
            wait_for(lambda: not writer.info("persistence")["aof_rewrite_in_progress"], "Redis rewrites", "it did not")
            do(writer, WRITES[12:])
            wanted = state(writer)
        with running(theirs, *_AOF, directory=Path(folder)) as (_, client):
            same("a server that starts with the file of Redis has its keys", wanted, state(client))


# The end


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
            if (folder_of(server) / "dump.rdb").exists() is not saved:
                raise Broken(
                    f"SHUTDOWN {option} leaves {'a' if saved else 'no'} dump.rdb",
                    f"there is {'none' if saved else 'one'}",
                )


@stage_probe("mini.shutdown")
def sigterm_loses_nothing(theirs: UnderTest, real: Server) -> None:
    """With save points the snapshot is written, with an append-only file everything is in it."""
    for options in (("--save", "3600 1000"), (*_AOF, "--appendfsync", "no")):
        with running(theirs, *options) as (server, client):
            do(client, WRITES)
            wanted = state(client)
            server.stop()
            server.restart()
            same(f"after SIGTERM and a new start with {' '.join(options)}", wanted, state(client_of(server)))
