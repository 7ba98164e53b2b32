"""lets a key end for GET only: EXISTS, TYPE and INCR still find the dead"""

from miniredis.commands.table import COMMANDS
from miniredis.connection import Client
from miniredis.resp import Args, Reply
from miniredis.store import Database

STAGE = "mini.lazy-expiry"


def spoil() -> None:
    end_if_due = Database.end_if_due
    get = COMMANDS[b"GET"].handler

    def get_if_alive(client: Client, args: Args) -> Reply:
        end_if_due(client.db, args[1])
        return get(client, args)

    def not_my_business(self: Database, key: bytes) -> bool:
        return False

    Database.end_if_due = not_my_business
    COMMANDS[b"GET"].handler = get_if_alive
