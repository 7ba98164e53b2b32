"""answers PING with a bulk string: the word is right and its type is not, and a client that looks is confused"""

from miniredis.commands.table import COMMANDS

STAGE = "mini.ping"


def spoil() -> None:
    ping = COMMANDS[b"PING"]
    right = ping.handler

    def bulk(client: object, args: list[bytes]) -> object:
        return b"PONG" if len(args) == 1 else right(client, args)

    ping.handler = bulk
