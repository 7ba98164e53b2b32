"""A list that is always sorted: what sorted sets and the pending entries of streams are kept in.

Redis uses a skip list. Python has something simpler that is as good: `bisect` finds a place in a sorted list in
O(log n), and inserting there moves the rest of the list in memory, which is fast as long as the list is short. So the
items lie in blocks of about two thousand. An insertion looks for its block, then for its place in it, and moves
four thousand pointers at most; a block that has become too long is cut in two.

Items are anything that can be compared: `(score, member)` or an id. Nothing here knows about Redis.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, chain, islice
from typing import Any, Generic, Protocol, TypeVar


class Comparable(Protocol):
    """What can be sorted."""

    def __lt__(self, other: Any, /) -> bool:
        """Whether this comes before `other`."""


T = TypeVar("T", bound=Comparable)

BLOCK = 2000


class SortedBlocks(Generic[T]):
    """Items in their order.

    Finding, adding, removing, the rank of an item and the item of a rank: each O(log n), plus moving at most four
    thousand pointers, plus counting the blocks (n / 2000) anew after a change.
    """

    __slots__ = ("_blocks", "_lasts", "_length", "_starts")

    def __init__(self, items: Iterable[T] = ()) -> None:
        ordered = sorted(items)
        self._blocks = [ordered[at : at + BLOCK] for at in range(0, len(ordered), BLOCK)]
        self._lasts = [block[-1] for block in self._blocks]
        self._length = len(ordered)
        # The rank of each block's first item; None after a change, until somebody asks for a rank.
        self._starts: list[int] | None = None

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(self._blocks)

    def __reversed__(self) -> Iterator[T]:
        return chain.from_iterable(map(reversed, reversed(self._blocks)))

    def add(self, item: T) -> None:
        """Put an item in its place."""
        raise NotImplementedError("mini.zadd")  # course hint mini.zadd

    def remove(self, item: T) -> None:
        """Take an item out.

        Raises:
            KeyError: it is not there.
        """
        raise NotImplementedError("mini.zadd")  # course hint mini.zadd

    def rank(self, probe: Any, after: bool = False, key: Callable[[T], Any] | None = None) -> int:
        """Return how many items come before `probe`, which need not be one of them.

        Args:
            probe: what to compare with.
            after: count those equal to it as well.
            key: compare this part of each item; the items must be in the order of that part, too.
        """
        raise NotImplementedError("mini.zrank")  # course hint mini.zrank

    def __getitem__(self, rank: int) -> T:
        """Return the item of a rank, counted from 0; -1 is the last."""
        if rank < 0:
            rank += self._length
        if not 0 <= rank < self._length:
            raise IndexError(rank)
        at, place = self._locate(rank)
        return self._blocks[at][place]

    def between(self, start: int, stop: int) -> list[T]:
        """Return the items whose rank is at least `start` and less than `stop`."""
        raise NotImplementedError("mini.zrange")  # course hint mini.zrange

    def remove_between(self, start: int, stop: int) -> list[T]:
        """Take out the items whose rank is at least `start` and less than `stop`; return them."""
        removed = self.between(start, stop)
        missing = len(removed)
        start = max(start, 0)
        while missing:
            at, place = self._locate(start)
            end = min(place + missing, len(self._blocks[at]))
            self._cut(at, place, end)
            missing -= end - place
        return removed

    def clear(self) -> None:
        """Take out everything."""
        self._blocks.clear()
        self._lasts.clear()
        self._length = 0
        self._starts = None

    def _cut(self, at: int, start: int, stop: int) -> None:
        """Take a piece out of one block. A block that has become short is joined to a neighbour."""
        block = self._blocks[at]
        del block[start:stop]
        self._length -= stop - start
        self._starts = None
        if not block:
            del self._blocks[at], self._lasts[at]
            return
        self._lasts[at] = block[-1]
        if len(block) < BLOCK // 4 and at + 1 < len(self._blocks) and len(self._blocks[at + 1]) < BLOCK:
            block += self._blocks.pop(at + 1)
            del self._lasts[at]

    def _locate(self, rank: int) -> tuple[int, int]:
        """Return the block that has this rank, and the place in it."""
        starts = self._starts_of_blocks()
        at = bisect_right(starts, rank) - 1
        return at, rank - starts[at]

    def _starts_of_blocks(self) -> list[int]:
        if self._starts is None:
            self._starts = list(accumulate(map(len, self._blocks), initial=0))
        return self._starts
