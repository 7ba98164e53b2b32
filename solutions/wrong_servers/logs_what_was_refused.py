"""logs every command that writes as soon as it arrives, before it is known whether it is right"""

from miniredis.commands.table import Command
from miniredis.connection import Client
from miniredis.resp import Args
from miniredis.server import Server

STAGE = "mini.aof-write"


def spoil() -> None:
    collect = Server._collect

    def everything(self: Server, client: Client, command: Command, args: Args, changed: bool) -> None:
        collect(self, client, command, args, changed or command.writes)

    Server._collect = everything
