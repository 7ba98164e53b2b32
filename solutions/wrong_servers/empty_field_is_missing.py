"""says that a field with an empty value is not there, because both are false in Python"""

from miniredis.values.hashes import Hash

STAGE = "mini.hexists"


def spoil() -> None:
    def has_a_value(self: Hash, field: bytes) -> bool:
        return bool(self.get(field))

    Hash.__contains__ = has_a_value
