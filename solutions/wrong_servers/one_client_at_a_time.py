"""serves one client after the other: the second waits until the first has gone"""

import selectors

from miniredis.server import Server

STAGE = "mini.accept"


def spoil() -> None:
    accept, forget = Server._accept, Server.forget

    def one(self: Server, listening: object) -> None:
        if not self.clients:
            accept(self, listening)
        if self.clients:
            self._selector.unregister(listening)

    def next_one(self: Server, client: object) -> None:
        forget(self, client)
        if not self.clients:
            for listening in self._listening:
                self._selector.register(listening, selectors.EVENT_READ, listening)

    Server._accept, Server.forget = one, next_one
