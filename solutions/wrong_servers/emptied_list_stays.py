"""keeps the key of a list that has lost its last element, and shows an empty list under it"""

from miniredis.store import Database
from miniredis.values import Hash, List, Set, SortedSet

STAGE = "mini.lpop"


def spoil() -> None:
    def nothing_to_do(self: Database, key: bytes, value: List | Set | Hash | SortedSet) -> None:
        pass

    Database.delete_if_empty = nothing_to_do
