"""serves the client first that came last"""

from miniredis.blocking import Blocked
from miniredis.store import Database

STAGE = "mini.blocking-serve"


def spoil() -> None:
    serve_line = Blocked._serve_line

    def serve_backwards(self: Blocked, database: Database, key: bytes) -> None:
        line = database.waiting.get(key)
        if line is not None:
            turned = dict(reversed(line.items()))
            line.clear()
            line.update(turned)
        serve_line(self, database, key)

    Blocked._serve_line = serve_backwards
