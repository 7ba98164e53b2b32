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
        raise NotImplementedError("mini.latency")  # course hint mini.latency

    def reset(self, names: list[str]) -> int:
        """Forget these events, or all if none is named; how many were forgotten."""
        raise NotImplementedError("mini.latency")  # course hint mini.latency
