"""The commands, a module a family. Importing this registers them all."""

from miniredis.commands import (
    clients,
    connection,
    expire,
    hashes,
    keys,
    lists,
    memory,
    persistence,
    pubsub,
    scan,
    sets,
    sorted_set_algebra,
    sorted_set_ranges,
    sorted_sets,
    strings,
    transactions,
)

__all__ = [
    "clients",
    "connection",
    "expire",
    "hashes",
    "keys",
    "lists",
    "memory",
    "persistence",
    "pubsub",
    "scan",
    "sets",
    "sorted_set_algebra",
    "sorted_set_ranges",
    "sorted_sets",
    "strings",
    "transactions",
]
