"""The first disagreement between two plays of one script: bytes first, then the tolerances, then words for it.

`Comparison` goes through the answers and counts; `Difference` says at which step the two part and, in one sentence,
in what.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from grader.checks.agreement.play import Answer, Frame, Play
from grader.checks.agreement.script import Script, Step
from grader.checks.agreement.tolerances import (
    Kind,
    Tolerance,
    judge,
    of,
    quotes_whole,
    same_elements,
    same_messages,
    type_name,
)
from grader.resp import NULL_ARRAY, Double, ErrorReply, Map, SimpleString


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two plays of a script part.

    `place` is the number of the step (one behind the last for what the script did not say), `real` and `theirs`
    what followed it, `sentence` what is wrong, about "yours".
    """

    script: Script
    place: int
    real: Answer
    theirs: Answer
    sentence: str

    @property
    def step(self) -> Step:
        """The step whose answers differ."""
        return self.script.steps[self.place]


@dataclass(slots=True)
class Comparison:
    """Two plays compared: how many replies were equal, how many only tolerably so, and the first that was not.

    `unfinished` is True where chance has parted the two, so that the rest could not be compared.
    """

    equal: int = 0
    tolerated: int = 0
    difference: Difference | None = None
    unfinished: bool = False
    by_command: list[tuple[str, str]] = field(default_factory=list)


_NOTHING = Answer()

ENDED = "yours ended: its process is gone"
ENDED_LATER = "yours ended behind its last answer: its process is gone"


def compare(real: Play, theirs: Play, *, names: dict[bytes, bytes] | None = None) -> Comparison:
    """Compare what followed each step on the real Redis and on the other server.

    `names` are names that the two chose differently before (theirs -> real); those of this script are added.
    """
    found = Comparison()
    names = {} if names is None else names
    queues: dict[int, list[Step]] = {}
    for place, step in enumerate(real.script):
        if place >= len(real.answers):
            break
        mine = real.answers[place]
        yours = theirs.answers[place] if place < len(theirs.answers) else _NOTHING
        outcome = _answers(step, mine, yours, queues.get(step.connection), names)
        found.by_command.append((step.names[0], outcome if outcome in ("equal", "tolerated") else "different"))
        match outcome:
            case "equal":
                found.equal += 1
            case "tolerated":
                found.tolerated += 1
                if _parted(step, mine, yours):
                    found.unfinished = True
                    return found
            case _:
                found.difference = Difference(real.script, place, mine, yours, outcome)
                return found
        _follow(step, mine, queues)
    return found


def _follow(step: Step, answer: Answer, queues: dict[int, list[Step]]) -> None:
    """Keep account of which commands wait for EXEC on each connection."""
    reply = answer.frames[0].value if answer.frames else None
    queue = queues.get(step.connection)
    if step.name == "MULTI" and reply == "OK":
        queues[step.connection] = []
    elif queue is not None and isinstance(reply, SimpleString) and reply == "QUEUED":
        queue.append(step)
    elif queue is not None and step.name in ("EXEC", "DISCARD", "RESET"):
        del queues[step.connection]


def _parted(step: Step, real: Answer, theirs: Answer) -> bool:
    """Whether chance has led the two servers apart."""
    if step.name == "EXEC":
        return True
    tolerance = of(step)
    if tolerance is None or not tolerance.chance:
        return False
    return bool(same_elements(real.frames[0].value, theirs.frames[0].value))


def _answers(step: Step, real: Answer, theirs: Answer, queue: list[Step] | None, names: dict[bytes, bytes]) -> str:
    """ "equal", "tolerated", or the sentence about the first thing that is wrong."""
    if _identical(real, theirs):
        return "equal"
    tolerated = False
    came = _settled(theirs.frames)
    for number, frame in enumerate(_settled(real.frames)):
        if number >= len(came):
            return _missing(real, theirs)
        other = came[number]
        if frame.raw == other.raw:
            continue
        if sentence := _frames(step, frame, other, real.witness, queue, names):
            return sentence
        tolerated = True
    if sentence := _around(real, theirs):
        return sentence
    if tolerated and not _same_channels(step, real, theirs):
        return "other channels than those that were left"
    for connection, frames in real.elsewhere.items():
        for frame, other in zip(_settled(frames), _settled(theirs.elsewhere[connection]), strict=True):
            if frame.raw != other.raw and (sentence := _frames(step, frame, other, None, None, names)):
                return f"client {connection + 1}: {sentence}"
    return "tolerated" if tolerated or real.elsewhere else "equal"


def _settled(frames: list[Frame]) -> list[Frame]:
    """The frames with messages to patterns that follow each other in a fixed order: Redis keeps patterns in a table."""
    settled: list[Frame] = []
    for kind, group in itertools.groupby(frames, lambda frame: _kind(frame.value) == b"pmessage"):
        run = list(group)
        settled += sorted(run, key=lambda frame: frame.raw) if kind else run
    return settled


def _kind(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value and not isinstance(value, Map) else None


def _same_channels(step: Step, real: Answer, theirs: Answer) -> bool:
    tolerance = of(step)
    if tolerance is None or tolerance.kind is not Kind.MESSAGES:
        return True
    return same_messages([frame.value for frame in real.frames], [frame.value for frame in theirs.frames])


def _identical(real: Answer, theirs: Answer) -> bool:
    return (
        real.end == theirs.end
        and not theirs.rest
        and len(real.frames) == len(theirs.frames)
        and all(one.raw == other.raw for one, other in zip(real.frames, theirs.frames, strict=True))
        and not real.elsewhere
        and not theirs.elsewhere
    )


def _missing(real: Answer, theirs: Answer) -> str:
    """What there is instead of a reply that Redis sent."""
    match theirs.end:
        case "closed":
            behind = " after a part of its reply" if theirs.rest else ""
            return f"yours closed the connection{behind}"
        case "invalid":
            return f"yours sent bytes that are no reply: {theirs.problem}"
        case "unreachable":
            return f"yours could not be reached: {theirs.problem}"
        case "endless":
            return theirs.problem
        case "blocked":
            return (
                f"yours no longer answered anybody: a PING over another connection got nothing for {theirs.waited:g} s"
            )
    if theirs.rest:
        return f"yours sent the beginning of a reply and then nothing for {theirs.waited:g} s"
    if len(real.frames) > 1:
        got = len(theirs.frames)
        return f"yours sent {got} of {len(real.frames)} replies and then nothing for {theirs.waited:g} s"
    return f"yours sent nothing for {theirs.waited:g} s"


def _around(real: Answer, theirs: Answer) -> str:
    """What is wrong besides the replies that Redis sent, which are all there."""
    if len(theirs.frames) > len(real.frames):
        if not real.frames:
            return "Redis sends nothing yet; yours answered at once" if not real.end else "Redis sends nothing"
        return f"yours sent {len(theirs.frames)} replies where Redis sends {len(real.frames)}"
    if theirs.end and theirs.end != real.end:
        if theirs.end == "closed":
            return "yours closed the connection"
        if theirs.end == "silent" and theirs.rest:
            return "yours sent more bytes behind its reply"
        return _missing(real, theirs)
    if real.end == "closed" and theirs.end != "closed":
        return "Redis closes the connection; yours left it open"
    for connection in sorted({*real.elsewhere, *theirs.elsewhere}):
        due, came = (len(answer.elsewhere.get(connection, ())) for answer in (real, theirs))
        if due != came:
            name = f"client {connection + 1}"
            if not due:
                return f"yours sent {_replies(came)} to {name}, Redis none"
            if not came:
                return f"yours sent nothing to {name}, Redis {_replies(due)}"
            return f"yours sent {_replies(came)} to {name}, Redis {_replies(due)}"
    return ""


def _replies(count: int) -> str:
    return "1 reply" if count == 1 else f"{count} replies"


def _frames(
    step: Step, real: Frame, theirs: Frame, witness: Any, queue: list[Step] | None, names: dict[bytes, bytes]
) -> str:
    """What is wrong with a reply that is not the same bytes; "" where it is tolerated."""
    other = _renamed(theirs.value, names) if names else theirs.value
    if names and repr(other) == repr(real.value):
        return ""
    if step.name == "EXEC" and queue and isinstance(real.value, list) and isinstance(other, list):
        return _executed(queue, real.value, other, names)
    return _value(step, real.value, other, witness, names)


def _value(step: Step, real: Any, theirs: Any, witness: Any, names: dict[bytes, bytes]) -> str:
    """What is wrong with a value that is not the same; "" where it is tolerated."""
    if quotes_whole(step, real, theirs):
        return ""
    tolerance = of(step)
    if tolerance is None:
        return describe(real, theirs)
    return _tolerated(step, tolerance, real, theirs, witness, names)


def _tolerated(
    step: Step,
    tolerance: Tolerance,
    real: Any,
    theirs: Any,
    witness: Any,
    names: dict[bytes, bytes],
) -> str:
    wrong = judge(step, tolerance, real, theirs, witness)
    if wrong == "one is an error":
        return describe(real, theirs)
    if wrong:
        return f"{wrong}, where {tolerance.kind.value} would do"
    if tolerance.renames and isinstance(real, bytes) and isinstance(theirs, bytes):
        names[theirs] = real
    return ""


def _executed(queue: list[Step], real: list[Any], theirs: list[Any], names: dict[bytes, bytes]) -> str:
    """Compare the replies in EXEC's, each by its own command."""
    if len(real) != len(theirs):
        return f"an array of {len(theirs)} instead of {len(real)}"
    for number, (one, other) in enumerate(zip(real, theirs, strict=True)):
        if repr(one) == repr(other):
            continue
        step = queue[number] if number < len(queue) else Step(())
        if wrong := _value(step, one, other, None, names):
            return f"reply {number + 1} of the transaction: {wrong}"
    return ""


def _renamed(value: Any, names: dict[bytes, bytes]) -> Any:
    if isinstance(value, bytes):
        return names.get(value, value)
    if isinstance(value, Map):
        return Map((_renamed(key, names), _renamed(held, names)) for key, held in value)
    if isinstance(value, list):
        return type(value)(_renamed(each, names) for each in value)
    return value


# Words for two values that are not the same


def describe(real: Any, theirs: Any) -> str:
    """In what `theirs` differs from `real`, in words; there is always an answer."""
    for rule in (_errors, _types, _texts, _numbers, _lists):
        if sentence := rule(real, theirs):
            return sentence
    return "the same value in other bytes"


_SAME_WORDS = 0.85  # so much alike are two ways to say the same, and hardly ever two errors of Redis
_UNKNOWN = "ERR unknown command"
_STUMBLED = "ERR internal error: "
_UNBUILT = "ERR not built yet: "


def _errors(real: Any, theirs: Any) -> str:
    if isinstance(theirs, ErrorReply) and theirs != real:
        if theirs.text.startswith(_UNBUILT):
            return f"{theirs.text.removeprefix(_UNBUILT)} is not built yet"
        if theirs.text.startswith(_STUMBLED):
            return f"yours met an error of its own: {theirs.text.removeprefix(_STUMBLED)}"
        if theirs.text.startswith(_UNKNOWN) and not str(real).startswith(_UNKNOWN):
            return "yours does not know this command"
    if isinstance(real, ErrorReply) and isinstance(theirs, ErrorReply):
        if real.code != theirs.code:
            return f"another error: it begins with {theirs.code or 'a blank'} instead of {real.code}"
        if real.text == theirs.text:
            return ""
        if SequenceMatcher(None, real.text.lower(), theirs.text.lower()).ratio() >= _SAME_WORDS:
            return "the right kind of error in other words"
        return "another error than that of Redis: where several are due, which one comes first is part of the answer"
    if isinstance(real, ErrorReply):
        return f"Redis refuses this with an error; yours answered {_a(theirs)}"
    if isinstance(theirs, ErrorReply):
        return f"yours answered an error where Redis answers {_a(real)}"
    return ""


def _a(value: Any) -> str:
    name = type_name(value)
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _plainly(value: Any) -> str | None:
    """A scalar as text, to see whether only the type differs."""
    match value:
        case bool():
            return str(int(value))
        case int():
            return str(int(value))
        case Double():
            return value.text
        case bytes():
            return value.decode("latin-1")
        case str():
            return str(value)
    return None


def _types(real: Any, theirs: Any) -> str:
    one, other = type_name(real), type_name(theirs)
    if one == other:
        return ""
    if {one, other} == {"null", "null array"}:
        wanted, got = ("*-1", "$-1") if real is NULL_ARRAY else ("$-1", "*-1")
        return f"null of the other kind: {got} instead of {wanted}"
    text = _plainly(real)
    if text is not None and text == _plainly(theirs):
        return f"same value, other type: {other} instead of {one}"
    if one in ("array", "map", "set") and other in ("array", "map", "set") and _flat(real) == _flat(theirs):
        return f"same elements, other type: {other} instead of {one}"
    return f"other type: {other} instead of {one}"


def _flat(value: Any) -> list[Any]:
    if isinstance(value, Map):
        return [item for pair in value for item in pair]
    return list(value)


def _texts(real: Any, theirs: Any) -> str:
    if not isinstance(real, bytes) or not isinstance(theirs, bytes):
        if isinstance(real, SimpleString) and isinstance(theirs, SimpleString) and real != theirs:
            return f"{str(theirs)!r} instead of {str(real)!r}"
        return ""
    checks: tuple[tuple[bool, str], ...] = (
        (real == theirs, ""),
        (_number(real) is not None and _number(real) == _number(theirs), "the same number, written in another way"),
        (real.lower() == theirs.lower(), "the same letters in another case"),
        (real.strip() == theirs.strip(), "the same text but for blanks or line ends around it"),
        (b"\xef\xbf\xbd" in theirs, "bytes that are no UTF-8 were replaced: values are bytes, not text"),
        (real.startswith(theirs), f"only the first {_count(len(theirs))} of {len(real)}"),
        (theirs.startswith(real), f"{_count(len(theirs) - len(real))} too many at the end"),
    )
    return next((sentence for holds, sentence in checks if holds), "another value")


def _count(number: int) -> str:
    return "1 byte" if number == 1 else f"{number} bytes"


def _number(data: bytes) -> float | None:
    try:
        return float(data)
    except ValueError:
        return None


def _numbers(real: Any, theirs: Any) -> str:
    if isinstance(real, int) and isinstance(theirs, int) and real != theirs:
        return f"{int(theirs)} instead of {int(real)}"
    if isinstance(real, Double) and isinstance(theirs, Double) and real.text != theirs.text:
        return "the same number, written in another way" if float(real) == float(theirs) else "another number"
    return ""


def _lists(real: Any, theirs: Any) -> str:
    if not isinstance(real, list) or not isinstance(theirs, list):
        return ""
    one, other = _flat(real), _flat(theirs)
    raw, their_raw = ([*map(repr, values)] for values in (one, other))
    if raw == their_raw:
        return ""
    if sorted(raw) == sorted(their_raw):
        return "the same elements in another order"
    if len(one) != len(other):
        return f"an array of {len(other)} instead of {len(one)}"
    at = next(number for number, pair in enumerate(zip(raw, their_raw, strict=True)) if pair[0] != pair[1])
    return f"element {at + 1}: {describe(one[at], other[at])}"
