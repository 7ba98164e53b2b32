"""The step of nbgrader's release that puts a starter where a solution was; `grader.authoring.release` names it."""

from __future__ import annotations

from typing import Any

from nbgrader.preprocessors import ClearSolutions


class StarterSolutions(ClearSolutions):  # type: ignore[misc]
    """nbgrader's ClearSolutions, except that a cell with a starter of its own gets that starter.

    "Find the bug" and "predict" exercises start from code that is there, not from an empty stub.
    """

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        starter = cell.metadata.get("course", {}).pop("starter", None)
        if "course" in cell.metadata and not cell.metadata["course"]:
            del cell.metadata["course"]
        if starter is not None:
            cell.source = starter
            return cell, resources
        cleared: tuple[Any, Any] = super().preprocess_cell(cell, resources, cell_index)
        return cleared
