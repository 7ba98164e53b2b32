"""What the server counts; INFO shows it and CONFIG RESETSTAT sets it back."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_KINDS_OF_ERRORS = 128


@dataclass(slots=True)
class Stats:
    """Counters since the start or since CONFIG RESETSTAT."""

    connections: int = 0
    commands: int = 0
    hits: int = 0
    misses: int = 0
    expired: int = 0
    evicted: int = 0
    expired_fields: int = 0
    error_replies: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    rejected_connections: int = 0
    query_buffer_disconnections: int = 0
    output_buffer_disconnections: int = 0
    errors: dict[str, int] = field(default_factory=dict)  # by their first word

    def count_error(self, text: str) -> None:
        """An error was replied."""
        self.error_replies += 1
        kind = text.partition(" ")[0]
        if kind in self.errors or len(self.errors) < MAX_KINDS_OF_ERRORS:
            self.errors[kind] = self.errors.get(kind, 0) + 1
