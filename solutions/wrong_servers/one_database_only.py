"""saves database 0 and forgets that there are others"""

from collections.abc import Iterator

from miniredis.persistence import rdb
from miniredis.server import Server

STAGE = "mini.save"


def spoil() -> None:
    pieces = rdb._chunks

    def of_the_first(server: Server, aof_base: bool) -> Iterator[bytearray]:
        every, server.databases = server.databases, server.databases[:1]
        yield from pieces(server, aof_base)
        server.databases = every

    rdb._chunks = of_the_first
