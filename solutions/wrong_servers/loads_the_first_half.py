"""reads half of the append-only file when it starts, and goes on from there"""

from miniredis.persistence import replay
from miniredis.server import Server

STAGE = "mini.aof-load"


def spoil() -> None:
    run = replay._run

    def half(server: Server, data: bytes, at: int, name: str) -> int:
        run(server, data[: at + (len(data) - at) // 2], at, name)
        return len(data)

    replay._run = half
