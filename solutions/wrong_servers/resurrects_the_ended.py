"""loads a key whose time was over before the start, and gives it no end"""

from miniredis.persistence import rdb

STAGE = "mini.rdb-load"


def spoil() -> None:
    read = rdb._Loader._key

    def forgetful(self: rdb._Loader, form: int) -> None:
        if self._end is not None and self._end <= self._server.now:
            self._end = None
        read(self, form)

    rdb._Loader._key = forgetful
