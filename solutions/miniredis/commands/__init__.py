"""The commands, a module a family. Importing this registers them all."""

from miniredis.commands import connection, keys, strings

__all__ = ["connection", "keys", "strings"]
