"""The ACL categories of commands, as ACL CAT and COMMAND INFO tell them: they follow from flags and family."""

from __future__ import annotations

from miniredis.commands.table import Command

CATEGORIES = (
    "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo",
    "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
)  # fmt: skip

_OF_FAMILIES = {
    "generic": "keyspace",
    "string": "string",
    "bitmap": "bitmap",
    "list": "list",
    "set": "set",
    "hash": "hash",
    "sorted-set": "sortedset",
    "geo": "geo",
    "hyperloglog": "hyperloglog",
    "stream": "stream",
    "transactions": "transaction",
    "connection": "connection",
    "scripting": "scripting",
}
_OF_FLAGS = {
    "write": "write",
    "readonly": "read",
    "pubsub": "pubsub",
    "blocking": "blocking",
    "admin": "admin dangerous",
}
_BESIDES = {
    "flushall": "keyspace dangerous",
    "flushdb": "keyspace dangerous",
    "swapdb": "keyspace dangerous",
    "keys": "dangerous",
    "sort": "list set sortedset dangerous",
    "sort_ro": "list set sortedset dangerous",
    "restore": "dangerous",
    "migrate": "dangerous",
    "info": "dangerous",
    "lastsave": "admin dangerous",
    "role": "admin dangerous",
    "dbsize": "keyspace",
    "wait": "connection",
    "waitaof": "connection",
    "command": "connection",
}


def categories(entry: Command) -> list[str]:
    """Return the categories of a command, each with its @, in Redis's order."""
    container = entry.name.partition("|")[0]
    found = {"fast" if "fast" in entry.flags else "slow"}
    if entry.flags:  # a container is nothing itself
        if not entry.name.startswith("sort"):  # generic, but for three types only
            found.add(_OF_FAMILIES.get(entry.group, "slow"))
        found.update(_BESIDES.get(entry.name, _BESIDES.get(container, "slow")).split())
    for flag in entry.flags & _OF_FLAGS.keys():
        found.update(_OF_FLAGS[flag].split())
    if "fast" in entry.flags:
        found.discard("slow")
    return [f"@{name}" for name in CATEGORIES if name in found]
