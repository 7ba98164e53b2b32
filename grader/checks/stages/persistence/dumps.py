"""DUMP and RESTORE: values as bytes, carried from the learner's server to a real Redis and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

from grader.checks.agreement.script import (
    Scripts,
    any_order,
    cmd,
    key,
    maybe,
    one_of,
    scripts,
    small,
    text,
)
from grader.checks.bytes_view import literal
from grader.checks.stages.persistence.commands import Words, do, large, model, same, state
from grader.checks.stages.persistence.folders import SOON, client_of, telling
from grader.checks.stages.registry import UnderTest, stage, stage_probe
from grader.checks.verdict import Broken, show
from grader.servers import Server

_STRINGS: tuple[bytes, ...] = (
    *(b"", b"a", b"hello", b"0", b"-1", b"127", b"128", b"-32769", b"2147483647", b"2147483648", b"007", b"+5"),
    *(b"x" * 63, b"x" * 64, b"\x00\xff\r\n" * 5, b"word " * 40, b"y" * 16383, b"z" * 16384, b"\xc3" * 70_000),
)


@stage_probe("mini.dump")
def redis_restores_a_dumped_string(theirs: UnderTest, real: Server) -> None:
    """What DUMP returns is a string that RESTORE of a real Redis takes."""
    with telling("DUMP answers"):
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
    # None that is over within a script: two servers would not forget the key at the same moment. Nor the largest
    # number, which Redis adds to the time of day, and gets a moment long ago.
    ttl = one_of("0", "0", "100000", "1000000", "-1", "x", "1.5", "4102444800000")
    options = any_order(
        maybe(("REPLACE",)), maybe(("ABSTTL",)), maybe(("IDLETIME", small)), maybe(("FREQ", small)), maybe((text,))
    )
    return scripts(cmd("RESTORE", key, ttl, _payload, options), cmd("GET", key), cmd("SET", key, text), cmd("DEL", key))


@stage_probe("mini.restore")
def a_later_version_is_refused(theirs: UnderTest, real: Server) -> None:
    """A payload that is whole, and of a version that nobody knows yet: what its bytes mean is not known either."""
    for payload, version in ((_LATER, 80), (_TURNED, 2560)):
        answers = []
        with telling("RESTORE answers"):
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
    with telling("RESTORE takes IDLETIME"):
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
    with telling("RESTORE takes what DUMP of a real Redis returns"):
        client, other = client_of(theirs), real.client(decode_responses=False)
        wanted = model(real, commands)
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
    wanted = model(real, [*_PLAIN, *large()])
    other = real.client(decode_responses=False)
    with telling("DUMP answers for every type"):
        client = client_of(theirs)
        client.flushall()
        do(client, [*_PLAIN, *large()])
        other.flushall()
        for name in wanted:
            payload = client.dump(name)
            try:
                other.restore(name, 0, payload)
            except redis.ResponseError as error:
                raise Broken(f"Redis restores the dump of {show(name)}", f"it says {error}") from None
        same("Redis finds in a dump what was dumped", wanted, state(other))


@stage_probe("mini.rdb-compact")
def what_redis_has_packed_is_read(theirs: UnderTest, real: Server) -> None:
    """Listpacks, sets of integers, quicklists: the forms in which Redis writes collections."""
    _carried(theirs, real, [*_PLAIN, *large()])
