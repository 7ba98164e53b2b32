"""The commands, a module a family. Importing this registers them all."""

from miniredis.commands import connection, expire, hashes, keys, lists, scan, sets, strings

__all__ = ["connection", "expire", "hashes", "keys", "lists", "scan", "sets", "strings"]
