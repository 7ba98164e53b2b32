"""looks at the keys of BLPOP from the last one to the first"""

from miniredis.commands import blocking_lists
from miniredis.connection import Client

STAGE = "mini.blpop"


def spoil() -> None:
    pop_first = blocking_lists.pop_first

    def pop_last(client: Client, keys: list[bytes], left: bool, count: int) -> tuple[bytes, list[bytes]] | None:
        return pop_first(client, keys[::-1], left, count)

    blocking_lists.pop_first = pop_last
