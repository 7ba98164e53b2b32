"""counts the index in LPOS's reply from the tail when its rank is negative"""

from miniredis.commands import lists
from miniredis.values import List

STAGE = "mini.lpos"


def spoil() -> None:
    places = lists._places

    def places_from_where_it_began(value: List, element: bytes, rank: int, count: int, most: int) -> list[int]:
        found = places(value, element, rank, count, most)
        return [len(value) - 1 - index for index in found] if rank < 0 else found

    lists._places = places_from_where_it_began
