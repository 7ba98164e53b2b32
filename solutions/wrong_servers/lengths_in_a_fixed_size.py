"""writes every length as four bytes and the number of their size before them"""

from miniredis.persistence import encodings

STAGE = "mini.dump"


def spoil() -> None:
    def fixed(out: bytearray, length: int) -> None:
        out += b"\x80" + length.to_bytes(4, "little")

    encodings.write_length = fixed
