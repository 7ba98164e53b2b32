"""SORT: the elements of a list, a set or a sorted set in another order, by weights that may lie under other keys.

``SORT users BY weight_* GET name_*`` looks up ``weight_7`` for the element 7: a small join, and the one command whose
keys cannot be told from its arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.numbers import parse_weight
from miniredis.resp import Args, CommandError, Reply, WrongType
from miniredis.store import Database
from miniredis.values import Hash, List, Set, SortedSet


@dataclass(slots=True)
class Order:
    """What SORT was asked for.

    Attributes:
        by: the pattern of the keys with the weights; None for the elements themselves.
        unsorted: BY a pattern without a star: leave them as they are.
        get: the patterns of what to answer for each element; none for the element itself.
        target: where to store the result.
    """

    by: bytes | None = None
    unsorted: bool = False
    start: int = 0
    count: int = -1
    get: list[bytes] = field(default_factory=list)
    descending: bool = False
    alpha: bool = False
    target: bytes | None = None


def keys_of_sort(args: Args) -> list[bytes]:
    """Return the keys that can be told: the source and the destination."""
    found = args[1:2]
    at = 2
    while at < len(args):
        word = args[at].upper()
        if word == b"STORE" and at + 1 < len(args):
            found = [*found[:1], args[at + 1]]
        at += {b"LIMIT": 3, b"GET": 2, b"BY": 2, b"STORE": 2}.get(word, 1)
    return found


@command("SORT", arity=-2, flags="write denyoom movablekeys", keys=(1, 1, 1), find_keys=keys_of_sort, group="generic")
def sort(client: Client, args: Args) -> Reply:
    """SORT key [BY p] [LIMIT start count] [GET p …] [ASC | DESC] [ALPHA] [STORE key]: the elements, or their number."""
    raise NotImplementedError("mini.sort")  # course hint mini.sort


@command("SORT_RO", arity=-2, flags="readonly movablekeys", keys=(1, 1, 1), group="generic", since="7.0.0")
def sort_ro(client: Client, args: Args) -> Reply:
    """SORT_RO key …: SORT without STORE, for replicas."""
    raise NotImplementedError("mini.sort")  # course hint mini.sort


def read_order(args: Args, may_store: bool) -> Order:
    """Read the options of SORT."""
    raise NotImplementedError("mini.sort")  # course hint mini.sort


def _read_pattern(order: Order, word: bytes, pattern: bytes) -> None:
    raise NotImplementedError("mini.sort-by")  # course hint mini.sort-by


def sorted_elements(db: Database, key: bytes, order: Order) -> list[bytes | None]:
    """Return what SORT answers: sorted, cut, and with what GET asks for."""
    raise NotImplementedError("mini.sort")  # course hint mini.sort


def _cut(elements: list[bytes], order: Order) -> list[bytes]:
    raise NotImplementedError("mini.sort")  # course hint mini.sort


def _in_order(db: Database, elements: list[bytes], order: Order) -> list[bytes]:
    """Sort by number or by text; elements of equal weight by their own bytes."""
    weights = _weights(db, elements, order.by)
    raise NotImplementedError("mini.sort")  # course hint mini.sort


def _number(weight: bytes | None) -> float:
    raise NotImplementedError("mini.sort")  # course hint mini.sort


def _weights(db: Database, elements: list[bytes], pattern: bytes | None) -> dict[bytes, bytes | None]:
    """Return the weight of each element: itself without a pattern; None where the pattern finds nothing."""
    if pattern is None:
        return {element: element for element in elements}
    raise NotImplementedError("mini.sort-by")  # course hint mini.sort-by


def _answers(db: Database, elements: list[bytes], order: Order) -> list[bytes | None]:
    """Return what GET asks for, one after the other for each element; without GET the elements."""
    if not order.get:
        return list(elements)
    raise NotImplementedError("mini.sort-by")  # course hint mini.sort-by


def look_up(db: Database, pattern: bytes, element: bytes) -> bytes | None:
    """Return what lies under the key that a pattern such as ``weight_*`` or ``user_*->age`` names for an element."""
    raise NotImplementedError("mini.sort-by")  # course hint mini.sort-by
