"""leaves the end behind when a key gets another name"""

from miniredis.commands import keys
from miniredis.store import Database

STAGE = "mini.rename"


def spoil() -> None:
    rename = keys._rename

    def rename_for_ever(db: Database, old: bytes, new: bytes, replace: bool) -> bool:
        done = rename(db, old, new, replace)
        if done and old != new:
            db.expire_at(new, None)
        return done

    keys._rename = rename_for_ever
