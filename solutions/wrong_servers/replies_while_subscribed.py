"""answers every command of a RESP2 client that has subscribed, though it cannot tell replies from messages"""

from miniredis import server

STAGE = "mini.subscribed-mode"


class Everything(frozenset[str]):
    """All there is."""

    def __contains__(self, name: object) -> bool:
        return True


def spoil() -> None:
    server.ALLOWED_WHILE_SUBSCRIBED = Everything()
