"""hangs up on a client when it has been connected for `timeout` seconds, whatever it has said meanwhile"""

from miniredis import limits
from miniredis.server import Server

STAGE = "mini.client-timeout"


def spoil() -> None:
    def end_old(server: Server, seconds: int) -> None:
        for client in list(server.clients.values()):
            waits = client.wait is not None or client.subscriptions or client.monitoring
            if not waits and server.now - client.created * 1000 > seconds * 1000:
                client.close()

    limits.end_idle = end_old
