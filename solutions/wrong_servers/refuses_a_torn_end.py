"""does not start with an append-only file that ends within a command"""

from pathlib import Path

from miniredis.persistence import replay
from miniredis.persistence.encodings import BadFile
from miniredis.server import Server

STAGE = "mini.aof-truncated"


def spoil() -> None:
    def refuse(server: Server, path: Path, whole: int, is_last: bool) -> None:
        raise BadFile(f"{path.name} ends within a command")

    replay._repair = refuse
