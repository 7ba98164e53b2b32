"""logs the commands of a transaction one by one, as if they had nothing to do with each other"""

from miniredis.persistence.aof import AppendOnlyFile, Unit

STAGE = "mini.aof-transaction"


def spoil() -> None:
    append = AppendOnlyFile.append

    def one_by_one(self: AppendOnlyFile, unit: Unit) -> None:
        for each in unit:
            append(self, [each])

    AppendOnlyFile.append = one_by_one
