"""What a learner's code prints while it is checked."""

from __future__ import annotations

import io

_PRINTED_LIMIT = 4000


class BoundedText(io.TextIOBase):
    """Keeps the first characters written to it and drops the rest, so that endless printing costs no memory."""

    def __init__(self, limit: int = _PRINTED_LIMIT) -> None:
        self._parts: list[str] = []
        self._limit = self._left = limit
        self._dropped = False

    def write(self, text: str) -> int:
        if self._left > 0:
            self._parts.append(text[: self._left])
        self._dropped |= len(text) > self._left
        self._left -= min(self._left, len(text))
        return len(text)

    def drain(self) -> str:
        """What was printed since the last time; there is room for as much again."""
        text = self.getvalue()
        self._parts, self._left, self._dropped = [], self._limit, False
        return text

    def getvalue(self) -> str:
        return "".join(self._parts) + ("\n… and more" if self._dropped else "")
