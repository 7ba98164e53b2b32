"""What the server counts; INFO shows it and CONFIG RESETSTAT sets it back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Stats:
    """Counters since the start or since CONFIG RESETSTAT."""

    connections: int = 0
    commands: int = 0
    hits: int = 0
    misses: int = 0
    expired: int = 0
    evicted: int = 0
    error_replies: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
