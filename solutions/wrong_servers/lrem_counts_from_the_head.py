"""takes LREM's count without its sign and always begins at the head"""

from miniredis.values.lists import List

STAGE = "mini.lrem"


def spoil() -> None:
    drop = List.drop

    def drop_from_the_head(self: List, element: bytes, count: int) -> int:
        return drop(self, element, abs(count))

    List.drop = drop_from_the_head
