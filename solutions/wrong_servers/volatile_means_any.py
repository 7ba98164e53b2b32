"""removes keys without an end too, under a policy for those that have one"""

from miniredis.eviction import Candidates, Memory
from miniredis.store import Database

STAGE = "mini.evict-volatile"


def spoil() -> None:
    def any_key(self: Memory, database: Database) -> Candidates:
        return database.keys

    Memory._candidates = any_key
