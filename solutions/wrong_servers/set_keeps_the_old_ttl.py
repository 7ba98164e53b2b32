"""gives a new value the end that the old one had"""

from miniredis.store import Database
from miniredis.values import Value

STAGE = "mini.expire"


def spoil() -> None:
    store = Database.set

    def keep(self: Database, key: bytes, value: Value, keep_ttl: bool = False) -> None:
        store(self, key, value, keep_ttl=True)

    Database.set = keep
