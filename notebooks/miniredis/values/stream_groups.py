"""Consumer groups of a stream: what was given to whom, and has not been acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from miniredis.values.sorted_blocks import SortedBlocks

# Milliseconds and a sequence number; tuples compare as ids do.
Id: TypeAlias = tuple[int, int]


@dataclass(slots=True, eq=False)
class Delivery:
    """An entry that was given to a consumer.

    Attributes:
        consumer: who has it now.
        at: when it was given, in milliseconds since 1970.
        count: how often it was given.
    """

    consumer: Consumer
    at: int
    count: int = 1


class Pending:
    """Deliveries in the order of their ids. Each operation O(log n), see `SortedBlocks`."""

    __slots__ = ("_by_id", "_ids")

    def __init__(self) -> None:
        self._by_id: dict[Id, Delivery] = {}
        self._ids: SortedBlocks[Id] = SortedBlocks()

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, id: Id) -> bool:
        return id in self._by_id

    def __iter__(self) -> Iterator[tuple[Id, Delivery]]:
        return ((id, self._by_id[id]) for id in self._ids)

    def __getitem__(self, id: Id) -> Delivery:
        return self._by_id[id]

    def get(self, id: Id) -> Delivery | None:
        """Return the delivery of an entry, or None."""
        return self._by_id.get(id)

    def put(self, id: Id, delivery: Delivery) -> None:
        """Add a delivery, or put it in the place of the one before."""
        if id not in self._by_id:
            self._ids.add(id)
        self._by_id[id] = delivery

    def remove(self, id: Id) -> Delivery | None:
        """Take a delivery out and return it, or None where there is none."""
        delivery = self._by_id.pop(id, None)
        if delivery is not None:
            self._ids.remove(id)
        return delivery

    def ends(self) -> tuple[Id, Id]:
        """Return the first and the last id. There has to be one."""
        return self._ids[0], self._ids[-1]

    def page(self, start: Id, count: int) -> list[tuple[Id, Delivery]]:
        """Return up to `count` deliveries from the id `start` on, with their ids."""
        rank = self._ids.rank(start)
        return [(id, self._by_id[id]) for id in self._ids.between(rank, rank + count)]


@dataclass(slots=True, eq=False)
class Consumer:
    """A name under which entries are taken.

    Attributes:
        name: its name.
        seen_at: when it asked last, in milliseconds since 1970.
        active_at: when it got something last; -1 if never.
        pending: what it was given and has not acknowledged.
    """

    name: bytes
    seen_at: int
    active_at: int = -1
    pending: Pending = field(default_factory=Pending)


@dataclass(slots=True, eq=False)
class Group:
    """Consumers that share the entries of a stream.

    Attributes:
        last_id: the last entry that was given to anybody.
        entries_read: how many entries there are from the very first to that one, None where nobody knows.
        consumers: by name.
        pending: what was given to any of them; the same deliveries as in theirs.
    """

    last_id: Id
    entries_read: int | None = None
    consumers: dict[bytes, Consumer] = field(default_factory=dict)
    pending: Pending = field(default_factory=Pending)

    def give(self, id: Id, consumer: Consumer, now: int) -> Delivery:
        """Note that a consumer was given an entry; it may have been another's before."""
        raise NotImplementedError("mini.xreadgroup")  # course hint mini.xreadgroup

    def hand_over(self, id: Id, delivery: Delivery, consumer: Consumer) -> None:
        """Make a delivery another consumer's; when and how often it was given stays."""
        raise NotImplementedError("mini.xclaim")  # course hint mini.xclaim

    def settle(self, id: Id) -> bool:
        """Forget a delivery, because it was acknowledged or its entry is gone; whether there was one."""
        raise NotImplementedError("mini.xack")  # course hint mini.xack

    def drop_consumer(self, name: bytes) -> int:
        """Remove a consumer and forget what it was given; how many that were."""
        raise NotImplementedError("mini.xgroup")  # course hint mini.xgroup
