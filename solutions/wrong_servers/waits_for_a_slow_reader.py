"""waits until a client has taken its whole reply: everybody else waits for that one as well"""

import select

from miniredis.connection import Client

STAGE = "mini.slow-reader"


def spoil() -> None:
    once = Client.flush

    def until_done(self: Client) -> None:
        once(self)
        while self._unsent and not self.closed and self.socket is not None:
            select.select([], [self.socket], [])
            once(self)

    Client.flush = until_done
