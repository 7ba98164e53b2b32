"""reads lengths as Python's int() does: " 4", "+4" and "04" pass, and so do clients that are wrong"""

from miniredis import resp

STAGE = "mini.protocol-errors"


def spoil() -> None:
    def loosely(text: bytes) -> int | None:
        try:
            return int(text)
        except ValueError:
            return None

    resp.parse_int = loosely
