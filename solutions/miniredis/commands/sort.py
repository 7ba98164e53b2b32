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
    ### BEGIN SOLUTION mini.sort
    order = read_order(args, may_store=True)
    found = sorted_elements(client.db, args[1], order)
    if order.target is None:
        return found
    stored = [element or b"" for element in found]
    if stored:
        client.db.set(order.target, List(stored))
        client.db.modified(order.target, "l", "sortstore", len(stored))
    elif client.db.peek(order.target) is not None and client.db.delete(order.target):
        client.db.modified(order.target, "g", "del")
    return len(stored)
    ### END SOLUTION


@command("SORT_RO", arity=-2, flags="readonly movablekeys", keys=(1, 1, 1), group="generic", since="7.0.0")
def sort_ro(client: Client, args: Args) -> Reply:
    """SORT_RO key …: SORT without STORE, for replicas."""
    ### BEGIN SOLUTION mini.sort
    return sorted_elements(client.db, args[1], read_order(args, may_store=False))
    ### END SOLUTION


def read_order(args: Args, may_store: bool) -> Order:
    """Read the options of SORT."""
    ### BEGIN SOLUTION mini.sort
    order = Order()
    at = 2
    while at < len(args):
        word, left = args[at].upper(), len(args) - at - 1
        if word in (b"ASC", b"DESC"):
            order.descending = word == b"DESC"
        elif word == b"ALPHA":
            order.alpha = True
        elif word == b"LIMIT" and left >= 2:
            order.start, order.count = integer(args[at + 1]), integer(args[at + 2])
            at += 2
        elif word == b"STORE" and left >= 1 and may_store:
            order.target = args[at + 1]
            at += 1
        elif word in (b"BY", b"GET") and left >= 1:
            _read_pattern(order, word, args[at + 1])
            at += 1
        else:
            raise syntax_error()
        at += 1
    return order
    ### END SOLUTION


def _read_pattern(order: Order, word: bytes, pattern: bytes) -> None:
    ### BEGIN SOLUTION mini.sort-by
    if word == b"GET":
        order.get.append(pattern)
    else:
        order.by = pattern
        order.unsorted |= b"*" not in pattern
    ### END SOLUTION


def sorted_elements(db: Database, key: bytes, order: Order) -> list[bytes | None]:
    """Return what SORT answers: sorted, cut, and with what GET asks for."""
    ### BEGIN SOLUTION mini.sort
    value = db.read_any(key)
    if value is not None and not isinstance(value, (List, Set, SortedSet)):
        raise WrongType
    if isinstance(value, SortedSet):
        elements = [member for _, member in value]
    else:
        elements = list(value) if value is not None else []
    if order.unsorted and isinstance(value, Set) and order.target is not None:
        # What is stored must be the same on every replica, and a set lies everywhere in another order.
        order.unsorted, order.by, order.alpha = False, None, True
    if not order.unsorted:
        elements = _in_order(db, elements, order)
    elif order.descending and not isinstance(value, Set):
        elements.reverse()
    return _answers(db, _cut(elements, order), order)
    ### END SOLUTION


def _cut(elements: list[bytes], order: Order) -> list[bytes]:
    ### BEGIN SOLUTION mini.sort
    start = max(order.start, 0)
    return elements[start:] if order.count < 0 else elements[start : start + order.count]
    ### END SOLUTION


def _in_order(db: Database, elements: list[bytes], order: Order) -> list[bytes]:
    """Sort by number or by text; elements of equal weight by their own bytes."""
    weights = _weights(db, elements, order.by)
    ### BEGIN SOLUTION mini.sort
    if order.alpha:

        def place(element: bytes) -> tuple[object, ...]:
            weight = weights[element]
            if weight is None:
                return (0, b"")
            return (1, weight if order.target is not None else weight.partition(b"\0")[0])

    else:
        numbers = {element: _number(weight) for element, weight in weights.items()}

        def place(element: bytes) -> tuple[object, ...]:
            return numbers[element], element

    return sorted(elements, key=place, reverse=order.descending)
    ### END SOLUTION


def _number(weight: bytes | None) -> float:
    ### BEGIN SOLUTION mini.sort
    number = 0.0 if weight is None else parse_weight(weight)
    if number is None:
        raise CommandError("ERR One or more scores can't be converted into double")
    return number
    ### END SOLUTION


def _weights(db: Database, elements: list[bytes], pattern: bytes | None) -> dict[bytes, bytes | None]:
    """Return the weight of each element: itself without a pattern; None where the pattern finds nothing."""
    if pattern is None:
        return {element: element for element in elements}
    ### BEGIN SOLUTION mini.sort-by
    return {element: look_up(db, pattern, element) for element in elements}
    ### END SOLUTION


def _answers(db: Database, elements: list[bytes], order: Order) -> list[bytes | None]:
    """Return what GET asks for, one after the other for each element; without GET the elements."""
    if not order.get:
        return list(elements)
    ### BEGIN SOLUTION mini.sort-by
    return [look_up(db, pattern, element) for element in elements for pattern in order.get]
    ### END SOLUTION


def look_up(db: Database, pattern: bytes, element: bytes) -> bytes | None:
    """Return what lies under the key that a pattern such as ``weight_*`` or ``user_*->age`` names for an element."""
    ### BEGIN SOLUTION mini.sort-by
    if pattern == b"#":
        return element
    before, star, after = pattern.partition(b"*")
    if not star:
        return None
    postfix, _, name = after.partition(b"->")
    if not name:
        value = db.read_any(before + element + after)
        return bytes(value) if isinstance(value, (bytes, bytearray)) else None
    value = db.read_any(before + element + postfix)
    return value.get(name) if isinstance(value, Hash) else None
    ### END SOLUTION
