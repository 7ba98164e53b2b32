"""keeps of several long moments within one second the last instead of the longest"""

import time
from collections import deque

from miniredis.latency import SAMPLES, Latency

STAGE = "mini.latency"


def spoil() -> None:
    def add(self: Latency, event: str, milliseconds: int) -> None:
        samples = self.events.setdefault(event, deque(maxlen=SAMPLES))
        now = int(time.time())
        if samples and samples[-1][0] == now:
            samples.pop()
        samples.append((now, milliseconds))
        self.worst[event] = max(self.worst.get(event, 0), milliseconds)

    Latency.add = add
