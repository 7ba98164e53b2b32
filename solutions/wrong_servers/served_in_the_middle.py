"""serves waiting clients at once, in the middle of the command or the transaction that pushes"""

from miniredis.blocking import Blocked
from miniredis.store import Database

STAGE = "mini.blocking-serve"


def spoil() -> None:
    key_changed = Blocked.key_changed

    def serve_at_once(self: Blocked, database: Database, key: bytes) -> None:
        key_changed(self, database, key)
        if database.keys.get(key):
            self.serve()

    Blocked.key_changed = serve_at_once
