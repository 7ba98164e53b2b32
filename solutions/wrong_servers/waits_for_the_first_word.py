"""lets a client in and waits for its first word: one that connects and says nothing holds up all the others"""

from miniredis.connection import Client
from miniredis.server import Server

STAGE = "mini.accept"


def spoil() -> None:
    accept, begin = Server._accept, Client.__init__
    new = []

    def remembered(self: Client, *args: object) -> None:
        begin(self, *args)
        new.append(self)

    def and_listen(self: Server, listening: object) -> None:
        accept(self, listening)
        while new:
            client = new.pop(0)
            client.socket.setblocking(True)
            client.on_readable()
            if not client.closed:
                client.socket.setblocking(False)

    Client.__init__, Server._accept = remembered, and_listen
