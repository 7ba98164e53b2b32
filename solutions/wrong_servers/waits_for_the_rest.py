"""reads on until it has a whole command: one client that stops in the middle of a word holds up all the others"""

from miniredis.connection import Client

STAGE = "mini.split"


def spoil() -> None:
    once = Client.on_readable

    def until_there_is_a_reply(self: Client) -> None:
        self.socket.setblocking(True)
        once(self)
        while not self.closed and not self._unsent:
            once(self)
        if not self.closed:
            self.socket.setblocking(False)

    Client.on_readable = until_there_is_a_reply
