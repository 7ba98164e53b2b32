"""lets every number of BITFIELD wrap around, whatever OVERFLOW says"""

from miniredis.commands import bitfield
from miniredis.commands.bitfield import Step

STAGE = "mini.bitfield-overflow"


def spoil() -> None:
    fit = bitfield.fit

    def wrap(number: int, step: Step) -> int | None:
        step.overflow = b"WRAP"
        return fit(number, step)

    bitfield.fit = wrap
