"""Unions, intersections and differences of sorted sets; plain sets take part as if every score were 1."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from miniredis.commands.arguments import counted_keys, integer, integer_from, syntax_error
from miniredis.commands.score_arguments import score
from miniredis.commands.sorted_set_ranges import store
from miniredis.commands.sorted_sets import paired
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.resp import Args, CommandError, Reply, WrongType
from miniredis.values import Set, SortedSet

Source: TypeAlias = SortedSet | Set


@dataclass(slots=True)
class Sources:
    """What is put together.

    Attributes:
        sets: the values, an empty one for a key that is not there.
        weights: what the scores of each source are multiplied by.
        aggregate: "SUM", "MIN" or "MAX", for the scores of a member that is in several.
        with_scores: show the scores.
    """

    sets: list[Source]
    weights: list[float] = field(default_factory=list)
    aggregate: bytes = b"SUM"
    with_scores: bool = False


def _read_keys(client: Client, args: Args, at: int) -> tuple[list[Source], int]:
    """Read the sources of a command whose number of keys stands at `at`; the place behind the last key."""
    raise NotImplementedError("mini.zunion")  # course hint mini.zunion


def _source(client: Client, key: bytes) -> Source:
    raise NotImplementedError("mini.zunion")  # course hint mini.zunion


def _scores(source: Source) -> Iterable[tuple[bytes, float]]:
    """The members of a source with their scores; those of a plain set have 1."""
    if isinstance(source, SortedSet):
        return ((member, score) for score, member in source)
    return ((member, 1.0) for member in source)


def _score_in(source: Source, member: bytes) -> float | None:
    """The score of a member in a source, None where it is not in it."""
    if isinstance(source, SortedSet):
        return source.score(member)
    return 1.0 if member in source else None


def _read_sources(client: Client, args: Args, at: int, weighted: bool, storing: bool) -> Sources:
    """Read keys and options.

    Args:
        client, args: the command.
        at: where the number of keys stands.
        weighted: WEIGHTS and AGGREGATE are allowed.
        storing: the result is stored, so that WITHSCORES makes no sense.
    """
    sets, at = _read_keys(client, args, at)
    raise NotImplementedError("mini.zunion")  # course hint mini.zunion


def _aggregated(one: float, other: float, how: bytes) -> float:
    """Two scores as one. Redis takes inf - inf as 0 here."""
    raise NotImplementedError("mini.zunion")  # course hint mini.zunion


def _weighed(value: float, weight: float) -> float:
    product = value * weight
    return 0.0 if math.isnan(product) else product  # 0 times infinite


def _smallest_first(sources: Sources) -> list[tuple[Source, float]]:
    """The sources with their weights, the smallest first: sums of floats depend on their order."""
    return sorted(zip(sources.sets, sources.weights, strict=True), key=lambda source: len(source[0]))


def _union(sources: Sources) -> dict[bytes, float]:
    """Everything that is in any of the sources. O(all members)."""
    raise NotImplementedError("mini.zunion")  # course hint mini.zunion


def _intersection(sources: Sources) -> Iterator[tuple[bytes, float]]:
    """What is in all of the sources. O(members of the smallest x sources)."""
    raise NotImplementedError("mini.zinter")  # course hint mini.zinter


def _difference(sources: Sources) -> Iterator[tuple[bytes, float]]:
    """What is in the first source and in none of the others, with the first one's scores."""
    raise NotImplementedError("mini.zinter")  # course hint mini.zinter


def _shown(client: Client, sources: Sources, result: Iterable[tuple[bytes, float]]) -> Reply:
    """The reply of a command that does not store."""
    pairs = sorted((score, member) for member, score in result)
    return paired(client, pairs) if sources.with_scores else [member for _, member in pairs]


@command("ZUNION", arity=-3, flags="readonly", find_keys=counted_keys(1), group="sorted-set", since="6.2.0")
def zunion(client: Client, args: Args) -> Reply:
    """ZUNION numkeys key [key …] [WEIGHTS …] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]: all members, in order."""
    sources = _read_sources(client, args, 1, weighted=True, storing=False)
    return _shown(client, sources, _union(sources).items())


@command(
    "ZUNIONSTORE",
    arity=-4,
    flags="write denyoom",
    keys=(1, 1, 1),
    find_keys=counted_keys(2, also=(1,)),
    group="sorted-set",
    since="2.0.0",
)
def zunionstore(client: Client, args: Args) -> Reply:
    """ZUNIONSTORE destination numkeys key [key …] [WEIGHTS …] [AGGREGATE …]: store the union. How many members."""
    sources = _read_sources(client, args, 2, weighted=True, storing=True)
    return store(client, args[1], SortedSet(_union(sources).items()), "zunionstore")


@command("ZINTER", arity=-3, flags="readonly", find_keys=counted_keys(1), group="sorted-set", since="6.2.0")
def zinter(client: Client, args: Args) -> Reply:
    """ZINTER numkeys key [key …] [WEIGHTS …] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]: members that are in all."""
    sources = _read_sources(client, args, 1, weighted=True, storing=False)
    return _shown(client, sources, _intersection(sources))


@command(
    "ZINTERSTORE",
    arity=-4,
    flags="write denyoom",
    keys=(1, 1, 1),
    find_keys=counted_keys(2, also=(1,)),
    group="sorted-set",
    since="2.0.0",
)
def zinterstore(client: Client, args: Args) -> Reply:
    """ZINTERSTORE destination numkeys key [key …] [WEIGHTS …] [AGGREGATE …]: store the intersection. How many."""
    sources = _read_sources(client, args, 2, weighted=True, storing=True)
    return store(client, args[1], SortedSet(_intersection(sources)), "zinterstore")


@command("ZDIFF", arity=-3, flags="readonly", find_keys=counted_keys(1), group="sorted-set", since="6.2.0")
def zdiff(client: Client, args: Args) -> Reply:
    """ZDIFF numkeys key [key …] [WITHSCORES]: members of the first that are in none of the others."""
    sources = _read_sources(client, args, 1, weighted=False, storing=False)
    return _shown(client, sources, _difference(sources))


@command(
    "ZDIFFSTORE",
    arity=-4,
    flags="write denyoom",
    keys=(1, 1, 1),
    find_keys=counted_keys(2, also=(1,)),
    group="sorted-set",
    since="6.2.0",
)
def zdiffstore(client: Client, args: Args) -> Reply:
    """ZDIFFSTORE destination numkeys key [key …]: store the difference. How many members."""
    sources = _read_sources(client, args, 2, weighted=False, storing=True)
    return store(client, args[1], SortedSet(_difference(sources)), "zdiffstore")


@command("ZINTERCARD", arity=-3, flags="readonly", find_keys=counted_keys(1), group="sorted-set", since="7.0.0")
def zintercard(client: Client, args: Args) -> Reply:
    """ZINTERCARD numkeys key [key …] [LIMIT limit]: how many members are in all; no more than the limit are counted."""
    raise NotImplementedError("mini.zinter")  # course hint mini.zinter
