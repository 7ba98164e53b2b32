"""removes a key whose time has come only when somebody asks for it: the others stay for ever"""

from miniredis.store import Database

STAGE = "mini.active-expiry"


def spoil() -> None:
    def nothing_to_do(self: Database, sample: int) -> int:
        return 0

    Database.end_some = nothing_to_do
