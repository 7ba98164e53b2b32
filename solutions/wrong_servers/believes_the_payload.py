"""restores a dumped value without a look at its checksum"""

from miniredis.persistence import rdb

STAGE = "mini.restore"


def spoil() -> None:
    rdb.is_dump = lambda payload: len(payload) >= 10
