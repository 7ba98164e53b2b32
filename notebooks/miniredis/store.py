"""The keyspace: what keys there are, when they end, and who must hear of a change.

Handlers ask three ways. `read` is for commands that look: it counts a hit or a miss and marks the key as used. `edit`
is for commands that change. `peek` leaves no trace. All three take a type and raise `WrongType` if the key holds
another; all three treat a key whose time has come as gone, and remove it ("lazy expiry").

Whoever changed something says so with `modified`, once for each change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from miniredis.resp import WrongType
from miniredis.values import Hash, List, Set, SortedSet, Stream, String, Value
from miniredis.values.indexed import Indexed

if TYPE_CHECKING:
    from miniredis.connection import Client
    from miniredis.server import Server

T = TypeVar("T", bound="List | Set | Hash | SortedSet | Stream")
_STRING = (bytes, bytearray)


class Database:
    """One of the numbered databases.

    Attributes:
        keys: the values.
        expires: the end of keys that have one, in milliseconds since 1970.
        used: when each key was last used (`eviction` says in which unit).
        with_field_ends: the hashes with fields that have an end of their own (`field_ends`).
        weights: bytes that each key takes, where memory is limited; None where nobody counts.
        watchers: the clients that WATCH a key.
        waiting: the clients that wait for a key, first come first (`blocking`).
    """

    def __init__(self, index: int, server: Server) -> None:
        self.index = index
        self.server = server
        self.keys: Indexed[Value] = Indexed()
        self.expires: Indexed[int] = Indexed()
        self.used: dict[bytes, int] = {}
        self.with_field_ends: Indexed[None] = Indexed()
        self.weights: dict[bytes, int] | None = None
        self.watchers: dict[bytes, set[Client]] = {}
        self.waiting: dict[bytes, dict[Client, None]] = {}

    def __len__(self) -> int:
        return len(self.keys)

    # Looking

    def read(self, key: bytes, kind: type[T]) -> T | None:
        """Return the value for a command that reads, or None; counts a hit or a miss."""
        value = self.read_any(key)
        if value is not None and type(value) is not kind:
            raise WrongType
        return cast("T | None", value)

    def read_string(self, key: bytes) -> String | None:
        """Return the string for a command that reads, or None; counts a hit or a miss."""
        value = self.read_any(key)
        if value is not None and type(value) not in _STRING:
            raise WrongType
        return cast("String | None", value)

    def read_any(self, key: bytes) -> Value | None:
        """Return the value, whatever its type, for a command that reads; counts a hit or a miss."""
        value = self.edit_any(key)
        if value is None:
            self.server.stats.misses += 1
            if self.server.notify:
                self.server.notify_event(self, key, "m", "keymiss")
            return None
        self.server.stats.hits += 1
        return value

    def edit(self, key: bytes, kind: type[T]) -> T | None:
        """Return the value for a command that changes it, or None."""
        value = self.edit_any(key)
        if value is not None and type(value) is not kind:
            raise WrongType
        return cast("T | None", value)

    def edit_string(self, key: bytes) -> String | None:
        """Return the string for a command that changes it, or None."""
        value = self.edit_any(key)
        if value is not None and type(value) not in _STRING:
            raise WrongType
        return cast("String | None", value)

    def edit_any(self, key: bytes) -> Value | None:
        """Return the value, whatever its type, for a command that changes it."""
        value = self.keys.get(key)
        if value is None or (key in self.expires and self.end_if_due(key)):
            return None
        self.used[key] = self.server.clock
        return value

    def edit_or_new(self, key: bytes, kind: type[T]) -> T:
        """Return the value to change; an empty one is stored where there is none."""
        value = self.edit(key, kind)
        if value is None:
            value = kind()
            self.set(key, value)
        return value

    def peek(self, key: bytes) -> Value | None:
        """Return the value without any trace of the look, except that a key whose time has come is removed."""
        value = self.keys.get(key)
        if value is None or (key in self.expires and self.end_if_due(key)):
            return None
        return value

    def look(self, key: bytes) -> Value | None:
        """Return the value for a command that asks about the key: counts a hit or a miss, but the key is not used."""
        value = self.peek(key)
        if value is None:
            self.server.stats.misses += 1
        else:
            self.server.stats.hits += 1
        return value

    # Changing

    def set(self, key: bytes, value: Value, keep_ttl: bool = False) -> None:
        """Store a value. An expiry the key had is gone, unless `keep_ttl`."""
        if self.server.notify and key not in self.keys:
            self.server.notify_event(self, key, "n", "new")
        if type(value) is Hash and value.ends:
            self.with_field_ends.set(key, None)
        # mini.set: yours to build (course hint mini.set)

    def delete(self, key: bytes) -> bool:
        """Remove a key and everything known of it; whether it was there."""
        raise NotImplementedError("mini.del")  # course hint mini.del

    def delete_if_empty(self, key: bytes, value: List | Set | Hash | SortedSet) -> None:
        """Remove a collection that has lost its last element: Redis has no empty ones."""
        raise NotImplementedError("mini.lpop")  # course hint mini.lpop

    def clear(self) -> int:
        """Remove all keys; how many there were."""
        count = len(self.keys)
        for key in [*self.watchers, *self.waiting]:
            if key in self.keys:
                self.touched(key)
        self.server.memory.cleared(self)
        self.keys.clear()
        self.expires.clear()
        self.used.clear()
        self.with_field_ends.clear()
        return count

    def swap(self, other: Database) -> None:
        """Exchange all keys with another database; whoever watches or waits for one of them stays, and is told."""
        affected = [
            (database, key)
            for database in (self, other)
            for key in [*database.watchers, *database.waiting]
            if key in self.keys or key in other.keys
        ]
        self.keys, other.keys = other.keys, self.keys
        self.expires, other.expires = other.expires, self.expires
        self.used, other.used = other.used, self.used
        self.with_field_ends, other.with_field_ends = other.with_field_ends, self.with_field_ends
        self.weights, other.weights = other.weights, self.weights
        for database, key in affected:
            database.touched(key)

    def modified(self, key: bytes, kind: str, event: str, changes: int = 1) -> None:
        """Tell everybody that a key has changed.

        Args:
            key: which one.
            kind: the letter of the event's class in notify-keyspace-events: "g" generic, "$" string, "l" list,
                "s" set, "h" hash, "z" sorted set, "t" stream, "x" expired, "e" evicted.
            event: its name, such as "lpush".
            changes: how many changes count towards the next automatic save.
        """
        server = self.server
        server.dirty += changes
        if self.weights is not None:
            server.memory.weigh(self, key)
        if self.watchers or self.waiting or server.observed:
            self.touched(key)
        if server.notify:
            server.notify_event(self, key, kind, event)

    def touched(self, key: bytes) -> None:
        """The part of `modified` for clients that watch, track or wait for the key."""
        for client in self.watchers.get(key, ()):
            client.watched_key_changed = True
        if key in self.waiting:
            self.server.blocked.key_changed(self, key)
        if self.server.trackers:
            self.server.invalidate(key)

    # Ends of keys

    def expires_at(self, key: bytes) -> int | None:
        """Return when the key ends, in milliseconds since 1970, or None."""
        return self.expires.get(key)

    def expire_at(self, key: bytes, when: int | None) -> None:
        """Set or (with None) remove the end of a key that is there."""
        if when is None:
            self.expires.pop(key)
        else:
            self.expires.set(key, when)

    def end_if_due(self, key: bytes) -> bool:
        """Remove the key if its time has come; whether it had."""
        raise NotImplementedError("mini.expire")  # course hint mini.expire

    def end(self, key: bytes) -> None:
        """Remove a key whose time has come, and tell: the files, the watchers, the listeners."""
        raise NotImplementedError("mini.lazy-expiry")  # course hint mini.lazy-expiry

    def end_some(self, sample: int) -> int:
        """Look at `sample` keys that have an end and remove those that are due; how many ("active expiry").

        A key nobody asks for again would stay for ever if only `end_if_due` removed keys.
        """
        raise NotImplementedError("mini.active-expiry")  # course hint mini.active-expiry
