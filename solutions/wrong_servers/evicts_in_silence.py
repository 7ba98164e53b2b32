"""removes keys when memory is full and tells its append-only file nothing of it"""

from miniredis.eviction import Memory
from miniredis.store import Database

STAGE = "mini.evict-random"


def spoil() -> None:
    def silently(self: Memory, database: Database, key: bytes) -> None:
        database.delete(key)

    Memory._evict = silently
