"""pops the right members from the high end, and shows them from below"""

from miniredis.commands import sorted_sets
from miniredis.connection import Client
from miniredis.values import SortedSet

STAGE = "mini.zpop"


def spoil() -> None:
    pop = sorted_sets._pop

    def rising(client: Client, key: bytes, value: SortedSet, count: int, highest: bool) -> list:
        return sorted(pop(client, key, value, count, highest))

    sorted_sets._pop = rising
