"""The commands, a module a family. Importing this registers them all."""

from miniredis.commands import (
    connection,
    expire,
    hashes,
    keys,
    lists,
    scan,
    sets,
    sorted_set_algebra,
    sorted_set_ranges,
    sorted_sets,
    strings,
)

__all__ = [
    "connection",
    "expire",
    "hashes",
    "keys",
    "lists",
    "scan",
    "sets",
    "sorted_set_algebra",
    "sorted_set_ranges",
    "sorted_sets",
    "strings",
]
