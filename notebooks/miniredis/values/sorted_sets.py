"""Sorted sets: members with a score each, in the order of the scores, and of the members where scores are equal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from miniredis.values.indexed import Indexed
from miniredis.values.packing import LIMITS
from miniredis.values.sorted_blocks import SortedBlocks

# As they are kept: tuples compare by score first, and by the bytes of the member next, as Redis does.
Scored: TypeAlias = tuple[float, bytes]


class SortedSet:
    """Two views of the same pairs: by member (what is its score?) and in order (who is the third?).

    Attributes:
        encoding: what OBJECT ENCODING says. Redis packs a small one into a flat "listpack"; once it has become a
            "skiplist" it stays one.
    """

    __slots__ = ("_bytes", "_order", "_scores", "encoding")

    def __init__(self, pairs: Iterable[tuple[bytes, float]] = (), encoding: str = "listpack") -> None:
        members = dict(pairs)
        self.encoding = encoding if may_be_packed(members) else "skiplist"
        self._scores: Indexed[float] = Indexed()
        for member, score in members.items():
            self._scores.set(member, self._kept(score))
        self._order: SortedBlocks[Scored] = SortedBlocks((score, member) for member, score in self._scores.items())
        self._bytes = sum(map(len, members))

    def __len__(self) -> int:
        return len(self._scores)

    def __contains__(self, member: bytes) -> bool:
        return member in self._scores

    def __iter__(self) -> Iterator[Scored]:
        """Pairs of score and member, in order."""
        return iter(self._order)

    def score(self, member: bytes) -> float | None:
        """Return the score, or None. O(1)."""
        return self._scores.get(member)

    def put(self, member: bytes, score: float) -> None:
        """Add a member, or move it to another score. O(log n), see `SortedBlocks`."""
        raise NotImplementedError("mini.zadd")  # course hint mini.zadd

    def _kept(self, score: float) -> float:
        """A listpack keeps whole numbers as integers, where -0 has no sign."""
        return 0.0 if score == 0 and self.encoding == "listpack" else score

    def remove(self, member: bytes) -> bool:
        """Take a member out; whether it was there."""
        raise NotImplementedError("mini.zrem")  # course hint mini.zrem

    def rank(self, member: bytes) -> int | None:
        """Return the place of a member, counted from 0 for the lowest score, or None."""
        raise NotImplementedError("mini.zrank")  # course hint mini.zrank

    def count_before(self, probe: object, after: bool, key: Callable[[Scored], object]) -> int:
        """Return how many members come before a score or member: `SortedBlocks.rank` by a part of the pairs."""
        return self._order.rank(probe, after, key)

    def between(self, start: int, stop: int) -> list[Scored]:
        """Return the pairs whose rank is at least `start` and less than `stop`."""
        return self._order.between(start, stop)

    def remove_between(self, start: int, stop: int) -> list[Scored]:
        """Take out the pairs whose rank is at least `start` and less than `stop`; return them."""
        raise NotImplementedError("mini.zremrange")  # course hint mini.zremrange

    def at(self, rank: int) -> Scored:
        """Return the pair of a rank."""
        return self._order[rank]

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor and some members, as `Indexed.scan`; a packed one comes all at once, in order."""
        if self.encoding == "listpack":
            return 0, [member for _, member in self._order]
        return self._scores.scan(cursor, count)

    def memory(self) -> int:
        """Return about how many bytes this takes."""
        # A pair: a tuple with a float, two pointers in lists, and a slot of the dictionary.
        return 400 + self._bytes + 260 * len(self._scores)


def may_be_packed(members: Collection[bytes]) -> bool:
    """Whether these members are few and short enough for a listpack."""
    longest = LIMITS["zset-max-listpack-value"]
    return len(members) <= LIMITS["zset-max-listpack-entries"] and all(len(member) <= longest for member in members)


class Span(Protocol):
    """Which part of a sorted set a command is about."""

    def ranks(self, value: SortedSet) -> tuple[int, int]:
        """Return the rank of the first member in it, and the rank behind the last one."""


@dataclass(frozen=True, slots=True)
class RankSpan:
    """From one rank to another, both included; negative ones count from the end."""

    first: int
    last: int
    reverse: bool = False

    def ranks(self, value: SortedSet) -> tuple[int, int]:
        """Return the ranks from the low end, also where `first` and `last` count from the high one."""
        raise NotImplementedError("mini.zrange")  # course hint mini.zrange


@dataclass(frozen=True, slots=True)
class ScoreSpan:
    """From one score to another, each of them left out where it is `open`."""

    least: float
    most: float
    open_least: bool = False
    open_most: bool = False

    def ranks(self, value: SortedSet) -> tuple[int, int]:
        """Return the ranks of the members whose scores are in it."""
        raise NotImplementedError("mini.zcount")  # course hint mini.zcount


@dataclass(frozen=True, slots=True)
class LexSpan:
    """From one member to another, by their bytes; None is an end without a bound.

    It means something only where all scores are equal. `empty` is for bounds such as + to -, with nothing between.
    """

    least: bytes | None
    most: bytes | None
    open_least: bool = False
    open_most: bool = False
    empty: bool = False

    def ranks(self, value: SortedSet) -> tuple[int, int]:
        """Return the ranks of the members that are in it."""
        raise NotImplementedError("mini.zlex")  # course hint mini.zlex


def _score_of(pair: Scored) -> float:
    return pair[0]


def _member_of(pair: Scored) -> bytes:
    return pair[1]
