"""stops a transaction at the first command that fails, and leaves the rest undone"""

from miniredis import transactions
from miniredis.connection import Client
from miniredis.resp import CommandError

STAGE = "mini.multi"


def spoil() -> None:
    def stopping(client: Client) -> object:
        queue = client.queue or []
        transactions.discard(client)
        replies = []
        client.in_exec = True
        for command, args in queue:
            replies.append(client.server.call(client, command, args))
            if isinstance(replies[-1], CommandError):
                break
        client.in_exec = False
        return replies

    transactions.execute = stopping
