"""keeps the order of the elements in LPUSH l a b c, as if all were put in front at once"""

from collections.abc import Sequence

from miniredis.values.lists import List

STAGE = "mini.lrange"


def spoil() -> None:
    push = List.push

    def push_as_written(self: List, elements: Sequence[bytes], left: bool) -> None:
        push(self, elements[::-1] if left else elements, left)

    List.push = push_as_written
