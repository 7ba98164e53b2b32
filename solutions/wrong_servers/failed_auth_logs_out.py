"""forgets who a client is when it tries another password and fails"""

from miniredis.commands import connection
from miniredis.connection import Client

STAGE = "mini.auth"


def spoil() -> None:
    authenticate = connection._authenticate

    def strict(client: Client, user: bytes, password: bytes) -> None:
        client.authenticated = False
        client.session_changed()
        authenticate(client, user, password)

    connection._authenticate = strict
