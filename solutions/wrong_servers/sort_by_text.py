"""sorts numbers as texts, so that 111 comes before 30"""

from miniredis.commands import sort
from miniredis.resp import Args

STAGE = "mini.sort"


def spoil() -> None:
    read_order = sort.read_order

    def always_alpha(args: Args, may_store: bool) -> sort.Order:
        order = read_order(args, may_store)
        order.alpha = True
        return order

    sort.read_order = always_alpha
