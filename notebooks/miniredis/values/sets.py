"""A set: members without order and without repetition.

Redis keeps a small set of integers sorted (intset), another small set as a listpack in the order of insertion, and
anything larger in a hash table. It never goes back to a smaller form.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from miniredis.numbers import parse_int
from miniredis.values.indexed import Indexed
from miniredis.values.packing import LIMITS


class Set:
    """The members.

    Attributes:
        encoding: what OBJECT ENCODING says: "intset", "listpack" or "hashtable".
    """

    __slots__ = ("_members", "_size", "encoding")

    def __init__(self, members: Iterable[bytes] = ()) -> None:
        self.encoding = "intset"
        self._members: dict[bytes, None] | Indexed[None] = {}
        self._size = 0
        for member in members:
            self.add(member)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, member: bytes) -> bool:
        return member in self._members

    def __iter__(self) -> Iterator[bytes]:
        """All members: an intset from the least to the greatest, a listpack in the order of insertion."""
        return iter(sorted(self._members, key=int) if self.encoding == "intset" else self._members)

    def expect(self, member: bytes, count: int) -> None:
        """Before SADD adds `count` members, this one first: take the form in which they have room."""
        if not self._members:
            small = parse_int(member) is not None and count <= LIMITS["set-max-intset-entries"]
            self.encoding = "intset" if small else "listpack"
        limit = LIMITS["set-max-intset-entries" if self.encoding == "intset" else "set-max-listpack-entries"]
        if self.encoding != "hashtable" and count > limit:
            self._become_hashtable()

    def add(self, member: bytes) -> bool:
        """Add one; whether it is new."""
        if member in self._members:
            return False
        if self.encoding != "hashtable":
            self._make_room(member)
        if isinstance(self._members, dict):
            self._members[member] = None
        else:
            self._members.set(member, None)
        self._size += len(member)
        return True

    def remove(self, member: bytes) -> bool:
        """Remove one; whether it was there."""
        if member not in self._members:
            return False
        if isinstance(self._members, dict):
            del self._members[member]
        else:
            self._members.pop(member)
        self._size -= len(member)
        return True

    def random(self) -> bytes:
        """Return any member, each as likely as the other; the set must not be empty."""
        if isinstance(self._members, dict):
            return random.choice(list(self._members))
        member = self._members.random_key()
        assert member is not None
        return member

    def sample(self, count: int) -> list[bytes]:
        """Return `count` different members, at most as many as there are."""
        if count * 3 > len(self._members):
            # Nearly all of them: drawing again and again what is already there would take longer.
            return random.sample(list(self), min(count, len(self)))
        drawn: dict[bytes, None] = {}
        while len(drawn) < count:
            drawn[self.random()] = None
        return list(drawn)

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor and about `count` members; a small set is returned at once."""
        if isinstance(self._members, dict):
            return 0, list(self)
        return self._members.scan(cursor, count)

    def become_intset(self) -> None:
        """Take the smallest form, for a set of integers that is not too large for it."""
        if len(self) <= LIMITS["set-max-intset-entries"]:
            self.encoding = "intset"
            self._members = dict.fromkeys(self._members)

    def memory(self) -> int:
        """About how many bytes it takes in Redis."""
        if self.encoding == "hashtable":
            return 80 + self._size + 48 * len(self)
        return 40 + self._size + 3 * len(self)

    def _make_room(self, member: bytes) -> None:
        """Before one is added: leave a form in which it has no place."""
        count = len(self._members)
        if self.encoding == "intset":
            if parse_int(member) is not None:
                if count + 1 > LIMITS["set-max-intset-entries"]:
                    self._become_hashtable()
                return
            self._members = dict.fromkeys(self)
            self.encoding = "listpack"
        longest = LIMITS["set-max-listpack-value"]
        if count >= LIMITS["set-max-listpack-entries"] or len(member) > longest:
            self._become_hashtable()

    def _become_hashtable(self) -> None:
        self.encoding = "hashtable"
        indexed: Indexed[None] = Indexed()
        for member in self._members:
            indexed.set(member, None)
        self._members = indexed
