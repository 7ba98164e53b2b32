"""restores a dumped value of any version, if only its checksum is right"""

from miniredis.persistence import rdb
from miniredis.persistence.crc64 import crc64

STAGE = "mini.restore"


def spoil() -> None:
    rdb.is_dump = lambda p: len(p) >= 10 and crc64(memoryview(p)[:-8]) == int.from_bytes(p[-8:], "little")
