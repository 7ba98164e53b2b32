"""takes an element from the source before it looks at the destination, and loses it if that is no list"""

from miniredis.commands import lists
from miniredis.connection import Client
from miniredis.values import List

STAGE = "mini.lmove"


def spoil() -> None:
    def move_at_once(client: Client, source: bytes, destination: bytes, from_left: bool, to_left: bool) -> bytes | None:
        value = client.db.edit(source, List)
        if value is None:
            return None
        element = lists.pop(client, source, value, from_left)[0]
        lists._push(client, destination, [element], to_left)
        return element

    lists.move = move_at_once
