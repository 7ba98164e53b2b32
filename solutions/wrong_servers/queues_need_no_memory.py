"""asks within a transaction no more whether memory is full"""

from miniredis import eviction
from miniredis.commands.table import Command
from miniredis.connection import Client
from miniredis.resp import CommandError

STAGE = "mini.maxmemory"


def spoil() -> None:
    refusal = eviction.refusal

    def outside_only(client: Client, command: Command) -> CommandError | None:
        return refusal(client, command) if client.queue is None else None

    eviction.refusal = outside_only
