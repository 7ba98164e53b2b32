"""answers SDIFF with what only one of the sets has, whichever it is"""

from miniredis.commands import sets
from miniredis.values import Set

STAGE = "mini.sunion"


def spoil() -> None:
    def in_one_only(several: list[Set]) -> Set:
        members = [member for each in several for member in each]
        return Set(member for member in members if members.count(member) == 1)

    sets._rest = in_one_only
