"""takes the end from a key whose value it changes: INCR stores like SET"""

from miniredis.store import Database
from miniredis.values import Value

STAGE = "mini.expire"


def spoil() -> None:
    store = Database.set

    def forget(self: Database, key: bytes, value: Value, keep_ttl: bool = False) -> None:
        store(self, key, value, keep_ttl=False)

    Database.set = forget
