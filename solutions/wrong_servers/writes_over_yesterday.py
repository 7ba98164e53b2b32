"""writes the snapshot over the old one"""

from pathlib import Path

from miniredis.persistence import rdb
from miniredis.server import Server

STAGE = "mini.save"


def spoil() -> None:
    def over(server: Server, path: Path, aof_base: bool = False) -> None:
        with path.open("wb") as out:
            rdb.write(server, out, aof_base)

    rdb.save = over
