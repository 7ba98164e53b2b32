"""The manners in which one and the same script is sent: pieces on the wire, lines in between, the case of words.

A server that agrees with Redis in one manner and not in another has a bug that no test of whole commands finds.
"""

from __future__ import annotations

from enum import Enum

from grader.checks.agreement.play import is_plain
from grader.checks.agreement.script import Script, Step, Word, mixed_case


class Manner(Enum):
    """One way of sending a script; the value says it to a learner."""

    ONE_BY_ONE = "each command is sent when the reply before it has come"
    TOGETHER = "all commands are sent at once, without waiting for replies"
    MIXED_CASE = "the words are written in mixed case"
    INLINE = "inline commands come in between"
    BYTE_BY_BYTE = "every byte arrives alone"
    CUT = "the bytes arrive in two pieces"


EVERY_MANNER = frozenset(Manner)
_PING = Step((Word(b"PING"),), inline=True)
# Pieces on the wire only make sense where every command gets a reply of its own.
_FOR_PLAIN = frozenset((Manner.TOGETHER, Manner.INLINE, Manner.CUT))


def suits(manner: Manner, script: Script) -> bool:
    """Whether the script can be sent in this manner."""
    if manner in _FOR_PLAIN and not is_plain(script):
        return False
    if manner is Manner.CUT:
        return not any(step.pause or step.walk for step in script) and script.connections == 1
    return True


def changed(manner: Manner, script: Script) -> Script:
    """The script as it is sent in this manner."""
    match manner:
        case Manner.MIXED_CASE:
            return Script(tuple(map(mixed_case, script)))
        case Manner.INLINE:
            return Script(tuple(each for step in script for each in (_ping(step), step)))
    return script


def _ping(step: Step) -> Step:
    return Step(_PING.args, connection=step.connection, inline=True)
