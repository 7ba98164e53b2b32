"""pops the lowest score of all keys, where the first key that has anything should be served"""

from miniredis.commands import sorted_sets
from miniredis.connection import Client
from miniredis.values import SortedSet

STAGE = "mini.bzpop"


def spoil() -> None:
    pop_several = sorted_sets._pop_several

    def lowest(client: Client, keys: list[bytes], highest: bool, count: int) -> object:
        def outermost(key: bytes) -> float:
            value = client.db.peek(key)
            if not isinstance(value, SortedSet):
                return float("inf")
            return -value.at(-1)[0] if highest else value.at(0)[0]

        return pop_several(client, sorted(keys, key=outermost), highest, count)

    sorted_sets._pop_several = lowest
