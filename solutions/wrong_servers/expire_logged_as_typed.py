"""logs EXPIRE as it was typed: loaded later, the key gets all of its seconds again"""

from miniredis.resp import Args
from miniredis.server import Server

STAGE = "mini.aof-effects"


def spoil() -> None:
    def as_typed(self: Server, *commands: Args) -> None:
        """What happened is not asked for."""

    Server.rewrite = as_typed
