"""adds one to the counter of a key with every use, up to 255"""

from miniredis.eviction import MAX_COUNTER, NEW_COUNTER, Frequencies, frequency

STAGE = "mini.evict-lfu"


def spoil() -> None:
    def every_use(self: Frequencies, key: bytes, clock: int) -> None:
        counter = frequency(self._database, key) + 1 if key in self else NEW_COUNTER
        self.put(key, min(counter, MAX_COUNTER))

    Frequencies.__setitem__ = every_use
