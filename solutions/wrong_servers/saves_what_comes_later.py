"""takes the snapshot of BGSAVE when it has time for it, with what has changed since"""

from miniredis.persistence.snapshots import Snapshots

STAGE = "mini.bgsave"


def spoil() -> None:
    tend = Snapshots.tend

    def later(self: Snapshots) -> None:
        self.scheduled = True

    def when_there_is_time(self: Snapshots) -> None:
        if self.scheduled:
            self.scheduled = False
            self.save()
        tend(self)

    Snapshots.save_in_background = later
    Snapshots.tend = when_there_is_time
