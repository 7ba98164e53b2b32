"""takes the time of the last write for the time of the last use"""

from miniredis.store import Database
from miniredis.values import Value

STAGE = "mini.evict-lru"


def spoil() -> None:
    read = Database.read_any

    def without_a_trace(self: Database, key: bytes) -> Value | None:
        used = self.used.get(key)
        value = read(self, key)
        if value is not None and used is not None:
            self.used[key] = used
        return value

    Database.read_any = without_a_trace
