"""A hash: fields with their values, and for some fields an end.

Redis keeps a small hash as a listpack in the order of insertion (as a "listpackex" once a field has had an end: those
that end first come first), a larger one in a hash table. It never goes back.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from miniredis.values.indexed import Indexed
from miniredis.values.packing import LIMITS

NEVER = 1 << 62


class Hash:
    """The fields.

    Attributes:
        encoding: what OBJECT ENCODING says: "listpack", "listpackex" or "hashtable".
        ends: when fields end that have an end, in milliseconds since 1970.
        first_end: no field ends before.
    """

    __slots__ = ("_fields", "_size", "encoding", "ends", "first_end")

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.encoding = "listpack"
        self.ends: dict[bytes, int] = {}
        self.first_end = NEVER
        self._fields: dict[bytes, bytes] | Indexed[bytes] = {}
        self._size = 0
        for field, value in pairs:
            self.set(field, value)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, field: bytes) -> bool:
        return field in self._fields

    def __iter__(self) -> Iterator[bytes]:
        """All fields, those of a listpack in its order."""
        if self.encoding == "listpackex":
            # Of fields with the same end, the one that was given it last comes first.
            ending = sorted(filter(self.ends.__contains__, reversed(list(self._fields))), key=self.ends.__getitem__)
            return iter(ending + [field for field in self._fields if field not in self.ends])
        return iter(self._fields)

    def items(self) -> list[tuple[bytes, bytes]]:
        """All fields with their values, in the order of the fields."""
        if self.encoding == "listpackex":
            return [(field, self._fields.get(field) or b"") for field in self]
        return list(self._fields.items())

    def get(self, field: bytes) -> bytes | None:
        """Return a field's value, or None."""
        return self._fields.get(field)

    def expect(self, count: int) -> None:
        """Before `count` fields are set by one command: take the form in which they have room."""
        if count > LIMITS["hash-max-listpack-entries"]:
            self._become_hashtable()

    def set(self, field: bytes, value: bytes) -> bool:
        """Set a field; whether it is new. An end it had stays."""
        old = self._fields.get(field)
        self._size += len(value) - len(old) if old is not None else len(field) + len(value)
        if isinstance(self._fields, dict):
            self._fields[field] = value
            longest = LIMITS["hash-max-listpack-value"]
            many = len(self._fields) > LIMITS["hash-max-listpack-entries"]
            if many or len(value) > longest or len(field) > longest:
                self._become_hashtable()
        else:
            self._fields.set(field, value)
        return old is None

    def delete(self, field: bytes) -> bool:
        """Remove a field; whether it was there."""
        value = self._fields.pop(field, None) if isinstance(self._fields, dict) else self._fields.pop(field)
        if value is None:
            return False
        self._size -= len(field) + len(value)
        self.ends.pop(field, None)
        return True

    def keep_ends(self) -> None:
        """Take the form in which fields can have an end."""
        if self.encoding == "listpack":
            self.encoding = "listpackex"

    def end_at(self, field: bytes, when: int | None) -> None:
        """Set the end of a field that is there, or take it away."""
        if when is None and field not in self.ends:
            return
        self.keep_ends()
        if isinstance(self._fields, dict):
            self._fields[field] = self._fields.pop(field)  # it moves, in a listpackex
        if when is None:
            del self.ends[field]
        else:
            self.ends[field] = when
            self.first_end = min(self.first_end, when)

    def due(self, now: int) -> list[bytes]:
        """Remove the fields that end by `now`; which they were."""
        due = [field for field, end in self.ends.items() if end <= now]
        for field in due:
            self.delete(field)
        self.first_end = min(self.ends.values(), default=NEVER)
        return due

    def random(self) -> bytes:
        """Return any field, each as likely as the other; the hash must not be empty."""
        if isinstance(self._fields, dict):
            return random.choice(list(self._fields))
        field = self._fields.random_key()
        assert field is not None
        return field

    def sample(self, count: int) -> list[bytes]:
        """Return `count` different fields, at most as many as there are."""
        if count * 3 > len(self._fields):
            # Nearly all of them: drawing again and again what is already there would take longer.
            return random.sample(list(self), min(count, len(self)))
        drawn: dict[bytes, None] = {}
        while len(drawn) < count:
            drawn[self.random()] = None
        return list(drawn)

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor and about `count` fields; a small hash is returned at once."""
        if isinstance(self._fields, dict):
            return 0, list(self)
        return self._fields.scan(cursor, count)

    def memory(self) -> int:
        """About how many bytes it takes in Redis."""
        if self.encoding == "hashtable":
            return 80 + self._size + 64 * len(self) + 16 * len(self.ends)
        return 40 + self._size + 4 * len(self) + 9 * len(self.ends)

    def _become_hashtable(self) -> None:
        if self.encoding == "hashtable":
            return
        indexed: Indexed[bytes] = Indexed()
        for field, value in self.items():
            indexed.set(field, value)
        self._fields = indexed
        self.encoding = "hashtable"
