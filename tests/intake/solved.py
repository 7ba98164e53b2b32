"""A solved notebook beside what was released."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from grader.checks import Exercise


@dataclass(frozen=True)
class Solved:
    """The released notebook with the solutions in it, as a dict; the release itself; its exercises."""

    name: str
    notebook: dict[str, Any]
    release: bytes
    exercises: tuple[Exercise, ...]

    @property
    def cells(self) -> list[Exercise]:
        return [e for e in self.exercises if e.file is None]

    @property
    def solutions(self) -> dict[str, str]:
        by_id = {c["id"]: "".join(c["source"]) for c in self.notebook["cells"]}
        return {e.slug: by_id[e.cell_id] for e in self.cells}

    @property
    def starters(self) -> dict[str, str]:
        """By cell id, of every answer: code, written, or a call of a file's."""
        cells = json.loads(self.release)["cells"]
        return {c["id"]: "".join(c["source"]) for c in cells if c["metadata"].get("nbgrader", {}).get("solution")}
