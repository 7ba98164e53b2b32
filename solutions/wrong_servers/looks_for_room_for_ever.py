"""asks the loop for room in a socket and never takes that back: it spins, with nothing to send"""

from miniredis.connection import Client
from miniredis.server import Server

STAGE = "mini.big-value"


def spoil() -> None:
    watch = Server.watch_socket

    def begin_only(self: Server, client: Client, writing: bool) -> None:
        if writing:
            watch(self, client, writing)

    Server.watch_socket = begin_only
