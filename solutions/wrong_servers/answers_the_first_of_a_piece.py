"""runs one command for each recv: the others that came with it wait until the client sends something more"""

from miniredis.connection import Client
from miniredis.resp import NO_REPLY, ProtocolError

STAGE = "mini.pipeline"


def spoil() -> None:
    def run_commands(self: Client) -> None:
        try:
            args = self._reader.next()
        except ProtocolError as error:
            self.send_error(f"ERR Protocol error: {error}")
            self.closing = True
            return
        if args:
            reply = self.server.process(self, args)
            if reply is not NO_REPLY:
                self.send(reply)

    Client.run_commands = run_commands
