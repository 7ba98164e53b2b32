"""serves one client after the other: the second waits until the first has gone"""

import selectors

from miniredis.server import Server

STAGE = "mini.accept"


class Once:
    """A listening socket that lets in one client, then has nobody waiting."""

    def __init__(self, listening: object) -> None:
        self.left = [listening]

    def accept(self) -> object:
        if not self.left:
            raise BlockingIOError
        return self.left.pop().accept()


def spoil() -> None:
    accept, forget = Server._accept, Server.forget

    def one(self: Server, listening: object) -> None:
        accept(self, Once(listening))
        self._selector.unregister(listening)

    def next_one(self: Server, client: object) -> None:
        forget(self, client)
        for listening in self._listening:
            if listening not in self._selector.get_map():
                self._selector.register(listening, selectors.EVENT_READ, listening)

    Server._accept, Server.forget = one, next_one
