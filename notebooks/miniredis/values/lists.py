"""A list: quick at both ends, slower in between, as Redis's quicklist is.

Python's deque is that already. What is added is Redis's view of it: a list is one listpack until it would be larger
than `list-max-listpack-size`, then a quicklist (a chain of listpacks); one that has shrunk to half of that is a
listpack again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from miniredis.numbers import parse_int
from miniredis.values.packing import LIMITS

# A listpack without elements: its length, its count and its end mark.
EMPTY_LISTPACK = 7
# What -1, -2 … -5 mean as `list-max-listpack-size`, in bytes; a positive number is a number of elements.
SIZES = (4096, 8192, 16384, 32768, 65536)
LARGEST_WITH_COUNT = 8192


class List(deque[bytes]):
    """The elements, from the head (left) to the tail (right).

    All changes go through the methods of this class, which keep the size; to look at it, use it as the deque it is.

    Attributes:
        encoding: what OBJECT ENCODING says: "listpack" or "quicklist".
        packed: bytes that its elements take in a listpack.
    """

    __slots__ = ("encoding", "packed")

    def __init__(self, elements: Iterable[bytes] = ()) -> None:
        super().__init__()
        self.encoding = "listpack"
        self.packed = EMPTY_LISTPACK
        self.push(list(elements), left=False)

    def push(self, elements: Sequence[bytes], left: bool) -> None:
        """Add at one end, one after the other: pushed to the left, the last one becomes the head."""
        self._make_room(elements)
        if left:
            self.extendleft(elements)
        else:
            self.extend(elements)
        self.packed += sum(map(entry_size, elements))

    def take(self, left: bool, count: int = 1) -> list[bytes]:
        """Remove up to `count` elements from one end, in the order in which they leave."""
        pop = self.popleft if left else self.pop
        taken = [pop() for _ in range(min(count, len(self)))]
        self.packed -= sum(map(entry_size, taken))
        self._shrunk()
        return taken

    def part(self, start: int, stop: int) -> list[bytes]:
        """The elements from index `start` up to but not including `stop`; walks from the nearer end."""
        size = len(self)
        if start <= size - stop:
            return list(islice(self, start, stop))
        backwards = list(islice(reversed(self), size - stop, size - start))
        backwards.reverse()
        return backwards

    def replace(self, index: int, element: bytes) -> None:
        """Put another element in the place of one."""
        self._make_room((element,))
        self.packed += entry_size(element) - entry_size(self[index])
        self[index] = element
        self._shrunk()

    def put(self, index: int, element: bytes) -> None:
        """Insert an element so that it has this index."""
        self._make_room((element,))
        self.insert(index, element)
        self.packed += entry_size(element)

    def drop(self, element: bytes, count: int) -> int:
        """Remove the first `count` that equal `element`, the last ones for a negative count, all for 0; how many."""
        limit = abs(count) or len(self)
        kept: list[bytes] = []
        dropped = 0
        for each in reversed(self) if count < 0 else self:
            if dropped < limit and each == element:
                dropped += 1
            else:
                kept.append(each)
        if dropped:
            self.clear()
            if count < 0:
                self.extendleft(kept)
            else:
                self.extend(kept)
            self.packed -= dropped * entry_size(element)
            self._shrunk()
        return dropped

    def memory(self) -> int:
        """About how many bytes it takes in Redis."""
        return 40 + self.packed + (0 if self.encoding == "listpack" else 32 * (1 + self.packed // 8192))

    def _make_room(self, elements: Sequence[bytes]) -> None:
        """Become a quicklist if the listpack would be too large with these."""
        if self.encoding == "quicklist":
            return
        size, count = _limits()
        if self.packed + sum(map(len, elements)) > size or len(self) + len(elements) > count:
            self.encoding = "quicklist"

    def _shrunk(self) -> None:
        """Become a listpack again at half the limit, so that a list at the limit does not change all the time.

        Redis waits besides until only one listpack of the chain is left, which depends on where it was cut.
        """
        if self.encoding == "quicklist":
            size, count = _limits()
            few = len(self) <= count // 2
            if few and (self.packed <= size // 2 or LIMITS["list-max-listpack-size"] > 0):
                self.encoding = "listpack"


def _limits() -> tuple[int, int]:
    """The most bytes and the most elements of one listpack."""
    limit = LIMITS["list-max-listpack-size"]
    if limit < 0:
        return SIZES[min(-limit, len(SIZES)) - 1], 1 << 62
    return LARGEST_WITH_COUNT, max(limit, 1)


def entry_size(element: bytes) -> int:
    """The bytes an element takes in a listpack: a header, itself, and its size once more for walking backwards.

    Integers are kept as such, in as few bytes as they need.
    """
    length = len(element)
    if length <= 20 and (number := parse_int(element)) is not None:
        return _integer_size(number)
    size = length + (1 if length < 64 else 2 if length < 4096 else 5)
    return size + (1 if size < 128 else 2 if size < 16383 else 3 if size < 2097151 else 4 if size < 268435455 else 5)


def _integer_size(number: int) -> int:
    if 0 <= number < 128:
        return 2
    for bits, size in ((13, 3), (16, 4), (24, 5), (32, 6)):
        if -(1 << bits - 1) <= number < 1 << bits - 1:
            return size
    return 10
