"""What a command reads and writes, so that two steps whose order cannot matter are recognised.

The server knows: ``COMMAND GETKEYSANDFLAGS`` (7.0) names the keys of a command and whether it reads or writes them
(https://redis.io/docs/latest/commands/command-getkeysandflags/). Where it does not say (scripts, commands on the
whole keyspace) the footprint is everything: then more orders are tried than needed, never fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import redis

from grader.resp import ErrorReply

Command = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Footprint:
    """Keys read, keys written; `all_read` and `all_written` stand for the whole keyspace."""

    read: frozenset[bytes] = frozenset()
    written: frozenset[bytes] = frozenset()
    all_read: bool = False
    all_written: bool = False

    def __or__(self, other: Footprint) -> Footprint:
        return Footprint(
            self.read | other.read,
            self.written | other.written,
            self.all_read or other.all_read,
            self.all_written or other.all_written,
        )

    @property
    def writes(self) -> bool:
        """Whether anything is written."""
        return self.all_written or bool(self.written)

    @property
    def touches(self) -> bool:
        """Whether anything is read or written at all."""
        return bool(self.read or self.written or self.all_read or self.all_written)

    def conflicts(self, other: Footprint) -> bool:
        """Whether the order of the two can be seen: both touch something, and one of them writes it."""
        if self.all_written or other.all_written:
            return self.touches and other.touches
        if (self.all_read and other.written) or (other.all_read and self.written):
            return True
        return not (self.written.isdisjoint(other.read | other.written) and other.written.isdisjoint(self.read))


NOTHING = Footprint()
EVERYTHING = Footprint(all_read=True, all_written=True)

# Read or write the keyspace through code that only the server sees.
_SCRIPTS = frozenset({b"EVAL", b"EVALSHA", b"FCALL"})
_READING_SCRIPTS = frozenset({b"EVAL_RO", b"EVALSHA_RO", b"FCALL_RO"})
_WHOLE_KEYSPACE = frozenset({b"KEYS", b"SCAN", b"DBSIZE", b"RANDOMKEY"})
# Of the connection, or of nothing at all. (What EXEC does is told by the commands that were queued.)
_HARMLESS = frozenset(b"AUTH COMMAND DISCARD ECHO EXEC HELLO LOLWUT MULTI PING QUIT RESET SELECT TIME UNWATCH".split())
# What CLIENT does to the client's own connection only.
_OF_ITSELF = frozenset(b"SETNAME GETNAME SETINFO ID REPLY NO-EVICT NO-TOUCH".split())
# They leave the connection other than it was.
_CHANGING_THE_CONNECTION = frozenset(b"AUTH CLIENT HELLO MONITOR SELECT SUBSCRIBE PSUBSCRIBE SSUBSCRIBE".split())
_PUBLISHING = frozenset({b"PUBLISH", b"SPUBLISH"})
_SUBSCRIBING = frozenset({b"SUBSCRIBE", b"SSUBSCRIBE", b"PSUBSCRIBE", b"UNSUBSCRIBE", b"SUNSUBSCRIBE", b"PUNSUBSCRIBE"})
# Everybody who publishes or subscribes meets at this name, which no key can have by accident.
_CHANNELS = frozenset({b"\0channels"})


class Footprints:
    """Asks one server, and remembers what it said."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._known: dict[Command, Footprint] = {}

    def of(self, command: Command) -> Footprint:
        """The footprint of one command outside a transaction."""
        found = self._known.get(command)
        if found is None:
            found = self._known[command] = self._find(command)
        return found

    def _find(self, command: Command) -> Footprint:
        name = command[0].upper()
        if name in _HARMLESS:
            return NOTHING
        if name == b"CLIENT" and len(command) > 1 and command[1].upper() in _OF_ITSELF:
            return NOTHING
        if name in _SCRIPTS or name == b"CLIENT":
            return EVERYTHING
        if name == b"INFO":
            return Footprint(all_read=True)
        if name in _WHOLE_KEYSPACE or name in _READING_SCRIPTS:
            return Footprint(all_read=True)
        if name in _PUBLISHING or name in _SUBSCRIBING:
            return Footprint(written=_CHANNELS)
        reply = self._keys_and_flags(command)
        if isinstance(reply, ErrorReply):
            # A command that is refused does nothing; one without keys may do anything.
            return NOTHING if "Invalid" in reply.text else EVERYTHING
        read: set[bytes] = set()
        written: set[bytes] = set()
        for key, flags in reply:
            words = {flag.upper() for flag in flags}
            (read if b"RO" in words else written).add(key)
        if name == b"XREADGROUP":
            # Says it only reads; but who reads an entry takes it from the others of the group.
            written |= read
        elsewhere = name in {b"SORT", b"SORT_RO"} and {b"BY", b"GET"} & {word.upper() for word in command}
        return Footprint(frozenset(read), frozenset(written), all_read=bool(elsewhere))

    def _keys_and_flags(self, command: Command) -> Any:
        connection = self._client.connection_pool.get_connection()
        try:
            connection.send_command("COMMAND", "GETKEYSANDFLAGS", *command)
            return connection.read_response(disable_decoding=True)
        except redis.ResponseError as error:
            return ErrorReply(str(error))
        finally:
            self._client.connection_pool.release(connection)


class Session:
    """What one connection has queued and watched, which decides what its EXEC does."""

    def __init__(self, footprints: Footprints) -> None:
        self._footprints = footprints
        self._queued: Footprint | None = None
        self._watched: frozenset[bytes] = frozenset()
        self._changed = False

    @property
    def clean(self) -> bool:
        """Whether the connection is as it was: in no transaction, watching nothing, in the same database."""
        return self._queued is None and not self._watched and not self._changed

    def step(self, commands: list[Command]) -> Footprint:
        """The footprint of `commands`, sent in one step, as things stand; takes note of them."""
        total = NOTHING
        for command in commands:
            total |= self._one(command)
        return total

    def _one(self, command: Command) -> Footprint:
        name = command[0].upper()
        self._changed |= name in _CHANGING_THE_CONNECTION
        if name == b"MULTI":
            self._queued = NOTHING if self._queued is None else self._queued
        elif name == b"EXEC" and self._queued is not None:
            done = self._queued | Footprint(read=self._watched)
            self._queued, self._watched = None, frozenset()
            return done
        elif name in {b"DISCARD", b"RESET"}:
            self._queued, self._watched = None, frozenset()
        elif name == b"UNWATCH" and self._queued is None:
            self._watched = frozenset()
        elif self._queued is not None:
            self._queued |= self._footprints.of(command)
        elif name == b"WATCH":
            self._watched |= frozenset(command[1:])
            return Footprint(read=frozenset(command[1:]))
        else:
            return self._footprints.of(command)
        return NOTHING


def steps_of(commands: list[Command]) -> list[list[Command]]:
    """Cut what is sent together into what happens together: MULTI … EXEC is one step, every other command its own."""
    steps: list[list[Command]] = []
    inside = False
    has_exec = [False] * len(commands)
    seen = False
    for at in range(len(commands) - 1, -1, -1):
        name = commands[at][0].upper()
        has_exec[at] = seen
        seen = True if name in {b"EXEC", b"DISCARD"} else (False if name == b"MULTI" else seen)
    for at, command in enumerate(commands):
        name = command[0].upper()
        if inside:
            steps[-1].append(command)
            inside = name not in {b"EXEC", b"DISCARD"}
        else:
            steps.append([command])
            inside = name == b"MULTI" and has_exec[at]
    return steps
