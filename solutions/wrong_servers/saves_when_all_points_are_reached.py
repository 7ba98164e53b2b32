"""saves by itself only when all save points are reached, and needs one change more than they say"""

import time

from miniredis.persistence.snapshots import Snapshots

STAGE = "mini.save-points"


def spoil() -> None:
    def all_reached(self: Snapshots) -> bool:
        now = time.time()
        return all(self.changes > changes and now - self.last > seconds for seconds, changes in self.points())

    Snapshots._is_due = all_reached
