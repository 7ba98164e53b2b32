"""A schedule as people read it: a column an actor, time downwards, and what is in Redis after each step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import redis

from grader.wire.race.stage import Run, Step
from grader.wire.redis_cli import format_command, format_reply

State = dict[str, str]
_CELL = 60
_VALUE = 48
#: What stands for the result of an actor that had not come to its end.
NOT_ENDED = "had not ended"


@dataclass(slots=True)
class Row:
    """One step: whose it was, its commands and their replies as redis-cli shows them, and the keys it changed.

    `changes` maps a key to what it holds afterwards, None where it is gone.
    """

    actor: int
    commands: list[str]
    replies: list[str]
    changes: dict[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Timeline:
    """A schedule that was run.

    `names` are the actors'; `start` is what was in Redis before the first step; `results` what each actor returned or
    raised, as text; `why` says what broke, or is empty; `schedule` replays it; `reproduced` says whether it happened
    again when it was replayed.
    """

    names: list[str]
    rows: list[Row] = field(default_factory=list)
    start: State = field(default_factory=dict)
    results: list[str] = field(default_factory=list)
    why: str = ""
    schedule: str = ""
    schedules: int = 0
    reproduced: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Timeline:
        """The inverse of `to_dict`."""
        return cls(**{**data, "rows": [Row(**row) for row in data["rows"]]})

    def lines(self, limit: int = _CELL) -> list[str]:
        """As text, a column an actor and one for the state; cells are cut after `limit` characters."""
        rows = [(row.actor, _said(row, limit), _changed(row.changes)) for row in self.rows]
        widths = [len(name) for name in self.names]
        for actor, said, _ in rows:
            widths[actor] = max(widths[actor], *(len(line) for line in said))
        head = "   ".join(name.ljust(width) for name, width in zip(self.names, widths, strict=True))
        lines = [f"    {head}   in Redis afterwards".rstrip()]
        if self.start:
            lines.append(f"    {'   '.join(' ' * width for width in widths)}   {_held(self.start)}")
        for number, (actor, said, changed) in enumerate(rows, 1):
            for at, line in enumerate(said):
                cells = [(line if n == actor else "").ljust(width) for n, width in enumerate(widths)]
                mark = str(number).rjust(2) if at == 0 else "  "
                lines.append(f"{mark}  {'   '.join(cells)}   {changed if at == 0 else ''}".rstrip())
        for name, result in zip(self.names, self.results, strict=False):
            lines.append(f"    {name} {result}" if result == NOT_ENDED else f"    {name} returned {result}")
        return lines


def row_of(step: Step, before: State, after: State) -> Row:
    """The row of one step, given what was in Redis before and after it."""
    changes: dict[str, str | None] = {
        key: after.get(key) for key in sorted({*before, *after}, key=str) if before.get(key) != after.get(key)
    }
    if step.slept is not None:
        return Row(step.actor, [f"(sleeps {step.slept:g} s)"], [""], changes)
    commands = [format_command(_without_script(command), _VALUE) for command in step.commands]
    replies = [
        format_reply(reply, command, _VALUE) for reply, command in zip(step.replies, step.commands, strict=False)
    ]
    replies += ["(waits)" if step.blocked else "(no reply)"] * (len(commands) - len(replies))
    return Row(step.actor, commands, replies, changes)


def _without_script(command: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """A command in which the text of a script does not hide its keys and arguments."""
    match [word.upper() for word in command[:2]]:
        case [b"EVAL" | b"EVAL_RO", _]:
            return (command[0], b"(script)", *command[2:])
        case [b"EVALSHA" | b"EVALSHA_RO", _]:
            return (command[0], command[1][:8], *command[2:])
        case [b"SCRIPT", b"LOAD"]:
            return (*command[:2], b"(script)")
    return command


def state_of(client: redis.Redis) -> State:
    """Every key and what it holds, in short. For small databases: reads everything."""
    keys: Any = client.keys("*")
    raw = [key.encode("utf-8", "surrogateescape") for key in keys]
    return {_text(key): _content(client, key) + _ending(client, key) for key in sorted(raw)}


def _text(data: bytes) -> str:
    """Bytes as text, where they are none too."""
    return data.decode("utf-8", "backslashreplace")


def letters(names: Sequence[str]) -> list[str]:
    """A letter for each actor: its name where all names are different single letters, else A, B, C."""
    if all(len(name) == 1 and name.isalpha() for name in names) and len({name.upper() for name in names}) == len(names):
        return [name.upper() for name in names]
    return [chr(ord("A") + number) for number in range(len(names))]


def schedule_text(run: Run, names: Sequence[str]) -> str:
    """Who moved, step by step, as one word: ``ABBA``."""
    alphabet = letters(names)
    return "".join(alphabet[actor] for actor in run.schedule)


def schedule_numbers(text: str, names: Sequence[str]) -> list[int]:
    """The inverse of `schedule_text`.

    Raises:
        ValueError: when it holds something other than actors' letters.
    """
    alphabet = letters(names)
    word = text.strip().upper()
    if not word or any(letter not in alphabet for letter in word):
        raise ValueError(f"a schedule is a word of the actors' letters {', '.join(alphabet)}, not {text!r}")
    return [alphabet.index(letter) for letter in word]


def _ending(client: redis.Redis, key: bytes) -> str:
    """When the key ends, in whole seconds."""
    left: Any = client.pttl(key)
    return f" (ends in {math.ceil(left / 1000)} s)" if left > 0 else ""


def _content(client: redis.Redis, key: bytes) -> str:
    kind: Any = client.type(key)
    try:
        match kind:
            case "string":
                return _short(client.get(key))
            case "list":
                return _listed("[", [_short(each) for each in client.lrange(key, 0, 9)], "]", client.llen(key))
            case "set":
                return _listed(
                    "{", [_short(each) for each in sorted(client.smembers(key))[:10]], "}", client.scard(key)
                )
            case "zset":
                pairs: Any = client.zrange(key, 0, 9, withscores=True)
                return _listed("", [f"{_short(m)}: {score:.17g}" for m, score in pairs], "", client.zcard(key))
            case "hash":
                fields: Any = client.hgetall(key)
                pieces = [f"{_short(field)}: {_short(value)}" for field, value in list(fields.items())[:10]]
                return _listed("{", pieces, "}", len(fields))
            case _:
                return f"({kind})"
    except (redis.RedisError, UnicodeDecodeError):
        return f"({kind})"


def _listed(left: str, items: list[str], right: str, total: Any) -> str:
    more = f", … {total} in all" if int(total) > len(items) else ""
    return f"{left}{', '.join(items)}{more}{right}"


def _short(value: Any) -> str:
    text = _text(str(value).encode("utf-8", "surrogateescape"))
    return text if len(text) <= _VALUE else f"{text[:_VALUE]}…"


def _said(row: Row, limit: int) -> list[str]:
    """The lines of a step's cell."""
    return [
        _cut(f"{command} → {' '.join(reply.split())}" if reply else command, limit)
        for command, reply in zip(row.commands, row.replies, strict=True)
    ]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _changed(changes: dict[str, str | None]) -> str:
    return ", ".join(f"{key} = {held}" if held is not None else f"{key} is gone" for key, held in changes.items())


def _held(state: State) -> str:
    return ", ".join(f"{key} = {held}" for key, held in state.items())
