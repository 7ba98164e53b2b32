"""goes at once when it gets a SIGTERM"""

import os

from miniredis.server import Server

STAGE = "mini.shutdown"


def spoil() -> None:
    def go(self: Server) -> None:
        os._exit(0)

    Server.stop = go
