"""adds fractions as Python's float and writes them as Python does, with exponents"""

from miniredis.commands import counters
from miniredis.numbers import format_double, parse_double
from miniredis.resp import CommandError

STAGE = "mini.incrbyfloat"


def spoil() -> None:
    def add(left: bytes, right: bytes) -> bytes:
        one, two = parse_double(left), parse_double(right)
        if one is None or two is None:
            raise CommandError(counters.NOT_A_FLOAT)
        return format_double(one + two)

    counters.add_long_doubles = add
