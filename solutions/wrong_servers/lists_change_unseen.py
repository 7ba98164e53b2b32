"""tells the watchers of a key nothing of what is done to a list"""

from miniredis.store import Database

STAGE = "mini.watch"


def spoil() -> None:
    modified = Database.modified

    def silently(self: Database, key: bytes, kind: str, event: str, changes: int = 1) -> None:
        watchers = self.watchers
        if kind == "l":
            self.watchers = {}
        modified(self, key, kind, event, changes)
        self.watchers = watchers

    Database.modified = silently
