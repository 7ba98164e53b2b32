"""asks whether memory is full when a command is queued, and not again at EXEC"""

from miniredis import eviction
from miniredis.commands.table import Command
from miniredis.connection import Client
from miniredis.resp import CommandError

STAGE = "mini.maxmemory"


def spoil() -> None:
    refusal = eviction.refusal

    def asked_already(client: Client, command: Command) -> CommandError | None:
        return refusal(client, command) if command.name != "exec" else None

    eviction.refusal = asked_already
