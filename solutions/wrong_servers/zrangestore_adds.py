"""adds the members of a range to what is under the destination"""

from miniredis.commands import sorted_set_ranges
from miniredis.connection import Client
from miniredis.values import SortedSet

STAGE = "mini.zrangestore"


def spoil() -> None:
    store = sorted_set_ranges.store

    def add(client: Client, key: bytes, value: SortedSet, event: str) -> int:
        already = client.db.peek(key)
        if len(value) and isinstance(already, SortedSet):
            size = len(value)
            store(client, key, SortedSet([(m, s) for part in (already, value) for s, m in part]), event)
            return size
        return store(client, key, value, event)

    sorted_set_ranges.store = add
