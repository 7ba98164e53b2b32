"""goes on as if nothing had happened when its append-only file cannot be written"""

import os

from miniredis.persistence.aof import AppendOnlyFile

STAGE = "mini.aof-write"


def spoil() -> None:
    def never_mind(self: AppendOnlyFile, why: str, data: bytes) -> None:
        os.ftruncate(self._file, self._written)
        self._buffer.clear()

    AppendOnlyFile._failed = never_mind
