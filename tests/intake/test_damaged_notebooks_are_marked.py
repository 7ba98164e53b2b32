"""Not only found: what was damaged and repaired is loaded, checked and solved, in the order of its cells."""

from __future__ import annotations

from pathlib import Path

import pytest
from intake.damage import HONEST, damaged
from intake.solved import Solved

from grader.marking.terminal import check_notebooks


@pytest.mark.parametrize(
    "name",
    [
        "all_ids_renamed", "answered_in_a_new_cell", "format_3", "merged_with_its_check", "split_with_metadata",
        "the_starter_copied_behind", "turned_into_markdown", "utf_16",
    ],
)  # fmt: skip
def test_every_answer_of_a_damaged_notebook_is_solved(name: str, solved: list[Solved], tmp_path: Path) -> None:
    each = next(s for s in solved if s.name == "week1/02-strings-and-counters.ipynb")
    (tmp_path / "week1").mkdir()
    hurt = "week1-fixed-width-log"
    (tmp_path / each.name).write_bytes(damaged(HONEST[name], each.notebook, each.starters, hurt))
    results = check_notebooks(each.exercises, tmp_path)
    assert [r.slug for r in results if r.status != "solved"] == []
    assert len(results) == len(each.exercises)
