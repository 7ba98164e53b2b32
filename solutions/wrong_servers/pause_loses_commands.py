"""answers commands with an error while clients are paused, instead of letting them wait"""

from miniredis.resp import CommandError
from miniredis.server import Server

STAGE = "mini.client-pause"


def spoil() -> None:
    instead = Server._instead_of_running

    def refuse(self: Server, client: object, command: object, args: object) -> object:
        if self.pause.on and self.pause.holds(client, command):
            return CommandError("ERR clients are paused")
        return instead(self, client, command, args)

    Server._instead_of_running = refuse
