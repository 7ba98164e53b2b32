"""One finding about the course material: where it is, of which kind, and a sentence for its author.

Every check in `grader.authoring` returns a list of these; `course lint` and the tests print them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Problem:
    """Something an author has to put right.

    `line` counts from 1 (0 when the problem is the file's as a whole); `kind` is a short word such as
    "redis", "fence", "link"; `message` says what was expected and what was found, possibly on several lines.
    """

    path: Path
    line: int
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind}: {self.message}"
