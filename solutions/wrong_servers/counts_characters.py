"""sends the number of characters where the number of bytes is wanted: the reader on the other side loses its place"""

from miniredis import connection, resp

STAGE = "mini.binary"


def spoil() -> None:
    right = resp.encode

    def encode(reply: object, protocol: int = 2) -> bytes:
        if type(reply) is bytes:
            return b"$%d\r\n%b\r\n" % (len(reply.decode("utf-8", "ignore")), reply)
        return right(reply, protocol)

    connection.encode = encode
