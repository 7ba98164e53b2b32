"""inserts beside the last pivot of a list instead of the first one"""

from miniredis.values.lists import List

STAGE = "mini.linsert"


def spoil() -> None:
    def last_index(self: List, element: bytes) -> int:
        return len(self) - 1 - list(reversed(self)).index(element)

    List.index = last_index
