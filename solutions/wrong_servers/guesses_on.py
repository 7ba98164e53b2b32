"""reads on after bytes that make no sense: what follows may be a value, and is run as a command"""

from miniredis.connection import Client

STAGE = "mini.protocol-errors"


def spoil() -> None:
    run = Client.run_commands

    def run_and_stay(self: Client) -> None:
        run(self)
        if self.closing:
            self.closing = False
            self._reader = type(self._reader)()

    Client.run_commands = run_and_stay
