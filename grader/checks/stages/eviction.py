"""The stages of memory: what keys weigh, and which of them go when there is no room.

Two servers never weigh alike to the byte, so nothing here compares numbers closely: what is checked is what a limit
promises. Servers are filled with values of a kilobyte under a limit of a few megabytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import redis

from grader.checks.agreement.script import Scripts, cmd, integer, one_of, scripts, small, text
from grader.checks.stages.dialogue import Line, same_dialogue
from grader.checks.stages.persistence.commands import Words, do, state
from grader.checks.stages.persistence.folders import folder_of, read_by_redis, running, wait_for
from grader.checks.stages.registry import RealRedis, UnderTest, stage, stage_probe
from grader.checks.verdict import Broken, show
from grader.servers import Server, standalone

LIMIT = "3mb"
_BIG = b"x" * 1000
_MORE_THAN_FITS = 5000  # values of a kilobyte
_BATCH = 50


def fill(client: Any, names: Iterable[str], *options: str | int) -> int:
    """SET each name to a kilobyte until memory is full; how many were stored."""
    stored = 0
    batch: list[str] = []
    for name in [*names, ""]:
        if name:
            batch.append(name)
        if batch and (not name or len(batch) == _BATCH):
            pipe = client.pipeline(transaction=False)
            for each in batch:
                pipe.execute_command("SET", each, _BIG, *options)
            answers = pipe.execute(raise_on_error=False)
            stored += sum(not isinstance(answer, Exception) for answer in answers)
            for answer in answers:
                if isinstance(answer, Exception):
                    if "OOM command not allowed" not in f"OOM {answer}":
                        raise answer
                    return stored
            batch = []
    return stored


def _names(kind: str, count: int) -> list[str]:
    return [f"{kind}:{number}" for number in range(count)]


def _left(client: Any, names: list[str]) -> int:
    """How many of these keys are still there; looking does not count as use (TYPE leaves no trace)."""
    pipe = client.pipeline(transaction=False)
    for name in names:
        pipe.execute_command("PEXPIRETIME", name)
    return sum(answer != -2 for answer in pipe.execute())


@stage("mini.memory-usage", state=False)
def words_that_memory_usage_does_not_know() -> Scripts:
    """A key that is not there, and options."""
    count = one_of(integer, small, text)
    return scripts(
        cmd("MEMORY", "USAGE", "nobody"),
        cmd("MEMORY", "USAGE", "nobody", "SAMPLES", count),
        cmd("MEMORY", "USAGE", "nobody", one_of("SAMPLES", text)),
        cmd("MEMORY", "USAGE", "nobody", text, count),
    )


@stage_probe("mini.memory-usage")
def more_weighs_more(theirs: UnderTest, real: Server) -> None:
    """A key weighs at least its bytes, more with every byte added, and not many times what it weighs in Redis."""
    with running(theirs) as (_, client):
        other = real.client()
        other.flushall()
        shapes: tuple[Words, ...] = (
            ("SET", "s", "x" * 10_000),
            ("RPUSH", "l", *("y" * 50 for _ in range(200))),
            ("SADD", "u", *(f"member {number:040}" for number in range(200))),
            ("HSET", "h", *(f"word {number:040}" for number in range(400))),
            ("ZADD", "z", *(word for number in range(200) for word in (number, f"member {number:040}"))),
        )
        for words in shapes:
            before = client.memory_usage(str(words[1]))
            for each in (client, other):
                do(each, [words])
            got, wanted = client.memory_usage(str(words[1])), other.memory_usage(str(words[1])) or 0
            if before is not None:
                raise Broken("MEMORY USAGE of a missing key is nil", f"it is {before}")
            if not isinstance(got, int) or not wanted / 4 <= got <= wanted * 8:
                raise Broken(f"{words[0]!s} of some 10 KB makes a key that weighs about {wanted} bytes", f"it is {got}")
        client.append("s", "x" * 5000)
        grown = client.memory_usage("s")
        if not grown or grown < 15_000:
            raise Broken("a string of 15,000 bytes weighs more than that", f"it weighs {grown}")


@stage_probe("mini.maxmemory")
def no_more_goes_in_when_memory_is_full(theirs: UnderTest, real: Server) -> None:
    """noeviction: what would need memory is refused; reading and deleting go on, and make room."""
    with running(theirs, "--maxmemory", LIMIT) as (_, client), standalone(maxmemory=LIMIT) as other:
        names = _names("key", _MORE_THAN_FITS)
        wanted = fill(other.client(), names)
        stored = fill(client, names)
        if not wanted / 3 <= stored <= wanted * 3:
            raise Broken(f"about {wanted} values of a kilobyte fit into {LIMIT}", f"{stored} do")
        expected, answer = _refusal(other.client(decode_responses=False)), _refusal(client)
        if answer != expected:
            raise Broken(f"a SET that has no room is refused: {show(expected)}", f"it answers {show(answer)}")
        for command in ("RPUSH", "APPEND", "SADD"):
            # What is used for conversations goes up and down: there may be room for a few more.
            answer = _refusal(client, command)
            if answer != expected:
                raise Broken(f"{command} is refused as well", f"it answers {show(answer)}")
        stored = client.dbsize()
        if client.get(names[0]) != _BIG or client.dbsize() != stored:
            raise Broken("all that was stored is still there, and can be read", "it is not")
        client.delete(*names[:200])
        if fill(client, _names("new", 50)) != 50:
            raise Broken("when keys are deleted there is room again", "SET is still refused")


def _refusal(client: Any, command: str = "SET") -> Any:
    """What a command answers when the last bytes of memory are used up too."""
    for number in range(1000):
        answer = _answer(client, command, f"{command}:{number}", "x" * 100)
        if isinstance(answer, str):
            return answer
    return "no error, a thousand times"


def _answer(client: Any, *words: str) -> Any:
    try:
        return client.execute_command(*words)
    except redis.ResponseError as error:
        return str(error)


@stage_probe("mini.maxmemory")
def a_transaction_needs_memory_too(theirs: UnderTest, real: Server) -> None:
    """A command that has no room is refused when it is queued; and EXEC, if the room was taken since."""
    full, free = ("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")
    lines: list[Line] = [
        (2, full),
        (1, ("MULTI",)),
        (1, ("SET", "within", "x")),
        (1, ("EXEC",)),
        (1, ("EXISTS", "within")),
        (1, ("MULTI",)),
        (1, ("DISCARD",)),
        (2, free),
        (1, ("MULTI",)),
        (1, ("SET", "before", "x")),
        (2, full),
        (1, ("EXEC",)),
        (1, ("EXISTS", "before")),
        (2, free),
        (1, ("MULTI",)),
        (1, ("EXISTS", "within")),
        (2, full),
        (1, ("EXEC",)),
        (2, free),
    ]
    with running(theirs) as (server, _), standalone() as other:
        same_dialogue(server, other, lines)


@stage_probe("mini.evict-random")
def a_cache_that_is_full_takes_more(theirs: UnderTest, real: Server) -> None:
    """allkeys-random: every SET succeeds, and as many keys stay as fit."""
    with running(theirs, "--maxmemory", LIMIT, "--maxmemory-policy", "allkeys-random") as (_, client):
        names = _names("key", _MORE_THAN_FITS)
        stored = fill(client, names)
        if stored != len(names):
            raise Broken("every SET succeeds: other keys make room", f"number {stored + 1} is refused")
        size = client.dbsize()
        if not 500 <= size <= 3000:
            raise Broken(f"some 2,000 values of a kilobyte stay within {LIMIT}", f"DBSIZE says {size}")
        early = _left(client, names[: len(names) // 2])
        if early == 0:
            raise Broken("chance decides: some of the first keys are still there", "all of them have gone")


@stage_probe("mini.evict-random")
def evicted_keys_do_not_come_back(theirs: UnderTest, real: RealRedis) -> None:
    """The append-only file has a DEL for each: loaded without a limit, it makes the same keys."""
    options = ("--maxmemory", "2mb", "--maxmemory-policy", "allkeys-random", "--appendonly", "yes")
    with running(theirs, *options) as (server, client):
        fill(client, _names("key", 2000))
        wanted = state(client)
        server.kill()
        with read_by_redis(real, folder_of(server), "Redis reads the file", appendonly=True) as reader:
            size = reader.dbsize()
            if size != len(wanted):
                raise Broken(
                    f"{len(wanted)} keys were there, and so many are loaded",
                    f"Redis loads {size}: evicted ones as well",
                )


@stage_probe("mini.evict-volatile")
def keys_without_an_end_stay(theirs: UnderTest, real: Server) -> None:
    """volatile-random touches only keys that have an end; without any, memory is full."""
    with running(theirs, "--maxmemory", LIMIT, "--maxmemory-policy", "volatile-random") as (_, client):
        lasting = _names("lasting", 800)
        fill(client, lasting)
        stored = fill(client, _names("ending", _MORE_THAN_FITS), "EX", 10_000)
        if stored != _MORE_THAN_FITS:
            raise Broken("keys with an end make room for others", f"SET number {stored + 1} is refused")
        left = _left(client, lasting)
        if left != len(lasting):
            raise Broken(f"all {len(lasting)} keys without an end are there", f"{left} are left")
        if fill(client, _names("more", _MORE_THAN_FITS)) == _MORE_THAN_FITS:
            raise Broken("when only keys without an end are left, SET is refused", "it never is")


@stage_probe("mini.evict-lru")
def the_nearest_ends_go_first(theirs: UnderTest, real: Server) -> None:
    """volatile-ttl: of a sample, the key that would end first is the one to go."""
    with running(theirs, "--maxmemory", LIMIT, "--maxmemory-policy", "volatile-ttl") as (_, client):
        near, far = _names("near", 700), _names("far", 700)
        for one, other in zip(near, far, strict=True):
            client.set(one, _BIG, ex=1000)
            client.set(other, _BIG, ex=100_000)
        fill(client, _names("more", 500), "EX", 200_000)
        left, kept = _left(client, near), _left(client, far)
        if kept < 630 or left > kept:
            raise Broken(
                "keys that end in 1,000 seconds go before those of 100,000", f"{left} and {kept} of 700 are left"
            )


def _use(client: Any, names: list[str], times: int = 1) -> None:
    """Read each key, a few at a time: replies that wait take memory too."""
    for _ in range(times):
        for at in range(0, len(names), _BATCH):
            pipe = client.pipeline(transaction=False)
            for name in names[at : at + _BATCH]:
                pipe.get(name)
            pipe.execute()


@stage_probe("mini.evict-lru")
def what_was_used_lately_stays(theirs: UnderTest, real: Server) -> None:
    """allkeys-lru: old keys that are read again outlive younger ones that are not."""
    with running(theirs, "--maxmemory", LIMIT, "--maxmemory-policy", "allkeys-lru") as (_, client):
        hot, cold = _names("hot", 200), _names("cold", 1000)
        fill(client, hot)
        fill(client, cold)
        wait_for(lambda: client.object("idletime", cold[0]) >= 2, "OBJECT IDLETIME counts", "it does not")
        _use(client, hot)
        fill(client, _names("new", 1800))
        left, others = _left(client, hot), _left(client, cold)
        if left < 180:
            raise Broken(
                "of 200 keys that were read two seconds after the others, nearly all stay when some 900 have to go",
                f"{left} are left, and {others} of the 1,000 others",
            )


@stage_probe("mini.evict-lfu")
def how_often_it_was_used_comes_along(theirs: UnderTest, real: Server) -> None:
    """RESTORE … FREQ: the counter goes with the key from one server to the other."""
    with running(theirs, "--maxmemory-policy", "allkeys-lfu") as (_, client):
        client.set("k", "hello")
        payload = client.dump("k")
        client.execute_command("RESTORE", "copy", 0, payload, "FREQ", 99)
        counter = client.object("freq", "copy")
        if counter != 99:
            raise Broken("after RESTORE copy 0 … FREQ 99, OBJECT FREQ copy is 99", f"it is {show(counter)}")


@stage_probe("mini.evict-lfu")
def what_is_used_often_stays(theirs: UnderTest, real: Server) -> None:
    """allkeys-lfu: one look at a key does not make it worth more than a hundred looks at another."""
    with running(theirs, "--maxmemory", LIMIT, "--maxmemory-policy", "allkeys-lfu") as (_, client):
        hot, cold = _names("hot", 200), _names("cold", 1000)
        fill(client, hot)
        _use(client, hot, 60)
        counters = [client.object("freq", name) or 0 for name in hot]
        mean = sum(counters) / len(counters)
        if not 7.5 <= mean <= 20:
            raise Broken(
                "after 60 reads each, the counters of 200 keys are between 6 and 15, for they are logarithmic",
                f"OBJECT FREQ says {min(counters)} to {max(counters)}, and {mean:.1f} in the mean",
            )
        fill(client, cold)
        _use(client, cold)
        fill(client, _names("new", 1800))
        left, others = _left(client, hot), _left(client, cold)
        if left < 180:
            raise Broken(
                "of 200 keys that were read 60 times nearly all stay, though the others were read later",
                f"{left} are left, and {others} of the 1,000 others",
            )
