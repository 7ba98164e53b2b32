"""Streams: entries that are only ever added at the end, each with an id that is greater than the one before.

As in Redis the entries lie in nodes of about a hundred, so that the oldest can be dropped a node at a time: that is
what the "~" in XADD key MAXLEN ~ 1000 asks for. Where a node ends depends on the number of its entries and on their
size in bytes; both are counted as Redis counts them. The groups of a stream are in `stream_groups`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from miniredis.numbers import parse_int
from miniredis.values.stream_groups import Group, Id

Fields: TypeAlias = Sequence[bytes]
Entry: TypeAlias = tuple[Id, Fields]

UINT64_MAX = 2**64 - 1
FIRST: Id = (0, 0)
LAST: Id = (UINT64_MAX, UINT64_MAX)


def after(id: Id) -> Id | None:
    """Return the next possible id, None after the last."""
    ms, sequence = id
    if sequence < UINT64_MAX:
        return ms, sequence + 1
    return (ms + 1, 0) if ms < UINT64_MAX else None


def before(id: Id) -> Id | None:
    """Return the id just below, None below 0-0."""
    ms, sequence = id
    if sequence:
        return ms, sequence - 1
    return (ms - 1, UINT64_MAX) if ms else None


def write_id(id: Id) -> bytes:
    """Return an id as text, 1526919030474-55."""
    return b"%d-%d" % id


class Node:
    """Some entries in a row.

    Attributes:
        first: the id of the first entry it ever had.
        last: the id of the last entry it ever had.
        ids, entries: those that are still there.
        deleted: how many have been deleted from it: their place is not used again.
    """

    __slots__ = ("_bytes", "_names", "deleted", "entries", "first", "ids", "last")

    # Redis's defaults of stream-node-max-entries and stream-node-max-bytes; 0 is no limit.
    most_entries = 100
    most_bytes = 4096

    def __init__(self, first: Id, names: Fields) -> None:
        self.first = first
        self.last = first
        self.ids: list[Id] = []
        self.entries: list[Fields] = []
        self.deleted = 0
        self._names = names
        self._bytes = 7 + _size_of_integer(len(names)) + sum(map(_size_of, names)) + 2

    def append(self, id: Id, fields: Fields) -> None:
        """Add an entry at the end."""
        self.ids.append(id)
        self.entries.append(fields)
        self.last = id
        names = fields[::2]
        # Names that are those of the first entry are not written down again.
        same = names == self._names
        size = 2 + _size_of_integer(id[0] - self.first[0]) + _size_of_integer(id[1] - self.first[1])
        size += sum(map(_size_of, fields[1::2] if same else fields))
        pieces = 3 + len(names) if same else 4 + len(fields)
        self._bytes += size + _size_of_integer(pieces) + (0 if same else _size_of_integer(len(names)))

    def has_room(self, fields: Fields) -> bool:
        """Whether another entry may go here."""
        counters = _size_of_integer(len(self.ids)) + _size_of_integer(self.deleted)
        limit = self.most_bytes or 2**30
        if self._bytes + counters + sum(map(len, fields)) >= limit:
            return False
        return not self.most_entries or len(self.ids) + self.deleted < self.most_entries

    def find(self, id: Id) -> int | None:
        """Return the place of an entry, or None."""
        at = bisect_left(self.ids, id)
        return at if at < len(self.ids) and self.ids[at] == id else None

    def remove(self, start: int, stop: int) -> None:
        """Delete the entries of these places."""
        del self.ids[start:stop], self.entries[start:stop]
        self.deleted += stop - start

    @property
    def bytes(self) -> int:
        """About how many bytes it takes in Redis."""
        return self._bytes + 4


class Stream:
    """The entries, and what the stream remembers of those that are gone.

    Attributes:
        nodes: the entries, in order.
        last_id: of the entry that was added last, deleted or not: ids never go back.
        max_deleted_id: the greatest id that was deleted by name; 0-0 if none was.
        entries_added: how many have ever been added.
        groups: by name.
    """

    __slots__ = ("_length", "entries_added", "groups", "last_id", "max_deleted_id", "nodes")

    encoding = "stream"

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.last_id = FIRST
        self.max_deleted_id = FIRST
        self.entries_added = 0
        self.groups: dict[bytes, Group] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Entry]:
        return self.range(FIRST, LAST)

    # Adding

    def next_id(self, now: int) -> Id:
        """Return the id for an entry that is added now, in milliseconds since 1970: never below the last one."""
        raise NotImplementedError("mini.xadd-auto")  # course hint mini.xadd-auto

    def append(self, id: Id, fields: Fields) -> None:
        """Add an entry at the end; its id is above `last_id`. O(1)."""
        raise NotImplementedError("mini.xadd")  # course hint mini.xadd

    def add_node(self, node: Node) -> None:
        """Put a node behind the others, as it was read from a file; the counters stay as they are."""
        self.nodes.append(node)
        self._length += len(node.ids)

    # Looking

    @property
    def first_id(self) -> Id:
        """The id of the first entry, 0-0 where there is none."""
        return next((node.ids[0] for node in self.nodes if node.ids), FIRST)

    @property
    def top_id(self) -> Id:
        """The id of the last entry that is there, 0-0 where there is none."""
        return next((node.ids[-1] for node in reversed(self.nodes) if node.ids), FIRST)

    def range(self, start: Id, end: Id, reverse: bool = False) -> Iterator[Entry]:
        """The entries from one id to another, both included. O(log n) to the first of them."""
        raise NotImplementedError("mini.xrange")  # course hint mini.xrange

    def get(self, id: Id) -> Fields | None:
        """Return the fields of an entry, or None."""
        found = self._find(id)
        if found is None:
            return None
        number, place = found
        return self.nodes[number].entries[place]

    def _find(self, id: Id) -> tuple[int, int] | None:
        """The number of the node that has an entry, and its place in it."""
        number = bisect_right(self.nodes, id, key=_first_of) - 1
        place = self.nodes[number].find(id) if number >= 0 else None
        return None if place is None else (number, place)

    # Deleting

    def delete(self, id: Id) -> bool:
        """Delete an entry; whether it was there. O(log n)."""
        raise NotImplementedError("mini.xdel")  # course hint mini.xdel

    def _cut(self, number: int, start: int, stop: int) -> None:
        node = self.nodes[number]
        node.remove(start, stop)
        self._length -= stop - start
        if not node.ids:
            del self.nodes[number]

    def drop_first(self, count: int) -> int:
        """Delete the first `count` entries of the first node; how many that are."""
        self._cut(0, 0, count)
        return count

    def memory(self) -> int:
        """Return about how many bytes this takes."""
        return 300 + 100 * self._length + sum(node.bytes for node in self.nodes)


def _first_of(node: Node) -> Id:
    return node.first


def _size_of(text: bytes) -> int:
    """Bytes that an element takes in a listpack: its header, itself, and its length once more."""
    number = parse_int(text)
    if number is not None:
        return _size_of_integer(number)
    size = len(text)
    return _with_length(size + (1 if size < 64 else 2 if size < 4096 else 5))


def _size_of_integer(number: int) -> int:
    if 0 <= number < 128:
        return 2
    for width, bits in ((2, 13), (3, 16), (4, 24), (5, 32)):
        if -(1 << bits - 1) <= number < 1 << bits - 1:
            return width + 1
    return 10


def _with_length(size: int) -> int:
    return size + (1 if size < 128 else 2 if size < 16383 else 3 if size < 2097151 else 4 if size < 268435455 else 5)
