"""`course grade`, `build`, `lint` and `new exercise` as instructors and authors call them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests.cli.conftest import NOTEBOOK, RIGHT, ROOT, WRONG, Ran

Run = Callable[..., Ran]


def test_grade_reports_on_the_terminal_and_in_two_files(
    run: Run, course: Path, answer: Callable[..., None], tmp_path: Path
) -> None:
    answer(RIGHT)
    ran = run("grade", ".", "page-views", "--report", str(tmp_path / "report"))
    assert ran.status == 0
    assert "1 of 1 exercises solved" in ran.out
    assert json.loads((tmp_path / "report" / "grade.json").read_text())["uncertain"] == 0
    cases = ElementTree.parse(tmp_path / "report" / "grade.xml").findall(".//testcase")
    assert [case.get("file") for case in cases] == [f"notebooks/{NOTEBOOK}.ipynb"]


def test_grade_as_json_is_nothing_but_json(run: Run, course: Path, answer: Callable[..., None]) -> None:
    answer(WRONG)
    ran = run("grade", "notebooks/week1", "week1.page-views", "--json", "--report", "r")
    assert ran.status == 1
    assert json.loads(ran.out)["results"][0]["status"] == "wrong"


def test_several_formats_go_to_files_of_their_own(
    run: Run, course: Path, answer: Callable[..., None], tmp_path: Path
) -> None:
    answer(WRONG)
    mixed = run("grade", ".", "page-views", "--format", "json,junit")
    assert mixed.status == 2
    assert "With --out DIR each goes to a file of its own" in mixed.err
    ran = run("grade", ".", "page-views", "--format", "github", "--format", "json", "--out", str(tmp_path / "out"))
    assert ran.status == 1
    assert f"::error file=notebooks/{NOTEBOOK}.ipynb,line=" in ran.out
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"grade.json", "grade.xml", "summary.md", "receipt.json"}
    assert run("grade", ".", "page-views", "--fail-under", "0").status == 0
    assert run("grade", ".", "page-views", "--format", "html").status == 2


def test_without_a_sandbox_nothing_pretends_otherwise(
    run: Run, course: Path, answer: Callable[..., None], tmp_path: Path
) -> None:
    answer(RIGHT)
    key, out = tmp_path / "course.key", tmp_path / "out"
    assert run("key", str(key)).status == 0
    ran = run("grade", ".", "page-views", "--sandbox", "none", "--out", str(out), "--key", str(key))
    assert ran.status == 0
    assert "THERE IS NO SANDBOX" in ran.err
    assert "Advisory: the answers ran in ordinary processes" in ran.out
    assert "Advisory" in (out / "summary.md").read_text()
    for name in ("grade.json", "receipt.json"):
        found = json.loads((out / name).read_text())
        assert (found["sandbox"], found["advisory"]) == ("none", True)
    missing = run("grade", ".", "--sandbox", "sandcastle")
    assert (missing.status, "There is no sandbox called 'sandcastle'" in missing.err) == (2, True)


def test_a_receipt_is_signed_verified_and_refused_when_somebody_changed_it(
    run: Run, course: Path, answer: Callable[..., None], tmp_path: Path
) -> None:
    answer(RIGHT)
    key, out = tmp_path / "course.key", tmp_path / "graded"
    assert run("key", str(key)).status == 0
    assert run("key", str(key)).status == 2
    assert run("grade", ".", "page-views", "--key", str(key), "--learner", "ada", "--out", str(out)).status == 0
    receipt = out / "receipt.json"
    agreed = run("verify", str(receipt), "--key", str(key), "--submission", ".")
    assert agreed.status == 0, agreed.out
    assert "Its signature is right. Marked again, it agrees: 2 of 2 points in 1 exercise." in agreed.out
    assert run("verify", str(receipt), "--key", str(key)).status == 2
    answer(WRONG)
    assert "its digest differs" in run("verify", str(receipt), "--key", str(key), "--submission", ".").out
    (out / "eve.receipt.json").write_text(receipt.read_text().replace('"learner": "ada"', '"learner": "eve"'))
    several = run("verify", str(out), "--key", str(key))
    assert several.status == 1
    assert "changed after it was signed" in several.out
    assert "0 of 2 receipts agree" in several.out


def test_a_report_that_cannot_be_written_still_is_shown(run: Run, course: Path, answer: Callable[..., None]) -> None:
    answer(RIGHT)
    (course / "file").write_text("")
    ran = run("grade", ".", "page-views", "--report", "file")
    assert ran.status == 2
    assert "1 of 1 exercises solved" in ran.out
    assert "(file)" in ran.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["/nowhere"], "/nowhere does not exist"),
        (["modules"], "There is no notebook of the course in"),
        ([".", "page-veiws"], "Did you mean week1.page-views?"),
    ],
)
def test_what_cannot_be_graded_is_a_sentence(run: Run, course: Path, words: list[str], sentence: str) -> None:
    ran = run("grade", *words)
    assert ran.status == 2
    assert sentence in ran.err


def test_build_without_sources_says_so(run: Run, course: Path) -> None:
    ran = run("build")
    assert ran.status == 2
    assert "this copy of the course has no sources to build from" in ran.err


def test_lint_offers_the_nearest_name(run: Run, course: Path) -> None:
    ran = run("lint", "page-veiws")
    assert ran.status == 2
    assert "week1.page-views" in ran.err


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("Week1.Count", "is not a slug: it looks like week1.page-views"),
        ("week1.page-views", "exists already"),
        ("week99.count", "week99 has no notebook yet"),
        ("week1.count-words", "outside this course"),
    ],
)
def test_an_exercise_that_cannot_be_new_is_refused_and_nothing_is_written(
    run: Run, course: Path, slug: str, sentence: str
) -> None:
    before = sorted(course.rglob("*"))
    ran = run("new", "exercise", slug)
    assert ran.status == 2
    assert sentence in ran.err
    assert sorted(course.rglob("*")) == before


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A course with a grader of its own, as an author's clone has."""
    folder = tmp_path / "checkout"
    for name in ("grader", "solutions"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "notebooks").mkdir()
    (folder / "modules").mkdir()
    return folder


def test_scaffolded_exercises_work_at_once_but_for_their_texts(checkout: Path) -> None:
    # One process: the catalog is read after both exercises are there, by the grader of the checkout.
    script = (
        "import sys; from pathlib import Path; from grader.authoring.scaffold import new_exercise\n"
        "from grader.checks import catalog\n"
        "for name in ('count-words', 'class'): new_exercise(Path.cwd(), f'week1.{name}', sys.argv[1])\n"
        "catalog.cache_clear(); sys.argv = ['course', 'lint', 'week1.count-words', '--json']\n"
        "from grader.cli import main; main()"
    )
    linted = subprocess.run(
        [sys.executable, "-c", script, Path(NOTEBOOK).name],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(checkout)},
    )
    problems = {p["message"].partition(" (Redis")[0] for p in json.loads(linted.stdout or linted.stderr)["problems"]}
    assert problems == {"week1.count-words: 9 of its texts still say TODO"}
    # The name of the second one cannot be the name of a function.
    assert "def do_class(r, key):" in (checkout / "solutions" / f"{NOTEBOOK}.md").read_text()
    written = yaml.safe_load((checkout / "grader" / "checks" / "week1" / "strings_and_counters.yml").read_text())
    for name in ("count-words", "class"):
        entry = written["exercises"][name]
        assert len(entry["hints"]) == len(entry["misconceptions"]) == 3
