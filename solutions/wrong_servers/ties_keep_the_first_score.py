"""keeps the score of one source for a member of several, unless AGGREGATE is said"""

from miniredis.commands import sorted_set_algebra

STAGE = "mini.zunion"


def spoil() -> None:
    aggregated = sorted_set_algebra._aggregated

    def first(one: float, other: float, how: bytes) -> float:
        return one if how == b"SUM" else aggregated(one, other, how)

    sorted_set_algebra._aggregated = first
