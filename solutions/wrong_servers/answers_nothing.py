"""answers commands of no words: from then on every reply belongs to the command before"""

from miniredis.connection import Client
from miniredis.resp import CommandError, RequestReader

STAGE = "mini.nothing"


def spoil() -> None:
    following = RequestReader.next
    owners = {}
    begin = Client.__init__

    def remember(self: Client, *args: object) -> None:
        begin(self, *args)
        owners[self._reader] = self

    def never_empty(self: RequestReader) -> list[bytes] | None:
        args = following(self)
        if args == [] and self in owners:
            owners[self].send(CommandError("ERR empty command"))
        return args

    Client.__init__ = remember
    RequestReader.next = never_empty
