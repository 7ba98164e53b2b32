"""answers at once and writes the append-only file when it has time"""

from miniredis.persistence.aof import AppendOnlyFile

STAGE = "mini.aof-fsync"


def spoil() -> None:
    flush, tend = AppendOnlyFile.flush, AppendOnlyFile.tend

    def later(self: AppendOnlyFile) -> None:
        """There will be time."""

    def when_there_is_time(self: AppendOnlyFile) -> None:
        if self.on:
            flush(self)
        tend(self)

    AppendOnlyFile.flush = later
    AppendOnlyFile.tend = when_there_is_time
