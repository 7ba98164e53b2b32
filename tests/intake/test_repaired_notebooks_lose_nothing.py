"""Whatever an honest person's editor did to a notebook, every answer that is in it is found, byte for byte."""

from __future__ import annotations

import pytest
from intake.damage import HONEST, damaged
from intake.solved import Solved

from grader.marking.intake.repair import answers


@pytest.mark.parametrize("with_release", [True, False], ids=["with the release", "without"])
@pytest.mark.parametrize("name", HONEST)
def test_every_answer_is_found_again_byte_for_byte(name: str, with_release: bool, solved: list[Solved]) -> None:
    lost = []
    for each in solved:
        for e in each.cells:
            data = damaged(HONEST[name], each.notebook, each.starters, e.cell_id)
            found = answers(data, each.release if with_release else None, each.exercises, each.name)
            for slug, solution in each.solutions.items():
                if found.sources.get(slug) != solution or slug in found.untouched:
                    lost.append((e.slug, slug, found.sources.get(slug), found.repairs.get(slug), found.notes))
    assert not lost, f"{len(lost)}: {lost[:2]}"
