"""logs commands without the database that they are for"""

from miniredis.persistence.aof import AppendOnlyFile

STAGE = "mini.aof-select"


def spoil() -> None:
    def forgets(self: AppendOnlyFile, index: int) -> None:
        self._database = index

    AppendOnlyFile._select = forgets
