"""What a script left behind, read back over a second connection: a script of its own, made from what Redis has.

Only commands that the learner's server knows by now are used. The values of all types are read whole; a key that is
gone is asked for too, for an emptied list that stays is a classic.
"""

from __future__ import annotations

from collections.abc import Collection

from grader.checks.agreement.play import Player
from grader.checks.agreement.script import Key, Script, Step, Word

_READERS: dict[bytes, tuple[tuple[str, ...], ...]] = {
    b"string": (("GET",),),
    b"list": (("LRANGE", "0", "-1"), ("LLEN",)),
    b"set": (("SMEMBERS",), ("SCARD",)),
    b"hash": (("HGETALL",), ("HLEN",)),
    b"zset": (("ZRANGE", "0", "-1", "WITHSCORES"), ("ZCARD",)),
    b"stream": (("XRANGE", "-", "+"), ("XLEN",)),
    b"none": (("EXISTS",), ("TYPE",), ("GET",), ("LLEN",), ("HLEN",), ("SCARD",)),
}
_LIFE = ("PTTL", "TTL")


def reading_back(
    keys: Collection[bytes], real: Player, known: Collection[str] | None = None, *, encoding: bool = False
) -> Script:
    """The script that reads `keys` back, as they are on the real Redis, with commands out of `known` (None: any).

    `encoding` asks for OBJECT ENCODING too.
    """
    if not keys:
        return Script(())
    kinds = real.play(Script(tuple(Step((b"TYPE", name)) for name in keys)))
    steps: list[Step] = []
    for name, answer in zip(keys, kinds.answers, strict=True):
        kind = str(answer.frames[0].value).encode()
        if reader := next((each for each in _READERS.get(kind, ()) if _knows(known, each[0])), None):
            steps.append(_step(reader[0], name, *reader[1:]))
        if kind == b"none":
            continue
        if _knows(known, "TYPE"):
            steps.append(_step("TYPE", name))
        if life := next((each for each in _LIFE if _knows(known, each)), None):
            steps.append(_step(life, name))
        if encoding and _knows(known, "OBJECT ENCODING"):
            steps.append(Step((Word(b"OBJECT"), Word(b"ENCODING"), Key(name))))
    return Script(tuple(steps))


def _knows(known: Collection[str] | None, command: str) -> bool:
    return known is None or command in known


def _step(command: str, name: bytes, *more: str) -> Step:
    return Step((Word(command.encode()), Key(name), *(word.encode() for word in more)))
