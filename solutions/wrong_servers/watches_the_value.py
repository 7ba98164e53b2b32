"""lets EXEC run when a watched key was changed and has its old value again"""

from miniredis import transactions
from miniredis.connection import Client

STAGE = "mini.watch"


def spoil() -> None:
    watch, execute = transactions.watch, transactions.execute
    values: dict[Client, list[tuple[object, bytes, object]]] = {}

    def remember(client: Client, key: bytes) -> None:
        watch(client, key)
        values.setdefault(client, []).append((client.db, key, client.db.peek(key)))

    def compare(client: Client) -> object:
        seen = values.pop(client, [])
        client.watched_key_changed = any(db.peek(key) != value for db, key, value in seen)
        return execute(client)

    transactions.watch = remember
    transactions.execute = compare
