"""answers OK to commands it does not know"""

from miniredis.resp import OK, Reply
from miniredis.server import Server

STAGE = "mini.unknown-command"


def spoil() -> None:
    reject = Server.reject

    def friendly(self: Server, client: object, command: object, error: object) -> Reply:
        answer = reject(self, client, command, error)
        return OK if "unknown command" in str(error) else answer

    Server.reject = friendly
