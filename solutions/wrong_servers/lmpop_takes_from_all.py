"""goes on with the next list when LMPOP's first one has fewer elements than its count"""

from miniredis.commands import lists
from miniredis.connection import Client
from miniredis.values import List

STAGE = "mini.lmpop"


def spoil() -> None:
    def pop_from_all(client: Client, keys: list[bytes], left: bool, count: int) -> tuple[bytes, list[bytes]] | None:
        name, elements = b"", []
        for key in keys:
            value = client.db.edit(key, List)
            if value is not None and len(elements) < count:
                name = name or key
                elements += lists.pop(client, key, value, left, count - len(elements))
        return (name, elements) if elements else None

    lists.pop_first = pop_from_all
