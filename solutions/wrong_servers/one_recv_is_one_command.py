"""takes one recv for one command: a command that comes in two pieces is lost, and so is what stands behind one"""

from miniredis.connection import Client

STAGE = "mini.split"


def spoil() -> None:
    read = Client.on_readable

    def on_readable(self: Client) -> None:
        self._reader = type(self._reader)()
        read(self)

    Client.on_readable = on_readable
