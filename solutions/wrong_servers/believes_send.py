"""believes that `send` takes everything: the end of a large reply is lost"""

from miniredis.connection import Client

STAGE = "mini.big-value"


def spoil() -> None:
    def flush(self: Client) -> None:
        self._in_line = False
        if self.closed or self.socket is None:
            return
        data, self._unsent = b"".join(self._unsent), []
        try:
            self.socket.send(data)
        except OSError:
            self.close()
            return
        if self.closing:
            self.close()

    Client.flush = flush
