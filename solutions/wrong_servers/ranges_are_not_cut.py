"""leaves an index that lies before the head of the list to Python's slice, which counts it from the end once more"""

from miniredis.commands import lists

STAGE = "mini.lrange"


def spoil() -> None:
    def bounds(start: int, stop: int, length: int) -> tuple[int, int]:
        start += length if start < 0 else 0
        stop += length if stop < 0 else 0
        first, end, _ = slice(start, stop + 1).indices(length)
        return (first, end) if first < end else (0, 0)

    lists._bounds = bounds
