"""runs what is left of a transaction when one of its commands was refused while it was queued"""

from miniredis import transactions
from miniredis.connection import Client

STAGE = "mini.multi-broken"


def spoil() -> None:
    execute = transactions.execute

    def forgiving(client: Client) -> object:
        client.queue_is_broken = False
        return execute(client)

    transactions.execute = forgiving
