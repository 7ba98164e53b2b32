"""keeps what was half said in one place for all clients: the end of one command is taken for that of another"""

from miniredis.connection import Client

STAGE = "mini.many-clients"


def spoil() -> None:
    begin = Client.__init__
    shared = []

    def with_the_shared_reader(self: Client, *args: object) -> None:
        begin(self, *args)
        shared.append(self._reader)
        self._reader = shared[0]

    Client.__init__ = with_the_shared_reader
