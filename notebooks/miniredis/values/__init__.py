"""What a key can hold. A string is `bytes`, or `bytearray` once APPEND, SETRANGE or SETBIT have changed it in place."""

from __future__ import annotations

from typing import TypeAlias

from miniredis.values.hashes import Hash
from miniredis.values.lists import List
from miniredis.values.sets import Set
from miniredis.values.sorted_sets import SortedSet
from miniredis.values.streams import Stream

__all__ = ["Hash", "List", "Set", "SortedSet", "Stream", "String", "Value", "type_name"]

String: TypeAlias = bytes | bytearray
Value: TypeAlias = String | List | Set | Hash | SortedSet | Stream

_NAMES: dict[type, str] = {
    bytes: "string",
    bytearray: "string",
    List: "list",
    Set: "set",
    Hash: "hash",
    SortedSet: "zset",
    Stream: "stream",
}


def type_name(value: Value) -> str:
    """Return what TYPE says."""
    return _NAMES[type(value)]
