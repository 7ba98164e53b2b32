"""Which replies need not be equal byte for byte, and why: the one place where it is said, by command.

Every reply that is not named here has to be the same bytes. A tolerance never means that anything goes (except
ANY): an unordered reply has the same elements, a random one is made of what is there, a time lies near the other.
`of` finds the tolerance of a step, `judge` applies it; one is for every command (`quotes_whole`).
`python -m grader.checks.agreement.tolerances` prints the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from grader.checks.agreement.script import Step
from grader.resp import NULL_ARRAY, Double, ErrorReply, Map, SetReply, SimpleString, Verbatim


class Kind(Enum):
    """What is compared instead of the bytes."""

    UNORDERED = "the same elements in any order"
    UNORDERED_PAIRS = "the same pairs in any order"
    RANDOM = "as many elements as Redis sent, all of them there, as distinct as Redis's"
    TIME_S = "the same number of seconds, or two more or less"
    TIME_MS = "the same number of milliseconds, or 2000 more or less"
    WALK = "a cursor and, once both walks are at their end, the same elements in any order"
    NAMED = "the same fields; of those that are named here, any value of the same type"
    MESSAGES = "the same messages, their channels in any order"
    SHAPE = "a reply of the same form"
    ANY = "anything but an error, and the same error where Redis sends one"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How the replies to one command may differ.

    `witness` makes the command whose reply on the real Redis, just before, holds everything that a random reply
    may be made of. `chance` says that the command's effect depends on chance: where its reply differs, nothing
    behind it in the script can be compared. `renames` says that what it replied is a name from now on: where the
    other server uses its own, they count as equal. `loose` are the fields that NAMED does not compare.
    """

    kind: Kind
    reason: str
    witness: Callable[[Step], Step] | None = None
    chance: bool = False
    renames: bool = False
    loose: frozenset[bytes] = frozenset()
    when: Callable[[Step], bool] | None = None


def _first(name: bytes, *more: bytes) -> Callable[[Step], Step]:
    return lambda step: Step((name, *step.args[1:2], *more))


def _has(*words: bytes) -> Callable[[Step], bool]:
    return lambda step: any(arg.upper() in words for arg in step.args)


def _lacks(*words: bytes) -> Callable[[Step], bool]:
    return lambda step: not any(arg.upper() in words for arg in step.args)


def _bare(step: Step) -> bool:
    return len(step.args) == 1


_SETS = "A set has no order: it follows from the hash table, its seed and its history."
_HASHES = "The fields of a hash have no order once it is a hash table."
_TIMES = "The two servers are asked at different moments."
_RANDOM = "The reply is drawn by chance."
_SCAN = (
    "How many elements a step of SCAN brings, in which order, and what its cursors mean, is the server's own business."
)
_PROCESS = "It tells about this process, its clients, its memory or its moment, not about the data."
_IDS = "The id is made from the clock."

_UNORDERED = Tolerance(Kind.UNORDERED, _SETS)

TOLERANCES: dict[str, tuple[Tolerance, ...]] = {
    "SMEMBERS": (_UNORDERED,),
    "SINTER": (_UNORDERED,),
    "SUNION": (_UNORDERED,),
    "SDIFF": (_UNORDERED,),
    "KEYS": (Tolerance(Kind.UNORDERED, "The keyspace is a hash table."),),
    "HKEYS": (Tolerance(Kind.UNORDERED, _HASHES),),
    "HVALS": (Tolerance(Kind.UNORDERED, _HASHES),),
    "HGETALL": (Tolerance(Kind.UNORDERED_PAIRS, _HASHES),),
    "SORT": (
        Tolerance(Kind.UNORDERED, "Without an order to sort by, a set comes as it lies.", when=_has(b"NOSORT", b"BY")),
    ),
    "SORT_RO": (
        Tolerance(Kind.UNORDERED, "Without an order to sort by, a set comes as it lies.", when=_has(b"NOSORT", b"BY")),
    ),
    "GEOSEARCH": (
        Tolerance(
            Kind.UNORDERED,
            "Nobody asked for an order: the boxes are visited as it comes.",
            when=_lacks(b"ASC", b"DESC"),
        ),
    ),
    "GEORADIUS": (Tolerance(Kind.UNORDERED, "Nobody asked for an order.", when=_lacks(b"ASC", b"DESC")),),
    "GEORADIUSBYMEMBER": (Tolerance(Kind.UNORDERED, "Nobody asked for an order.", when=_lacks(b"ASC", b"DESC")),),
    "PUBSUB CHANNELS": (Tolerance(Kind.UNORDERED, "Channels are kept in a hash table."),),
    "PUBSUB SHARDCHANNELS": (Tolerance(Kind.UNORDERED, "Channels are kept in a hash table."),),
    "CONFIG GET": (Tolerance(Kind.UNORDERED_PAIRS, "Settings are kept in a hash table."),),
    "COMMAND LIST": (Tolerance(Kind.UNORDERED, "Commands are kept in a hash table."),),
    **{
        name: (
            Tolerance(Kind.MESSAGES, "Without channels it leaves all, and they are kept in a hash table.", when=_bare),
        )
        for name in ("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE")
    },
    "SPOP": (Tolerance(Kind.RANDOM, _RANDOM, _first(b"SMEMBERS"), chance=True),),
    "SRANDMEMBER": (Tolerance(Kind.RANDOM, _RANDOM, _first(b"SMEMBERS")),),
    "HRANDFIELD": (Tolerance(Kind.RANDOM, _RANDOM, _first(b"HGETALL")),),
    "ZRANDMEMBER": (Tolerance(Kind.RANDOM, _RANDOM, _first(b"ZRANGE", b"0", b"-1", b"WITHSCORES")),),
    "RANDOMKEY": (Tolerance(Kind.RANDOM, _RANDOM, lambda step: Step((b"KEYS", b"*"))),),
    "SCAN": (Tolerance(Kind.WALK, _SCAN),),
    "SSCAN": (Tolerance(Kind.WALK, _SCAN),),
    "HSCAN": (Tolerance(Kind.WALK, _SCAN),),
    "ZSCAN": (Tolerance(Kind.WALK, _SCAN),),
    "TTL": (Tolerance(Kind.TIME_S, _TIMES),),
    "PTTL": (Tolerance(Kind.TIME_MS, _TIMES),),
    "EXPIRETIME": (Tolerance(Kind.TIME_S, _TIMES),),
    "PEXPIRETIME": (Tolerance(Kind.TIME_MS, _TIMES),),
    "HTTL": (Tolerance(Kind.TIME_S, _TIMES),),
    "HPTTL": (Tolerance(Kind.TIME_MS, _TIMES),),
    "HEXPIRETIME": (Tolerance(Kind.TIME_S, _TIMES),),
    "HPEXPIRETIME": (Tolerance(Kind.TIME_MS, _TIMES),),
    "OBJECT IDLETIME": (Tolerance(Kind.TIME_S, _TIMES),),
    "OBJECT FREQ": (Tolerance(Kind.SHAPE, "The counter grows by chance."),),
    "OBJECT REFCOUNT": (Tolerance(Kind.SHAPE, "Who shares a value with whom is the server's own business."),),
    "LASTSAVE": (Tolerance(Kind.TIME_S, _TIMES),),
    "TIME": (Tolerance(Kind.SHAPE, _TIMES),),
    "XADD": (Tolerance(Kind.SHAPE, _IDS, renames=True, when=lambda step: b"*" in step.args[2:]),),
    "XPENDING": (
        Tolerance(Kind.SHAPE, "How long an entry has waited is a time.", when=lambda step: len(step.args) > 3),
    ),
    "XINFO CONSUMERS": (Tolerance(Kind.NAMED, _TIMES, loose=frozenset((b"idle", b"inactive"))),),
    "XINFO STREAM": (
        Tolerance(
            Kind.NAMED,
            "How a stream lies in memory is the server's own business; who was seen when is a time.",
            loose=frozenset(
                (b"radix-tree-keys", b"radix-tree-nodes", b"seen-time", b"active-time", b"pending", b"pel")
            ),
        ),
    ),
    "HELLO": (Tolerance(Kind.NAMED, _PROCESS, loose=frozenset((b"version", b"id", b"modules"))),),
    "CLIENT ID": (Tolerance(Kind.SHAPE, _PROCESS),),
    "CLIENT INFO": (Tolerance(Kind.SHAPE, _PROCESS),),
    "CLIENT LIST": (Tolerance(Kind.SHAPE, _PROCESS),),
    "INFO": (Tolerance(Kind.SHAPE, _PROCESS),),
    "MEMORY USAGE": (Tolerance(Kind.SHAPE, "What a value weighs depends on how it is kept."),),
    "MEMORY STATS": (Tolerance(Kind.ANY, _PROCESS),),
    "MEMORY DOCTOR": (Tolerance(Kind.ANY, _PROCESS),),
    "DEBUG OBJECT": (Tolerance(Kind.SHAPE, _PROCESS),),
    "SLOWLOG GET": (Tolerance(Kind.ANY, _TIMES),),
    "LATENCY HISTOGRAM": (Tolerance(Kind.ANY, _TIMES),),
    "COMMAND COUNT": (Tolerance(Kind.SHAPE, "A server need not have all commands."),),
    "LOLWUT": (Tolerance(Kind.ANY, "It is art."),),
    "DUMP": (
        Tolerance(Kind.SHAPE, "There are several ways to write the same value down, and its version goes with it."),
    ),
}


def of(step: Step) -> Tolerance | None:
    """The tolerance for the reply to `step`; None where bytes have to be equal."""
    name, both = step.names
    for known in (both, name):
        for tolerance in TOLERANCES.get(known, ()):
            if tolerance.when is None or tolerance.when(step):
                return tolerance
    return None


def judge(step: Step, tolerance: Tolerance, real: Any, theirs: Any, witness: Any = None) -> str:
    """What is wrong with `theirs` although much is tolerated, as the end of a sentence; "" where it is fine."""
    if isinstance(real, ErrorReply) or isinstance(theirs, ErrorReply):
        return "" if real == theirs else "one is an error"
    match tolerance.kind:
        case Kind.UNORDERED:
            return same_elements(real, theirs, 1)
        case Kind.UNORDERED_PAIRS:
            return same_elements(real, theirs, 2)
        case Kind.RANDOM:
            return _random(step, real, theirs, witness)
        case Kind.TIME_S:
            return _near(real, theirs, 2)
        case Kind.TIME_MS:
            return _near(real, theirs, 2000)
        case Kind.WALK:
            return _walk(step, real, theirs)
        case Kind.NAMED:
            return _named(real, theirs, tolerance.loose)
        case Kind.SHAPE:
            return _shape(real, theirs)
        case Kind.MESSAGES:
            return _shape(real, theirs) or ("" if real[::2] == theirs[::2] else "another message")
        case Kind.ANY:
            return ""


_LISTS = (list, Map, SetReply)


def _countable(values: Iterable[Any]) -> list[str]:
    """Something to compare and count values by: it tells all types of replies apart."""
    return [repr(value) for value in values]


def same_elements(real: Any, theirs: Any, width: int = 1) -> str:
    """What is wrong where not the same elements (or groups of `width`) came in any order; "" where they did."""
    if wrong := _type(real, theirs):
        return wrong
    if not isinstance(real, _LISTS):
        return "" if real == theirs else "another value"
    if len(real) != len(theirs):
        return f"{_elements(len(theirs))} instead of {len(real)}"
    if isinstance(real, Map):
        width = 1
        real, theirs = [list(pair) for pair in real], [list(pair) for pair in theirs]
    mine, yours = (_countable(_grouped(values, width)) for values in (real, theirs))
    if missing := Counter(mine) - Counter(yours):
        return f"it lacks {len(list(missing.elements()))} of Redis's elements and has others"
    return ""


def _grouped(values: list[Any], width: int) -> list[Any]:
    return values if width == 1 else [values[at : at + width] for at in range(0, len(values), width)]


def _elements(count: int) -> str:
    return "1 element" if count == 1 else f"{count} elements"


def _random(step: Step, real: Any, theirs: Any, witness: Any) -> str:
    if wrong := _type(real, theirs):
        return wrong
    if not isinstance(real, _LISTS):
        if real is None or not isinstance(witness, _LISTS):
            return ""
        return "" if theirs in _members(step, witness) else "nothing that is there"
    if len(real) != len(theirs):
        return f"{_elements(len(theirs))} instead of {len(real)}"
    pairs = any(arg.upper() in (b"WITHVALUES", b"WITHSCORES") for arg in step.args[3:])
    width = 2 if pairs and not any(isinstance(each, list) for each in real) else 1
    drawn = _countable(_grouped(theirs, width))
    if isinstance(witness, _LISTS):
        there = set(_countable(_pairs(witness, width, real) if pairs else _members(step, witness)))
        if strange := [each for each in drawn if each not in there]:
            return f"{_elements(len(strange))} that {'is' if len(strange) == 1 else 'are'} not there"
    distinct = len(step.args) < 3 or not step.args[2].startswith(b"-")
    if distinct and len(set(drawn)) < len(drawn):
        return "an element twice"
    return ""


def _members(step: Step, witness: Any) -> list[Any]:
    """What may be drawn, from the reply to the witness: of a flat list of pairs every second."""
    if isinstance(witness, Map):
        return [pair[0] for pair in witness]
    if witness and isinstance(witness[0], list):
        return [pair[0] for pair in witness]
    if step.name in ("HRANDFIELD", "ZRANDMEMBER"):
        return list(witness[::2])
    return list(witness)


def _pairs(witness: Any, width: int, real: list[Any]) -> list[Any]:
    nested = bool(real) and isinstance(real[0], list)
    if isinstance(witness, Map) or (witness and isinstance(witness[0], list)):
        return [list(pair) for pair in witness]
    pairs = _grouped(list(witness), 2)
    return pairs if nested or width == 2 else list(witness)


def _near(real: Any, theirs: Any, window: int) -> str:
    if wrong := _type(real, theirs):
        return wrong
    if isinstance(real, list):
        if len(real) != len(theirs):
            return f"{_elements(len(theirs))} instead of {len(real)}"
        return next(
            (wrong for one, other in zip(real, theirs, strict=True) if (wrong := _near(one, other, window))), ""
        )
    if not isinstance(real, int) or real == theirs:
        return "" if real == theirs else "another value"
    if real < 0 or theirs < 0:
        return "-1 says that it never ends, -2 that it is not there" if {real, theirs} & {-1, -2} else "another value"
    return "" if abs(real - theirs) <= window else f"{theirs} instead of {real}"


def _walk(step: Step, real: Any, theirs: Any) -> str:
    if wrong := _shape(
        real[:1] if isinstance(real, list) else real, theirs[:1] if isinstance(theirs, list) else theirs
    ):
        return wrong
    if not isinstance(real, list):
        return "" if real == theirs else "another value"
    if len(theirs) != 2 or not isinstance(theirs[1], list):
        return "not a cursor and an array"
    if not theirs[0].isdigit():
        return "the cursor is not a number"
    if real[0] == theirs[0] == b"0" and len(step.args) > 1 and b"0" in step.args[1:3]:
        pairs = step.name in ("HSCAN", "ZSCAN") and not any(arg.upper() == b"NOVALUES" for arg in step.args)
        return same_elements(real[1], theirs[1], 2 if pairs else 1)
    return ""


def _named(real: Any, theirs: Any, loose: frozenset[bytes]) -> str:
    """Fields are those of a map, or the even elements of an array that begins with a name."""
    if wrong := _type(real, theirs):
        return wrong
    if isinstance(real, list) and not isinstance(real, Map) and real and not isinstance(real[0], bytes):
        if len(real) != len(theirs):
            return f"{_elements(len(theirs))} instead of {len(real)}"
        return next((w for one, other in zip(real, theirs, strict=True) if (w := _named(one, other, loose))), "")
    if not isinstance(real, list):
        return "" if real == theirs else "another value"
    mine, yours = (list(v) if isinstance(v, Map) else _grouped(v, 2) for v in (real, theirs))
    if [pair[0] for pair in mine] != [pair[0] for pair in yours]:
        return "other fields, or the same in another order"
    for (name, one), (_, other) in zip(mine, yours, strict=True):
        if name in loose:
            if wrong := _type(one, other):
                return f"{wrong} in the field {name.decode('utf-8', 'replace')}"
        elif one != other and (not isinstance(one, list) or _named(one, other, loose)):
            return f"another value in the field {name.decode('utf-8', 'replace')}"
    return ""


def _shape(real: Any, theirs: Any) -> str:
    if wrong := _type(real, theirs):
        return wrong
    if isinstance(real, _LISTS):
        if len(real) != len(theirs):
            return f"{_elements(len(theirs))} instead of {len(real)}"
        return next((wrong for one, other in zip(real, theirs, strict=True) if (wrong := _shape(one, other))), "")
    return ""


def same_messages(real: list[Any], theirs: list[Any]) -> bool:
    """Whether the channels of these messages are the same, in any order."""
    mine, yours = (_countable(message[1:2] for message in messages) for messages in (real, theirs))
    return Counter(mine) == Counter(yours)


def _type(real: Any, theirs: Any) -> str:
    one, other = type_name(real), type_name(theirs)
    return "" if one == other else f"{other} instead of {one}"


def type_name(value: Any) -> str:
    """The type of a reply as the course calls it: "bulk string", "integer" …"""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case Double():
            return "double"
        case SimpleString():
            return "simple string"
        case ErrorReply():
            return "error"
        case Verbatim():
            return "verbatim string"
        case Map():
            return "map"
        case SetReply():
            return "set"
        case list():
            return "push" if type(value).__name__ == "Push" else "array"
        case bytes():
            return "bulk string"
    return "null array" if value is NULL_ARRAY else type(value).__name__


def quotes_whole(step: Step, real: Any, theirs: Any) -> bool:
    """Whether two errors differ only in that `theirs` quotes an argument beyond its first NUL byte.

    Redis puts arguments into its errors as strings of C, which end there. Nothing is learnt by doing so, too.
    """
    if not isinstance(real, ErrorReply) or not isinstance(theirs, ErrorReply):
        return False
    text = theirs.text
    for arg in sorted(step.args, key=len, reverse=True):
        if b"\0" in arg:
            whole = arg.decode("utf-8", "surrogateescape")
            text = text.replace(whole, whole.partition("\0")[0])
    return text != theirs.text and text == real.text


def table() -> list[tuple[str, str, str]]:
    """Command, what is compared instead, why: a row for each tolerance."""
    return [
        ("any", "an error whose quoted argument ends at its first NUL byte, or does not", "So do strings of C."),
        *(
            (command, tolerance.kind.value, tolerance.reason)
            for command, tolerances in sorted(TOLERANCES.items())
            for tolerance in tolerances
        ),
    ]


if __name__ == "__main__":
    from rich.console import Console
    from rich.table import Table

    shown = Table("command", "what is compared instead of the bytes", "why")
    for row in table():
        shown.add_row(*row)
    Console().print(shown)
