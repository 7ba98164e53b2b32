"""gives fields an end, tells it when asked, and never removes one"""

from miniredis import server
from miniredis.commands import hashes
from miniredis.store import Database
from miniredis.values import Hash

STAGE = "mini.field-expiry"


def spoil() -> None:
    def leave_them(database: Database, key: bytes, value: Hash) -> int:
        return 0

    def leave_all(database: Database, sample: int) -> int:
        return 0

    hashes.end_fields = leave_them
    server.end_some_fields = leave_all
