"""gives the end that HEXPIRE names to the whole hash instead of its fields"""

from miniredis.commands import hash_expiry
from miniredis.connection import Client
from miniredis.values import Hash

STAGE = "mini.hexpire"


def spoil() -> None:
    def end_the_hash(
        client: Client, key: bytes, value: Hash, fields: list[bytes], when: int, condition: bytes
    ) -> list[int]:
        client.db.expire_at(key, when)
        return [hash_expiry.DONE if field in value else hash_expiry.NO_FIELD for field in fields]

    hash_expiry._end_each = end_the_hash
