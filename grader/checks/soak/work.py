"""What a client of a soak does: operations on keys of its own, and what each command of them must be answered.

A family of commands is a class of `Work`, one a module in `families/`. Its public methods are its operations; each
returns the steps to send and keeps in mind what the keys hold afterwards. So every reply can be judged, however many
clients are at work, as long as no two share a key. An operation draws what it does from its client's own random
numbers: the same seed gives the same work.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any, ClassVar, TypeAlias

import hiredis
import redis

Argument: TypeAlias = bytes | str | int | float
OK = b"OK"
_KEYS = 6  # that a family of one client works on
_NOT_BUILT = "ERR not built yet: "
_LONG_TEXT, _LARGE_TEXT = 0.03, 0.001  # shares


class Rule:
    """A reply that is not known to the byte: `says` what it must be, `holds` tells whether one is."""

    __slots__ = ("_holds", "says")

    def __init__(self, says: str, holds: Callable[[Any], bool]) -> None:
        self.says = says
        self._holds = holds

    def holds(self, reply: Any) -> bool:
        """Whether `reply` is one; what has not even the right type is none."""
        try:
            return self._holds(reply)
        except (TypeError, ValueError, IndexError, AttributeError):
            return False

    def __repr__(self) -> str:
        return self.says


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and the reply it must get: exactly this value, or one that a `Rule` holds for."""

    args: tuple[Argument, ...]
    gives: object

    def fits(self, reply: Any) -> bool:
        """Whether `reply` is right."""
        gives = self.gives
        return gives.holds(reply) if isinstance(gives, Rule) else bool(reply == gives)


def step(*args: Argument, gives: object) -> Step:
    """``step("GET", key, gives=b"value")``."""
    return Step(args, gives)


def refused(code: str = "ERR") -> Rule:
    """An error reply that begins with `code`."""
    return Rule(
        f"an error {code}",
        lambda reply: error_text(reply).startswith(code) and not error_text(reply).startswith(_NOT_BUILT),
    )


def anything() -> Rule:
    """Any reply that is no error."""
    return Rule("no error", lambda reply: not error_text(reply))


def unordered(items: Iterable[bytes]) -> Rule:
    """An array of these, in any order."""
    wanted = sorted(items)
    return Rule(f"in any order {wanted!r}", lambda reply: sorted(reply) == wanted)


def mapping(pairs: Mapping[bytes, bytes]) -> Rule:
    """An array of these fields and values, field by field in any order."""
    wanted = dict(pairs)
    return Rule(
        f"in any order {wanted!r}",
        lambda reply: len(reply) == 2 * len(wanted) and dict(zip(reply[::2], reply[1::2], strict=True)) == wanted,
    )


def between(low: float, high: float) -> Rule:
    """A number, or one written as text."""
    return Rule(f"from {low:g} to {high:g}", lambda reply: low <= float(reply) <= high)


def half(count: int) -> bytes:
    """`count` halves as Redis writes the number: ``b"1.5"`` for 3, ``b"-2"`` for -4."""
    return f"{count / 2:.1f}".removesuffix(".0").encode()


def error_text(reply: object) -> str:
    """The text of an error reply, its code first; "" for what is none. redis-py drops the codes that it knows."""
    if isinstance(reply, hiredis.ReplyError):
        return str(reply)
    if isinstance(reply, redis.exceptions.ExecAbortError):
        return f"EXECABORT {reply}"
    if isinstance(reply, redis.ResponseError):
        text = str(reply)
        return text if text.startswith("WRONGTYPE ") else f"ERR {text}"
    return ""


def lacks(reply: object) -> str:
    """Why a server cannot do a command at all: the stage that is not built, or "unknown"; "" when it can."""
    text = error_text(reply)
    if text.startswith(_NOT_BUILT):
        return text.removeprefix(_NOT_BUILT)
    return "unknown" if text.startswith(("ERR unknown command", "ERR unknown subcommand")) else ""


class Work(ABC):
    """A family of commands, as one client uses it.

    Args:
        home: what the names of this client's keys begin with.
        chance: this client's random numbers.

    Attributes:
        family: its name.
        share: how often it is drawn, beside the others.
        operations: its public methods by name.
    """

    family: ClassVar[str]
    share: ClassVar[int] = 4
    operations: ClassVar[dict[str, Callable[[Any], Sequence[Step]]]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.operations = {
            name: made for name, made in vars(cls).items() if isinstance(made, FunctionType) and name[0] != "_"
        }

    def __init__(self, home: bytes, chance: random.Random) -> None:
        self._chance = chance
        self._keys = [b"%b:%b:%d" % (home, self.family.encode(), number) for number in range(_KEYS)]
        self._start()

    @abstractmethod
    def _start(self) -> None:
        """Begin with keys that hold nothing."""

    def _settle(self, now: float) -> None:
        """All replies of what was sent so far have come; `now` is `time.monotonic()`. Most families do not care."""
        del now

    def _forget(self) -> list[Step]:
        """Give up what is known, after a reply that was wrong: the steps that make it true that nothing is there."""
        self._start()
        return [step("DEL", *self._keys, gives=anything())]

    # What operations are made of

    def _key(self) -> bytes:
        return self._chance.choice(self._keys)

    def _two_keys(self) -> tuple[bytes, bytes]:
        one, two = self._chance.sample(self._keys, 2)
        return one, two

    def _flip(self) -> bool:
        return self._chance.random() < 0.5

    def _text(self) -> bytes:
        """Any bytes: mostly a few, sometimes a thousand, seldom a hundred thousand."""
        dice = self._chance.random()
        if dice < _LARGE_TEXT:
            return self._chance.randbytes(100_000)
        return self._chance.randbytes(1000 if dice < _LARGE_TEXT + _LONG_TEXT else self._chance.randrange(24))

    def _word(self, of: int = 60) -> bytes:
        """One of a few names: what is put in is met again."""
        return b"w%d" % self._chance.randrange(of)

    def _met(self, there: Iterable[bytes], of: int) -> bytes:
        """Half of the time one of those that are there, if any are; else any name."""
        known = list(there)
        return self._chance.choice(known) if known and self._flip() else self._word(of)

    def _words(self, of: int = 60) -> list[bytes]:
        return list({self._word(of): None for _ in range(self._chance.randint(1, 4))})


def settle(work: Work, now: float) -> None:
    """Tell a family that all replies have come."""
    work._settle(now)


def forget(work: Work) -> list[Step]:
    """The steps after which the family's keys hold nothing again, as far as it knows."""
    return work._forget()
