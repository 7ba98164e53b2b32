"""adds the result of SINTERSTORE to what the destination holds, and leaves it as it was when there is none"""

from miniredis.commands import sets
from miniredis.connection import Client
from miniredis.values import Set

STAGE = "mini.sinterstore"


def spoil() -> None:
    def add(client: Client, key: bytes, members: Set, event: str) -> int:
        if members:
            value = client.db.edit_or_new(key, Set)
            for member in members:
                value.add(member)
        return len(members)

    sets._store = add
