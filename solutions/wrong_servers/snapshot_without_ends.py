"""saves keys and values, and not when the keys end"""

from miniredis.persistence import rdb
from miniredis.store import Database
from miniredis.values import Value
from miniredis.values.indexed import Indexed

STAGE = "mini.rdb-expiry"


def spoil() -> None:
    write = rdb._write_key

    def without_end(database: Database, key: bytes, value: Value, policy: str, out: bytearray) -> None:
        ends, database.expires = database.expires, Indexed()
        write(database, key, value, policy, out)
        database.expires = ends

    rdb._write_key = without_end
