"""The commands, a module a family. Importing this registers them all."""

from miniredis.commands import connection, expire, keys, scan, strings

__all__ = ["connection", "expire", "keys", "scan", "strings"]
