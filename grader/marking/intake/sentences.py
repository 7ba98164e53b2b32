"""Sentences about a submission: names of strangers made harmless, and never more of them than somebody reads."""

from __future__ import annotations

from collections.abc import Iterable

from grader.marking.intake.limits import NOTES
from grader.marking.printable import one_line

# They mean something in HTML, Markdown, rich's markup, shells or workflow commands, and nothing in a file's name.
_MARKUP = str.maketrans(dict.fromkeys("<>&\"'`[]{}|$%\\*", "?") | {":": "∶"})


def shown(name: str, limit: int = 80) -> str:
    """`name` of a file as it may stand in a sentence, wherever that is read: visible, no markup, one line."""
    return one_line(name, limit).translate(_MARKUP).strip() or "(no name)"


class Notes:
    """Collects sentences, each once, and keeps the first `limit`."""

    def __init__(self, sentences: Iterable[str] = (), limit: int = NOTES) -> None:
        self._told: dict[str, None] = {}
        self._limit = limit
        self._more = 0
        for each in sentences:
            self.add(each)

    def add(self, sentence: str) -> None:
        """Keep `sentence` unless it is known or there are too many."""
        if sentence in self._told:
            return
        if len(self._told) < self._limit:
            self._told[sentence] = None
        else:
            self._more += 1

    def all(self) -> tuple[str, ...]:
        """What was kept, and how many there were more."""
        more = (f"… and {self._more} more of such notes.",) if self._more else ()
        return (*self._told, *more)
