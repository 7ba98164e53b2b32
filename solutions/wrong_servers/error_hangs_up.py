"""hangs up after an error reply: the client loses its connection for a typing mistake"""

from miniredis.connection import Client
from miniredis.resp import CommandError

STAGE = "mini.unknown-command"


def spoil() -> None:
    send = Client.send

    def send_and_close(self: Client, reply: object) -> None:
        send(self, reply)
        if isinstance(reply, CommandError):
            self.closing = True

    Client.send = send_and_close
