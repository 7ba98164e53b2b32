"""The numbers of the report are those that somebody else computes from the same marks."""

from __future__ import annotations

import re

import numpy
import pytest
from cohort_report.cohort import make
from cohort_report.small import course, exercise, marks

from grader.checks import catalog
from grader.cohort.report import as_rows, report
from grader.cohort.report.charts import bin_of
from grader.cohort.report.cohort import read_cohort
from grader.marking.marks import Marks

A, B, C = EXERCISES = [exercise("a", 1), exercise("b", 2), exercise("c", 3)]
COURSE = course(*EXERCISES)
FIVE = [
    marks("ann", EXERCISES, "sss"),
    marks("bob", EXERCISES, "sxt"),
    marks("cyd", EXERCISES, "xxy"),
    marks("dan", EXERCISES, "ses"),
    marks("eve", EXERCISES, "ttt"),
]


def test_five_learners_have_the_numbers_that_fingers_count() -> None:
    cohort = read_cohort(FIVE, COURSE)
    assert {who.name: (who.earned, who.possible) for who in cohort.learners} == {
        "ann": (6, 6), "bob": (1, 6), "cyd": (0, 6), "dan": (4, 4), "eve": (0, 6),
    }  # fmt: skip
    assert cohort.median == pytest.approx(1 / 6)
    # Eve has not begun, and dan's b is the grader's failure: neither counts there.
    assert [(i.solved, i.wrong, i.todo, i.errors, i.judged) for i in cohort.items.values()] == [
        (3, 1, 0, 0, 4), (1, 2, 0, 1, 3), (2, 1, 1, 0, 4),
    ]  # fmt: skip
    assert [i.difficulty for i in cohort.items.values()] == pytest.approx([3 / 4, 1 / 3, 2 / 4])
    assert {(i.discrimination, i.reason) for i in cohort.items.values()} == {(None, "too few")}
    assert [(m.name, [who.name for who in m.learners]) for m in cohort.misconceptions] == [
        ("x", ["bob", "cyd"]),
        ("y", ["cyd"]),
    ]
    assert [(t.learner.name, t.kind, t.length) for t in cohort.troubles] == [
        ("cyd", "stuck", 3),
        ("eve", "untouched", 3),
    ]
    assert [(f.learner.name, f.exercise.slug, f.sentence) for f in cohort.failures] == [
        ("dan", "week1.b", "Redis was gone.")
    ]


def test_the_page_shows_those_numbers() -> None:
    page = report(FIVE, COURSE)
    assert "<b>17 %</b><span>median score" in page
    assert "too few" in page
    assert "The grader failed on 1 answer<" in page
    assert "<b>2 of 4</b> learners have it, most in Title of b" in page
    row = re.search(r"<th scope=row>Title of b<.*", page)
    assert row is not None
    assert "1 solved, 2 wrong, 0 untouched" in row[0]
    assert ">33 %<" in row[0]


def test_discrimination_is_the_phi_coefficient_where_the_rest_is_one_exercise() -> None:
    """4 solve both, 4 neither, 1 and 1 only one of them: phi = (4·4 − 1·1) / (5·5) = 0.6."""
    two = [exercise("a", 1), exercise("b", 5)]
    words = ["ss"] * 4 + ["ww"] * 4 + ["sw", "ws"]
    cohort = read_cohort([marks(f"n{i}", two, word) for i, word in enumerate(words)], course(*two))
    assert [i.discrimination for i in cohort.items.values()] == pytest.approx([0.6, 0.6])
    assert [i.judged for i in cohort.items.values()] == [10, 10]


def test_nine_learners_are_too_few_and_an_item_that_all_solve_tells_nothing() -> None:
    two = [exercise("a", 1), exercise("b", 5)]
    nine = [marks(f"n{i}", two, "ss" if i % 2 else "ww") for i in range(9)]
    assert {i.reason for i in read_cohort(nine, course(*two)).items.values()} == {"too few"}
    ten = [marks(f"n{i}", two, "ss" if i % 2 else "sw") for i in range(10)]
    assert [i.reason for i in read_cohort(ten, course(*two)).items.values()] == ["all alike", "all alike"]


def test_an_exercise_that_the_weaker_solve_is_to_be_looked_at_unless_few_were_asked() -> None:
    """Of ten, the weaker five solve the last one 3 times and the better five 2 times: phi is -0.2, which says
    nothing of ten learners and something of sixty."""
    many = [exercise(f"q{i}", 1) for i in range(6)]
    ten = ["sswwws", "ssswww"] * 3 + ["ssswws", "sswwww"] * 2
    for times, look in ((1, False), (6, True)):
        given = [marks(f"n{i}", many, word) for i, word in enumerate(ten * times)]
        cohort = read_cohort(given, course(*many))
        assert cohort.items["week1.q5"].discrimination == pytest.approx(-0.2)
        assert ("Title of q5 <span class=look>" in report(given, course(*many))) is look


def test_sixty_learners_have_the_correlations_that_numpy_computes() -> None:
    given = make(catalog(), 60)
    begun = [m for m in given if any(r.status in {"solved", "wrong"} for r in m.results)]
    page = report(given, catalog())
    shown = {
        title: float(value)
        for title, value in re.findall(r"<th scope=row>([^<]+?)(?: <span class=look>look</span>)?<td>.*?"
                                       r"<td class=n data-v=-?[\d.]+>[^<]*<td class=n data-v=(-?[\d.]+)>", page)
    }  # fmt: skip
    compared = 0
    for place, e in enumerate(catalog()):
        solved, rest = [], []
        for m in begun:
            if m.results[place].status in {"skipped", "error"}:
                continue
            others = [r for i, r in enumerate(m.results) if i != place and r.status not in {"skipped", "error"}]
            solved.append(m.results[place].status == "solved")
            rest.append(sum(r.earned for r in others) / sum(r.points for r in others))
        if len(set(solved)) == 2:
            assert shown[e.title] == pytest.approx(numpy.corrcoef(solved, rest)[0, 1], abs=1e-6), e.slug
            compared += 1
    assert compared > 80


def test_weeks_that_were_marked_one_by_one_are_one_learner() -> None:
    one, two = exercise("a", 1), exercise("b", 3, week=2)
    both = [marks("ann", [one], "s"), marks("ann", [two], "w"), marks("bob", [one], "s")]
    cohort = read_cohort(both, course(one, two))
    assert [(who.name, who.earned, who.possible) for who in cohort.learners] == [("ann", 1, 4), ("bob", 1, 4)]
    assert cohort.learners[1].status("week2.b") == "missing"


def test_who_went_on_after_a_row_of_wrong_answers_is_not_stuck() -> None:
    ten = [exercise(f"q{i}", 1) for i in range(10)]
    words = {
        "on": "wwwsssssss", "stretch": "swwwwwssss", "stuck": "sssssstwww", "gap": "ssswwtwttt",
        "stopped": "sstttttttt", "front1": "ssssssssss", "front2": "sssssssssw",
    }  # fmt: skip
    cohort = read_cohort([marks(name, ten, word) for name, word in words.items()], course(*ten))
    assert {t.learner.name: (t.kind, t.length) for t in cohort.troubles} == {
        "stuck": ("stuck", 3),
        "gap": ("stuck", 3),
        "stretch": ("stretch", 5),
        "stopped": ("stopped", 8),
    }


def test_exercises_that_nobody_has_reached_stop_nobody() -> None:
    ten = [exercise(f"q{i}", 1) for i in range(10)]
    cohort = read_cohort([marks(f"n{i}", ten, "sss" + "t" * 7) for i in range(4)], course(*ten))
    assert cohort.troubles == ()


def test_a_skipped_exercise_costs_nothing() -> None:
    cohort = read_cohort([marks("ann", EXERCISES, "skk")], COURSE)
    assert cohort.learners[0].score == 1.0


@pytest.mark.parametrize(
    ("score", "place"), [(0.0, 0), (0.0999, 0), (0.1, 1), (0.3, 3), (0.7, 7), (0.999, 9), (1.0, 9)]
)
def test_a_score_falls_into_its_tenth(score: float, place: int) -> None:
    assert bin_of(score) == place


def test_rows_are_plain_and_one_for_each_learner_and_exercise() -> None:
    rows = as_rows(list(reversed(FIVE)), COURSE)
    assert [(r["learner"], r["exercise"]) for r in rows] == [
        (m.learner, e.slug) for m in FIVE for e in EXERCISES
    ]  # fmt: skip
    assert {type(v) for r in rows for v in r.values()} <= {str, int, float, bool}
    assert (
        rows[4] | {"misconception": "x", "happened": "It gave 6.", "broken": "It holds", "status": "wrong"} == rows[4]
    )


def test_a_result_this_course_does_not_know_is_named_and_left_out() -> None:
    stranger = marks("ann", [exercise("gone", 2)], "s")
    page = report([*FIVE, stranger], COURSE)
    assert "no such exercise: week1.gone" in page


def test_an_empty_cohort_has_a_page() -> None:
    assert "There are no marks yet" in report([], COURSE)
    assert "There are no marks yet" in report([Marks("ann", "")], COURSE)
