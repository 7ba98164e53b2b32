"""Names are found, near misses are met with the nearest names, and descriptions that cannot be used say why."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.checks import UnknownExerciseError, catalog
from grader.checks.catalog import CatalogError, read


def test_a_week_a_notebook_a_slug_and_a_short_name_all_select() -> None:
    everything = catalog().select([])
    week = catalog().select(["week1"])
    assert week == [e for e in everything if e.week == "week1"] != []
    assert catalog().select(["1"]) == week
    assert catalog().select(["week2", "week1"]) == everything
    assert {e.notebook for e in catalog().select(["02-strings-and-counters"])} == {"week1/02-strings-and-counters"}
    path = "notebooks/week1/02-strings-and-counters.ipynb"
    assert catalog().select([path]) == catalog().select(["02-strings-and-counters"])
    assert [e.slug for e in catalog().select(["page-views"])] == ["week1.page-views"]


@pytest.mark.parametrize("wrong", ["week1.pageviews", "pageview", "week1.page_views"])
def test_a_near_miss_gets_the_nearest_name(wrong: str) -> None:
    with pytest.raises(UnknownExerciseError, match=r"week1\.page-views"):
        catalog().select([wrong])


def test_a_word_that_is_near_nothing_is_told_where_the_list_is() -> None:
    with pytest.raises(UnknownExerciseError, match="course progress"):
        catalog().select(["zzzzzz"])


def test_every_cell_id_leads_back_to_its_exercise() -> None:
    for e in catalog():
        assert catalog().by_cell(e.cell_id) == e
        assert catalog().by_cell(f"{e.cell_id}-check") == e


ENTRY = """
notebook: week1/x
title: X
lesson: l.md
exercises:
  one:
    title: One
    points: 1
    minutes: 1
    kind: build
    names: [f]
    hints: [a, b, c]
    misconceptions: {}
    learnt: l
    onward: o
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("kind: build", "kind: guess"), "kind 'guess'"),
        (("    points: 1\n", ""), "KeyError: 'points'"),
        (("    learnt: l\n", "    learnt: l\n    mystery: 1\n"), "mystery"),
        (("  one:", "  One Thing:"), "not a slug"),
        (("title: X", "title: [X"), "not YAML"),
    ],
)
def test_an_unusable_description_says_what_is_wrong(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    (tmp_path / "week1").mkdir()
    assert change[0] in ENTRY
    (tmp_path / "week1" / "x.yml").write_text(ENTRY.replace(*change, 1))
    with pytest.raises(CatalogError, match=told):
        read(tmp_path)
