"""takes any bytes for a client's name"""

from miniredis.commands import clients, connection

STAGE = "mini.client-name"


def spoil() -> None:
    def anything(name: bytes, error: str) -> bytes:
        return name

    clients.proper_name = connection.proper_name = anything
