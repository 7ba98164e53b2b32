"""takes an acknowledged entry from the list of the group, and leaves it in the consumer's"""

from miniredis.values.stream_groups import Group, Id

STAGE = "mini.xack"


def spoil() -> None:
    def half(self: Group, id: Id) -> bool:
        return self.pending.remove(id) is not None

    Group.settle = half
