"""A user of its own for each sandbox that root starts, so that processes of two submissions never share one."""

from __future__ import annotations

import socket
from pathlib import Path

# A range that systemd's list of user ids keeps free; where only 65,536 ids exist, the few below "nobody".
_FIRST, _MANY = 1_900_000_000, 4096
_FIRST_OF_FEW, _FEW = 65_520, 14


class NoUserError(OSError):
    """Every id is taken; the message says what to do."""


class User:
    """A user id that no other grading process of this machine uses while this object lives; `release()` it.

    The claim is a name in the abstract socket namespace: it needs no file, and goes with the process.

    Raises:
        NoUserError: when all ids are taken.
    """

    def __init__(self) -> None:
        first, many = (_FIRST, _MANY) if _exists(_FIRST + _MANY) else (_FIRST_OF_FEW, _FEW)
        for uid in range(first, first + many):
            claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                claim.bind(f"\0redis-course-user-{uid}")
            except OSError:
                claim.close()
                continue
            self.uid = uid
            self._claim = claim
            return
        raise NoUserError(
            f"All {many} user ids for sandboxes are in use: end other grading processes, or use fewer jobs."
        )

    def release(self) -> None:
        """Let another sandbox have it."""
        self._claim.close()


def _exists(uid: int) -> bool:
    """Whether `uid` exists in this process's user namespace."""
    try:
        ranges = [[int(word) for word in line.split()] for line in Path("/proc/self/uid_map").read_text().splitlines()]
    except OSError:
        return False
    return any(start <= uid < start + length for start, _, length in ranges)
