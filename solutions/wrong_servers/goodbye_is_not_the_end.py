"""runs the commands that were sent behind QUIT"""

from miniredis.connection import Client

STAGE = "mini.quit"


def spoil() -> None:
    run = Client.run_commands

    def all_of_them(self: Client) -> None:
        run(self)
        while self.closing and not self.closed and self._reader.buffered:
            self.closing = False
            run(self)
            self.closing = True

    Client.run_commands = all_of_them
