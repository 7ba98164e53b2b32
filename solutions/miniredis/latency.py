"""The latency monitor: moments at which something held everybody up, for LATENCY LATEST and HISTORY.

Only what takes latency-monitor-threshold milliseconds or longer is kept; with a threshold of 0, nothing.
"""

from __future__ import annotations

import time
from collections import deque

SAMPLES = 160


class Latency:
    """What was slow, by the name of the event: "command", "fast-command", "expire-cycle", "aof-write" …

    Attributes:
        events: (seconds since 1970, milliseconds), the last 160 of each, the oldest first.
        worst: the longest of each ever, in milliseconds.
    """

    def __init__(self) -> None:
        self.events: dict[str, deque[tuple[int, int]]] = {}
        self.worst: dict[str, int] = {}

    def add(self, event: str, milliseconds: int) -> None:
        """Note that an event took so long; of several within one second the longest is kept."""
        ### BEGIN SOLUTION mini.latency
        samples = self.events.setdefault(event, deque(maxlen=SAMPLES))
        now = int(time.time())
        if samples and samples[-1][0] == now:
            now, longest = samples.pop()
            milliseconds = max(longest, milliseconds)
        samples.append((now, milliseconds))
        self.worst[event] = max(self.worst.get(event, 0), milliseconds)
        ### END SOLUTION

    def reset(self, names: list[str]) -> int:
        """Forget these events, or all if none is named; how many were forgotten."""
        ### BEGIN SOLUTION mini.latency
        forgotten = [name for name in (names or list(self.events)) if self.events.pop(name, None) is not None]
        for name in forgotten:
            del self.worst[name]
        return len(forgotten)
        ### END SOLUTION
