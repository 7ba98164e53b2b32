"""looks at the waiting clients once, so that those who wait for what a served client pushed sleep on"""

from miniredis.blocking import Blocked

STAGE = "mini.blmove"


def spoil() -> None:
    def serve_once(self: Blocked) -> None:
        changed, self.changed = self.changed, {}
        for index, key in changed:
            self._serve_line(self._server.databases[index], key)
        self.changed.clear()

    Blocked.serve = serve_once
