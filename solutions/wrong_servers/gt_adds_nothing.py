"""adds no new members where ZADD is told GT or LT"""

from miniredis.commands import sorted_sets

STAGE = "mini.zadd-options"


def spoil() -> None:
    allowed = sorted_sets._allowed

    def only_known(options: set[bytes], old: float | None, new: float) -> bool:
        if old is None and options & {b"GT", b"LT"}:
            return False
        return allowed(options, old, new)

    sorted_sets._allowed = only_known
