"""tells the watchers of a key nothing of what BITFIELD does to it"""

from miniredis.store import Database

STAGE = "mini.bitfield"


def spoil() -> None:
    modified = Database.modified

    def silently(self: Database, key: bytes, kind: str, event: str, changes: int = 1) -> None:
        watchers = self.watchers
        if self.server.current[0].name == "bitfield":
            self.watchers = {}
        modified(self, key, kind, event, changes)
        self.watchers = watchers

    Database.modified = silently
