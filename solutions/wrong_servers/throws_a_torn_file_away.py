"""begins with nothing when its append-only file ends within a command"""

import os
from pathlib import Path

from miniredis.persistence import replay
from miniredis.server import Server

STAGE = "mini.aof-truncated"


def spoil() -> None:
    def begin_again(server: Server, path: Path, whole: int, is_last: bool) -> None:
        os.truncate(path, 0)
        for database in server.databases:
            database.clear()

    replay._repair = begin_again
