"""says that it speaks RESP3 and goes on in RESP2"""

from miniredis import connection

STAGE = "mini.hello"


def spoil() -> None:
    encode = connection.encode

    def old(reply: object, protocol: int = 2) -> bytes:
        return encode(reply, 2)

    connection.encode = old
