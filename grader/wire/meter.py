"""What a stretch of work cost: on the wire, and on the server's side of it.

A `Bill` adds to a `Cost` (round trips, commands, bytes) what only the server knows: its time for each command, the
keys it walked over, its memory before and after, and how it stores what was touched. The meter asks over a connection
of its own that nothing records, and leaves its own commands out. It asks nothing that changes the server: statistics
are compared, never reset. Notebooks show a bill as a card; a plain `Wire.measure` asks the server nothing at all.

https://redis.io/docs/latest/commands/info/ (commandstats), /latency-histogram/, /memory-usage/, /object-encoding/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import Any, TypeVar

from grader.resp import ErrorReply
from grader.wire.session import Session
from grader.wire.transcript import Command, Cost, Exchange, Transcript

KEYS_ASKED = 1000
"""How many of the touched keys are asked for their memory and encoding."""
# What a client sends to introduce itself; a wire does not record it, so it says nothing about other clients.
_SETUP = frozenset({"hello", "auth", "select", "client|setinfo", "client|setname"})
# Their time includes that of the commands inside them, which are counted by themselves too.
_CONTAINERS = frozenset({"exec", "eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro"})
_SCRIPTS = _CONTAINERS - {"exec"}
# 24 buckets of 128 counters of 8 bytes, for times up to a second with two digits, and the record that holds them.
_HISTOGRAM_BYTES = 24 * 128 * 8 + 128
_BLOCKING = frozenset(
    {"blpop", "brpop", "blmove", "brpoplpush", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "xread", "xreadgroup"}
    | {"wait", "waitaof"}
)


@dataclass(frozen=True, slots=True)
class Work:
    """What the server did for the commands of one name.

    `name` is upper case (``GET``, ``CONFIG GET``); `calls` counts those that ran, on whichever connection;
    `microseconds` is the time they kept the server busy, without any waiting of blocking commands; `longest` is
    a bound in microseconds that no single call went over, None where the server does not tell.
    """

    name: str
    calls: int
    microseconds: int
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """A command that walked over the keys of the database: ``KEYS`` over all of them, ``SCAN`` over a part a call."""

    name: str
    calls: int
    keys: int


@dataclass(frozen=True, slots=True)
class Held:
    """A touched key as it is afterwards: its type, encoding (``listpack``, ``skiplist`` …) and memory in bytes."""

    key: bytes
    type: str
    encoding: str
    memory: int


@dataclass
class Bill:
    """What a stretch of work cost. The figures of the server are there once the stretch has ended.

    `others` are commands the server ran meanwhile that this wire did not send, name -> how often: another client's,
    or (when `scripts` is true) perhaps a script's; where there are any, times and memory include theirs.
    `memory` is the server's used_memory in bytes, before and after; `aside` is how much of the difference is no
    data: clients' buffers (a large value leaves a large one behind), and the latency histogram that the server begins
    for a command when it first runs. `held` are the touched keys that exist
    afterwards, `gone` counts those that do not, `unasked` those beyond `KEYS_ASKED`. `unknown` says what this Redis
    would not tell.
    """

    cost: Cost
    work: list[Work] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)
    scripts: bool = False
    walks: list[Walk] = field(default_factory=list)
    memory: tuple[int, int] | None = None
    aside: int = 0
    held: list[Held] = field(default_factory=list)
    gone: int = 0
    unasked: int = 0
    unknown: list[str] = field(default_factory=list)

    @property
    def exchanges(self) -> list[Exchange]:
        """The commands, in the order sent."""
        return self.cost.exchanges

    @property
    def names(self) -> list[str]:
        """The first word of every command, upper case, in the order sent."""
        return self.cost.names

    @property
    def round_trips(self) -> int:
        """How often something was sent and then waited for."""
        return self.cost.round_trips

    @property
    def bytes_sent(self) -> int:
        """Bytes of the commands."""
        return self.cost.bytes_sent

    @property
    def bytes_received(self) -> int:
        """Bytes of the replies."""
        return self.cost.bytes_received

    def lines(self, limit: int | None = 200) -> list[str]:
        """Command, reply, command, reply …, as redis-cli shows them."""
        return self.cost.lines(limit)

    @property
    def server_microseconds(self) -> int:
        """How long the server was busy in all. What ran inside a transaction or a script is counted once."""
        inside = sum(each.microseconds for each in self.work if each.name.lower() in _CONTAINERS)
        return max(inside, sum(each.microseconds for each in self.work) - inside)

    @property
    def longest(self) -> Work | None:
        """The command one call of which kept the server busy longest, so everybody else waiting."""
        known = [each for each in self.work if each.longest is not None]
        return max(known, key=lambda each: each.longest or 0, default=None)

    @property
    def waited(self) -> tuple[int, float | None]:
        """How many blocking commands were sent, and how many seconds they took together (waiting, that is; the
        server serves others meanwhile). The seconds are None where nobody took the time."""
        blocking = [each for each in self.exchanges if _blocks(each.command)]
        spans = [
            each.answered_at - each.sent_at
            for each in blocking
            if each.answered_at is not None and each.sent_at is not None
        ]
        return len(blocking), sum(spans) if spans else None

    @property
    def growth(self) -> int | None:
        """By how many bytes used_memory grew, without what is no data."""
        return None if self.memory is None else self.memory[1] - self.memory[0] - self.aside

    @property
    def encodings(self) -> list[tuple[str, str, int, int]]:
        """How the touched keys are stored: (type, encoding, how many keys, their bytes), the largest first."""
        groups: dict[tuple[str, str], list[int]] = {}
        for each in self.held:
            groups.setdefault((each.type, each.encoding), []).append(each.memory)
        found = [(kind, encoding, len(sizes), sum(sizes)) for (kind, encoding), sizes in groups.items()]
        return sorted(found, key=lambda each: -each[3])

    def __str__(self) -> str:
        return str(self.cost)


_Kind = TypeVar("_Kind", bound=Bill)


@contextmanager
def metered(
    transcript: Transcript,
    url: str,
    client: str | None = None,
    database: int | None = None,
    kind: type[_Kind] = Bill,  # type: ignore[assignment]
) -> Iterator[_Kind]:
    """Measure a block with the server's side of it.

    Args:
        transcript: the wire (or proxy) whose commands are measured.
        url: the Redis behind it.
        client: only the clients of that label.
        database: the one the work uses, if it is not that of `url`.
        kind: the class of the bill, for those who show it.

    Raises:
        OSError: when the meter cannot connect.
        redis.RedisError: when it is not let in.
        Lost: when the server ends meanwhile.
    """
    session = Session(url)
    try:
        if database is not None:
            session.ask([b"SELECT", str(database).encode()])
        before = _Reading(session)
        before.take()
        with transcript.measure(client) as cost:
            bill = kind(cost)
            yield bill
        after = _Reading(session)
        after.take(first=False)
        _fill(bill, before, after, session)
    finally:
        session.close()


class _Reading:
    """What the server's counters say at one moment."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.calls: dict[str, tuple[int, int, int]] = {}
        self.memory: int | None = None
        self.buffers: int | None = None
        self.histograms: dict[str, list[tuple[int, int]]] = {}
        self.refused: list[str] = []

    def take(self, first: bool = True) -> None:
        """Read them. The commands that read lie outside the stretch between two readings but for one INFO."""
        if first:
            self._around()
        text = self._ask(b"INFO", b"commandstats", b"memory")
        if isinstance(text, bytes):
            for line in text.decode("utf-8", "replace").splitlines():
                name, _, value = line.partition(":")
                if name == "used_memory":
                    self.memory = int(value)
                elif name.startswith("cmdstat_"):
                    numbers = dict(pair.split("=") for pair in value.split(","))
                    counts = int(numbers["calls"]), int(numbers["usec"]), int(numbers.get("rejected_calls", 0))
                    self.calls[name.removeprefix("cmdstat_")] = counts
        if not first:
            self._around()

    def _around(self) -> None:
        clients = self._ask(b"CLIENT", b"LIST", b"TYPE", b"NORMAL")
        if isinstance(clients, bytes):
            self.buffers = sum(int(size) for size in re.findall(rb" tot-mem=(\d+)", clients))
        found = self._ask(b"LATENCY", b"HISTOGRAM")
        if isinstance(found, list):
            for name, entry in zip(found[::2], found[1::2], strict=False):
                buckets = entry[3]
                self.histograms[name.decode()] = list(zip(buckets[::2], buckets[1::2], strict=False))

    def _ask(self, *words: bytes) -> Any:
        reply = self._session.ask(list(words))
        if isinstance(reply, ErrorReply):
            self.refused.append(f"{words[0].decode()}: {reply.text}")
            return None
        return reply


def _fill(bill: Bill, before: _Reading, after: _Reading, session: Session) -> None:
    bill.unknown = list(dict.fromkeys([*before.refused, *after.refused]))
    if before.memory is not None and after.memory is not None:
        bill.memory = before.memory, after.memory
        if before.buffers is not None and after.buffers is not None:
            bill.aside = after.buffers - before.buffers
        # The command that reads histograms has begun its own before the first reading of the memory.
        begun = after.histograms.keys() - before.histograms.keys() - {"latency|histogram"}
        bill.aside += len(begun) * _HISTOGRAM_BYTES if before.histograms else 0
    sent = Counter(_stat_name(each.command, after.calls) for each in bill.exchanges)
    bill.scripts = any(name in _SCRIPTS for name in sent)
    for name, (calls, spent, rejected) in after.calls.items():
        old = before.calls.get(name, (0, 0, 0))
        calls, spent, rejected = calls - old[0], spent - old[1], rejected - old[2]
        if name == "info" and calls > 0:  # one of them is the meter's own
            calls, spent = calls - 1, spent * (calls - 1) // calls
        if calls <= 0 or (name in _SETUP and not sent[name]):
            continue
        if calls + rejected > sent[name] and name not in _SETUP:
            bill.others[_shown(name)] = calls + rejected - sent[name]
        longest = spent if calls == 1 else _longest(before.histograms.get(name, []), after.histograms.get(name, []))
        bill.work.append(Work(_shown(name), calls, spent, longest))
    bill.work.sort(key=lambda each: -each.microseconds)
    _walk(bill, session)
    _touch(bill, session)


def _stat_name(command: Command, known: dict[str, Any]) -> str:
    """The name the server's statistics use: ``get``, ``config|get``."""
    words = [word.decode("utf-8", "replace").lower() for word in command[:2]]
    two = "|".join(words)
    return two if two in known else words[0]


def _shown(name: str) -> str:
    return name.replace("|", " ").upper()


def _longest(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> int | None:
    """The smallest bound of a bucket that holds all that came in between; the histograms are cumulative."""
    total = (after[-1][1] if after else 0) - (before[-1][1] if before else 0)
    if total <= 0:
        return None
    for bound, count in after:
        below = max((c for b, c in before if b <= bound), default=0)
        if count - below >= total:
            return bound
    return None


def _walk(bill: Bill, session: Session) -> None:
    """How many keys KEYS and SCAN looked at: all of them, or COUNT a call."""
    keys = [each for each in bill.exchanges if each.name == "KEYS" and each.error is None]
    scans = [each for each in bill.exchanges if each.name == "SCAN" and each.error is None]
    if not keys and not scans:
        return
    size = session.ask([b"DBSIZE"])
    if keys and isinstance(size, int):
        bill.walks.append(Walk("KEYS", len(keys), len(keys) * size))
    if scans:
        bill.walks.append(Walk("SCAN", len(scans), _scanned(scans, size if isinstance(size, int) else None)))


def _scanned(scans: list[Exchange], size: int | None) -> int:
    """A round that reached its end saw every key, whatever COUNT said; others about COUNT keys a call."""
    done = part = 0
    for each in scans:
        part += _count(each.command)
        cursor = each.value[0] if isinstance(each.value, list) and each.value else None
        if cursor == b"0":
            done, part = done + (part if size is None else size), 0
    return done + (part if size is None else min(part, size))


def _count(command: Command) -> int:
    words = [word.upper() for word in command]
    try:
        return int(command[words.index(b"COUNT") + 1])
    except (ValueError, IndexError):
        return 10  # what SCAN does by itself


def _blocks(command: Command) -> bool:
    name = command[0].decode("utf-8", "replace").lower()
    if name in {"xread", "xreadgroup"}:
        return b"BLOCK" in [word.upper() for word in command]
    return name in _BLOCKING


def _touch(bill: Bill, session: Session) -> None:
    """Ask how each key is stored that the commands named."""
    keys = _keys([each.command for each in bill.exchanges], session)
    bill.unasked = max(len(keys) - KEYS_ASKED, 0)
    asked = _chosen(keys)
    questions: list[list[bytes]] = []
    for key in asked:
        questions += [[b"TYPE", key], [b"OBJECT", b"ENCODING", key], [b"MEMORY", b"USAGE", key, b"SAMPLES", b"0"]]
    answers = session.ask_all(questions)
    for key, kind, encoding, memory in zip(asked, answers[::3], answers[1::3], answers[2::3], strict=True):
        if isinstance(kind, str) and isinstance(encoding, bytes) and isinstance(memory, int):
            bill.held.append(Held(key, str(kind), encoding.decode(), memory))
        elif kind == "none":
            bill.gone += 1
        else:
            refused = next(each.text for each in (kind, encoding, memory) if isinstance(each, ErrorReply))
            bill.unknown = list(dict.fromkeys([*bill.unknown, refused]))


def _chosen(keys: dict[bytes, str]) -> list[bytes]:
    """At most `KEYS_ASKED` keys; where there are more, some of every kind of command that touched them."""
    if len(keys) <= KEYS_ASKED:
        return list(keys)
    by_command: dict[str, list[bytes]] = {}
    for key, name in keys.items():
        by_command.setdefault(name, []).append(key)
    in_turn = (key for turn in zip_longest(*by_command.values()) for key in turn if key is not None)
    return list(islice(in_turn, KEYS_ASKED))


def _keys(commands: list[Command], session: Session) -> dict[bytes, str]:
    """The keys that commands name, and the first command that named each; COMMAND INFO says where keys stand."""
    names = list(dict.fromkeys(_stat_name(each, {}) for each in commands))
    pairs = list(dict.fromkeys("|".join(w.decode("utf-8", "replace").lower() for w in c[:2]) for c in commands))
    places: dict[str, Any] = {}
    for wanted in (names, [pair for pair in pairs if "|" in pair and pair.partition("|")[0] in _FAMILIES]):
        if wanted:
            told = session.ask([b"COMMAND", b"INFO", *(each.encode() for each in wanted)])
            if isinstance(told, list):
                places |= dict(zip(wanted, told, strict=True))
    found: dict[bytes, str] = {}
    movable: list[Command] = []
    for command in commands:
        name = _stat_name(command, places)
        place = places.get(name)
        if not isinstance(place, list):
            continue
        flags = {str(flag) for flag in place[2]}
        first, last, step = place[3:6]
        if "movablekeys" in flags:
            movable.append(command)
        elif first > 0:
            end = last if last >= 0 else len(command) + last
            for key in command[first : end + 1 : step or 1]:
                found.setdefault(key, name)
    movable = movable[:KEYS_ASKED]
    replies = session.ask_all([[b"COMMAND", b"GETKEYS", *each] for each in movable])
    for command, reply in zip(movable, replies, strict=True):
        if isinstance(reply, list):
            for key in reply:
                found.setdefault(key, _stat_name(command, {}))
    return found


# Commands with subcommands that name keys.
_FAMILIES = frozenset({"object", "memory", "xinfo", "xgroup"})
