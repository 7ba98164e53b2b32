"""tells a client of every change of a key that it has read once"""

from miniredis.tracking import Trackers

STAGE = "mini.tracking"


def spoil() -> None:
    invalidate = Trackers.invalidate

    def keep(self: Trackers, key: bytes) -> None:
        readers = dict(self._readers.get(key, {}))
        invalidate(self, key)
        if readers:
            self._readers[key] = readers

    Trackers.invalidate = keep
