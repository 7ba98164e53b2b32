"""fills the gap before the offset of SETRANGE with blanks instead of zero bytes"""

from miniredis.commands import strings

STAGE = "mini.setrange"


def spoil() -> None:
    def grow(value: bytearray, size: int) -> None:
        value.extend(b" " * (size - len(value)))

    strings.grow = grow
