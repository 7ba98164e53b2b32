"""takes back what a transaction has done when one of its commands fails"""

from miniredis import transactions
from miniredis.connection import Client
from miniredis.resp import CommandError

STAGE = "mini.multi"


def spoil() -> None:
    execute = transactions.execute

    def all_or_nothing(client: Client) -> object:
        database = client.db
        before = {key: database.peek(key) for key in database.keys}
        failed = []
        call = client.server.call

        def watched(*args: object) -> object:
            reply = call(*args)
            failed.append(isinstance(reply, CommandError))
            return reply

        client.server.call = watched
        try:
            return execute(client)
        finally:
            del client.server.call
            if any(failed):
                for key in [key for key in database.keys if key not in before]:
                    database.delete(key)
                for key, value in before.items():
                    database.set(key, value, keep_ttl=True)

    transactions.execute = all_or_nothing
