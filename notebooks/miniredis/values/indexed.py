"""A dictionary that can also be walked while it changes, and asked for a random key.

The keyspace, the keys with an expiry, and large sets and hashes are kept in it. Python's own dict can do neither: it
has no cursor that survives changes, and no n-th key.

Each key has a slot in a list. Removing one moves the last key into its slot, so keys only ever move down. A walk that
goes from the top down therefore meets every key that was there all the time: it is the guarantee of SCAN.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Generic, TypeVar

V = TypeVar("V")

# Up to here removing keeps the order of insertion, as Redis's listpacks do; beyond, it would cost too much.
KEEP_ORDER = 128


class Indexed(Generic[V]):
    """bytes -> V, with `scan` and `random_key` in constant time a key."""

    __slots__ = ("_keys", "_slots", "_values")

    def __init__(self) -> None:
        self._slots: dict[bytes, int] = {}
        self._keys: list[bytes] = []
        self._values: list[V] = []

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: bytes) -> bool:
        return key in self._slots

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._keys)

    def items(self) -> Iterator[tuple[bytes, V]]:
        """Pairs of key and value."""
        return zip(self._keys, self._values, strict=True)

    def keys(self) -> list[bytes]:
        """All keys, as a list of its own."""
        return self._keys.copy()

    def values(self) -> list[V]:
        """All values, as a list of its own."""
        return self._values.copy()

    def get(self, key: bytes) -> V | None:
        """Return the value, or None."""
        slot = self._slots.get(key)
        return None if slot is None else self._values[slot]

    def set(self, key: bytes, value: V) -> bool:
        """Store; whether the key is new."""
        slot = self._slots.get(key)
        if slot is not None:
            self._values[slot] = value
            return False
        self._slots[key] = len(self._keys)
        self._keys.append(key)
        self._values.append(value)
        return True

    def pop(self, key: bytes) -> V | None:
        """Remove the key; its value, or None where it was not there."""
        slot = self._slots.pop(key, None)
        if slot is None:
            return None
        value = self._values[slot]
        if len(self._keys) <= KEEP_ORDER:
            del self._keys[slot], self._values[slot]
            for later in range(slot, len(self._keys)):
                self._slots[self._keys[later]] = later
            return value
        last_key, last_value = self._keys.pop(), self._values.pop()
        if slot < len(self._keys):
            self._keys[slot], self._values[slot] = last_key, last_value
            self._slots[last_key] = slot
        return value

    def clear(self) -> None:
        """Remove everything."""
        self._slots.clear()
        self._keys.clear()
        self._values.clear()

    def random_key(self) -> bytes | None:
        """Return any key, each as likely as the other; None when empty."""
        return random.choice(self._keys) if self._keys else None

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor and about `count` keys. 0 begins a walk, and a returned 0 ends it.

        The cursor is the number of slots still to visit.
        """
        raise NotImplementedError("mini.scan")  # course hint mini.scan
