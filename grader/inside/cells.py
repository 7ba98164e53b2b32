"""A notebook's code as data: what `grader.marking` finds in a file and `grader.inside.load` runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Cell:
    """A code cell: its id (a stable one for the course's own cells, else whatever the editor gave) and its source."""

    id: str
    source: str
    line: int = 0


@dataclass(slots=True)
class NotebookAnswers:
    """The code cells of a notebook in their order, and the notebook's own folder (for files beside it)."""

    path: Path
    cells: list[Cell] = field(default_factory=list)

    def cell(self, cell_id: str) -> Cell | None:
        """The last cell with this id: after a copy and paste the later one is what the learner saw run."""
        return next((c for c in reversed(self.cells) if c.id == cell_id), None)
