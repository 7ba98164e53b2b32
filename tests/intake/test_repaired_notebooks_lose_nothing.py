"""Whatever an honest person's editor did to a notebook, every answer that is in it is found, byte for byte."""

from __future__ import annotations

import pytest
from intake.damage import HONEST, LOSSY, damaged
from intake.solved import Solved

from grader.marking.intake.repair import answers


@pytest.mark.parametrize("with_release", [True, False], ids=["with the release", "without"])
@pytest.mark.parametrize("name", HONEST)
def test_every_answer_is_found_again_byte_for_byte(name: str, with_release: bool, solved: list[Solved]) -> None:
    lost = []
    for each in solved:
        for e in each.cells[:: 1 if with_release else 3]:
            data = damaged(HONEST[name], each.notebook, each.starters, e.cell_id)
            found = answers(data, each.release if with_release else None, each.exercises, each.name)
            for slug, solution in each.solutions.items():
                text = found.sources.get(slug, "")
                if not with_release and name == "merged_into_the_cell_above" and slug == e.slug:
                    # Which lines are the course's is told by the release alone.
                    text = text[-len(solution) :]
                if text != solution or slug in found.untouched:
                    lost.append((e.slug, slug, text, found.repairs.get(slug), found.notes))
    assert not lost, f"{len(lost)} answers, the first of them: {lost[:2]}"


def test_a_deleted_answer_is_missing_with_a_way_back_and_the_others_are_there(solved: list[Solved]) -> None:
    for each in solved:
        for e in each.cells:
            found = answers(
                damaged(LOSSY["deleted"], each.notebook, each.starters, e.cell_id),
                each.release, each.exercises, each.name,
            )  # fmt: skip
            assert f"`course reset {e.slug}` brings its starter back" in found.missing[e.slug]
            assert found.sources == {slug: s for slug, s in each.solutions.items() if slug != e.slug}


def test_a_save_that_broke_off_costs_only_the_answers_behind_it(solved: list[Solved]) -> None:
    for each in solved:
        order = [c["id"] for c in each.notebook["cells"]]
        for e in each.cells:
            data = damaged(LOSSY["cut_off_behind"], each.notebook, each.starters, e.cell_id)
            found = answers(data, each.release, each.exercises, each.name)
            before = {x.slug for x in each.cells if order.index(x.cell_id) <= order.index(e.cell_id)}
            assert found.sources == {slug: s for slug, s in each.solutions.items() if slug in before}
            assert "Its JSON is broken" in found.notes[0]


def test_a_release_that_was_not_touched_is_told_from_one_that_was(solved: list[Solved]) -> None:
    for each in solved:
        for release in (each.release, None):
            found = answers(each.release, release, each.exercises, each.name)
            assert found.untouched == {e.slug for e in each.cells}
            assert not found.missing and not found.repairs and not found.notes


def test_a_solved_notebook_needs_no_repair(solved: list[Solved]) -> None:
    for each in solved:
        found = answers(damaged(HONEST["nothing"], each.notebook, {}, ""), each.release, each.exercises, each.name)
        assert not found.untouched and not found.missing and not found.repairs and not found.notes
