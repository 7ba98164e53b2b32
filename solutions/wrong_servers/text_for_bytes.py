"""takes what it gets for text: bytes that are no UTF-8 come back as something else"""

from miniredis.resp import RequestReader

STAGE = "mini.binary"


def spoil() -> None:
    following = RequestReader.next

    def as_text(self: RequestReader) -> list[bytes] | None:
        args = following(self)
        return args and [arg.decode("utf-8", "replace").encode() for arg in args]

    RequestReader.next = as_text
