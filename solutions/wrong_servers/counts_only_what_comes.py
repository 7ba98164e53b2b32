"""adds to the memory that is used what is stored, and takes nothing off for what is deleted"""

from miniredis.eviction import Memory
from miniredis.store import Database

STAGE = "mini.maxmemory"


def spoil() -> None:
    weigh = Memory.weigh

    def never_less(self: Memory, database: Database, key: bytes) -> None:
        before = self._total
        weigh(self, database, key)
        self._total = max(self._total, before)

    Memory.weigh = never_less
