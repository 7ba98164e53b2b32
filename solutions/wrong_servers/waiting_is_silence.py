"""hangs up on those who wait or listen as on those who have nothing to say"""

from miniredis import limits
from miniredis.server import Server

STAGE = "mini.client-timeout"


def spoil() -> None:
    def end_all(server: Server, seconds: int) -> None:
        for client in list(server.clients.values()):
            if server.now - client.last_used > seconds * 1000:
                client.close()

    limits.end_idle = end_all
