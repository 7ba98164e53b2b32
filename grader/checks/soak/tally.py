"""What has happened in a soak so far. Clients write, each into its own `Tally`; whoever looks adds them up."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader.checks.soak.work import Argument

_LONGEST = 200  # characters of a value that are shown
_KEPT = 20
_PLAIN = re.compile(rb"[!#-&(-~]{1,60}")


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that should not have been: a wrong reply, or a connection that broke.

    Attributes:
        family: of the command; the kind of client for a connection.
        sent: the command as it would be typed.
        expected: what the reply had to be.
        got: what it was, or how the connection ended.
    """

    family: str
    sent: str
    expected: str
    got: str


@dataclass(slots=True)
class Tally:
    """What one client has done.

    Attributes:
        operations: commands that were answered, by family.
        wrong: how many of them were answered wrongly, and connections that broke.
        refused: errors that were asked for and came.
        connections: opened.
        cut: connections that the client dropped in the middle of a command.
        nonsense: times that something was sent that is no RESP, and the server hung up as it should.
        first_wrong: the first wrong ones in full.
    """

    operations: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    refused: int = 0
    connections: int = 0
    cut: int = 0
    nonsense: int = 0
    first_wrong: list[Wrong] = field(default_factory=list)

    def add_wrong(self, family: str, sent: Sequence[Argument], expected: object, got: object) -> None:
        """Count a wrong reply, and keep it if it is among the first."""
        self.wrong += 1
        if len(self.first_wrong) < _KEPT:
            self.first_wrong.append(Wrong(family, typed(sent), shown(expected), shown(got)))


def add_up(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    total = Tally()
    for each in tallies:
        # A copy, made at once: the client that this belongs to may be counting.
        total.operations.update(dict(each.operations))
        total.wrong += each.wrong
        total.refused += each.refused
        total.connections += each.connections
        total.cut += each.cut
        total.nonsense += each.nonsense
        total.first_wrong = (total.first_wrong + each.first_wrong)[:_KEPT]
    return total


class Lacking:
    """Operations that the server cannot do, found out as they are tried. All clients share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reasons: dict[tuple[str, str], tuple[str, str]] = {}

    def __contains__(self, operation: tuple[str, str]) -> bool:
        return operation in self._reasons

    def add(self, family: str, operation: str, command: str, reason: str) -> None:
        """`command`, which `operation` needs, is not there; `reason` as `work.lacks` tells it."""
        with self._lock:
            self._reasons[family, operation] = command, reason

    def by_family(self) -> dict[str, list[str]]:
        """The commands that are not there, each with the stage that would bring it if the server names one."""
        found: dict[str, list[str]] = {}
        for (family, _), (command, reason) in self._reasons.items():
            told = command if reason == "unknown" else f"{command} ({reason})"
            if told not in found.setdefault(family, []):
                found[family].append(told)
        return found


def typed(args: Sequence[Argument]) -> str:
    """A command as one would type it, long arguments cut."""
    words = [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]
    told = [word.decode() if _PLAIN.fullmatch(word) else shown(word).removeprefix("b") for word in words]
    return " ".join(told)[: 2 * _LONGEST]


def shown(value: Any) -> str:
    """A value for a person, cut when it is long."""
    text = f"({type(value).__name__}) {value}" if isinstance(value, Exception) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
