"""checks the unit of GEODIST and replies metres"""

from miniredis.commands import geo

STAGE = "mini.geodist"


def spoil() -> None:
    read_unit = geo.read_unit

    def metres(arg: bytes) -> float:
        read_unit(arg)
        return 1.0

    geo.read_unit = metres
