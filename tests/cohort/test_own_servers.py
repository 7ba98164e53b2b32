"""Servers that learners built as assignments of nbgrader: collected, graded, shown, exported, and verified."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from available import lacking
from nbgrader.api import Gradebook
from rich.console import Console

from grader.checks import Catalog, Exercise, catalog
from grader.checks.session import Promise
from grader.checks.stages.catalog import stages
from grader.cli.cohort import collect as collect_command
from grader.cli.outcome import CallError
from grader.cli.verify import verify
from grader.cohort.classroom import Classroom
from grader.cohort.collecting import collect
from grader.cohort.errors import CohortError
from grader.cohort.export import rows
from grader.cohort.feedback import feedback
from grader.cohort.grading import grade, local
from grader.cohort.incoming import all_submitted, read_submitted
from grader.cohort.kept import MarksFolder
from grader.cohort.own_servers import everything
from grader.cohort.receipts import write_receipts
from grader.cohort.releasing import release
from grader.cohort.report import summary, write_report
from grader.marking.result import ExerciseResult
from grader.marking.sandbox import SandboxMissing, choose
from tests.cohort.kit import ROOT, result, say, status

WEEK = "miniredis-week1"
PING, ECHO = "mini.ping", "mini.echo"
LOUD = "<script>steal()</script> \x1b[31m $x$"


def room(folder: Path) -> Classroom:
    """The classroom in `folder`, with two stages."""
    found = {slug: everything()[slug] for slug in (PING, ECHO)}
    notebooks = tuple(n for n in everything().notebooks if n.path.startswith(WEEK))
    return Classroom(folder, Catalog(notebooks, found))


@pytest.fixture(scope="module")
def released_servers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder in which the server's first week is released."""
    folder = tmp_path_factory.mktemp("servers") / "course"
    for name in ("modules", "notebooks"):
        (folder / name).mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    assert release(room(folder), [WEEK]) == {WEEK: 2}
    return folder


@pytest.fixture
def course(released_servers: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(released_servers, tmp_path / "course"))


def package(into: Path, source: str = "solutions") -> Path:
    """Write ``miniredis/`` of `source` into the folder `into`."""
    shutil.copytree(ROOT / source / "miniredis", into / "miniredis", ignore=shutil.ignore_patterns("__pycache__"))
    return into


def submit(course: Path, student: str, code: str = "x = 1\n") -> Path:
    """A server of one small file, in its place."""
    folder = course / "submitted" / student / WEEK / "miniredis"
    folder.mkdir(parents=True)
    (folder / "__main__.py").write_text(code)
    return folder


def test_servers_come_in_are_graded_shown_exported_and_verified(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        choose("bubblewrap")
    except SandboxMissing as missing:
        lacking("sandbox", str(missing))
    monkeypatch.delenv("COURSE_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    downloads = tmp_path / "downloads"
    # One as a whole clone with the weeks' notebooks beside it, one zipped, one without the folder's name.
    ann = package(downloads / "ann" / "notebooks")
    (ann / "week1").mkdir()
    shutil.copy(ROOT / "notebooks/week1/04-the-wire.ipynb", ann / "week1")
    connection = ann / "miniredis" / "commands" / "connection.py"
    connection.write_text(connection.read_text().replace("return args[1]", "return args[1].upper()"))
    with zipfile.ZipFile(downloads / "bob.zip", "w") as archive:
        for path in (ROOT / "notebooks/miniredis").rglob("*.py"):
            archive.write(path, path.relative_to(ROOT / "notebooks"))
    (downloads / "eve").mkdir()
    (downloads / "eve" / "server.py").write_text("x = 1\n")
    here = room(course)
    collected = {c.student: c for c in collect(here, WEEK, downloads).collected}
    assert {name: c.status for name, c in collected.items()} == {"ann": "new", "bob": "new", "eve": "empty"}
    assert collected["eve"].notes[-1] == "No miniredis/ with its name is in it."
    held = read_submitted(here, "ann", WEEK).files
    assert set(held) == {p.relative_to(ann).as_posix() for p in (ann / "miniredis").rglob("*.py")}
    assert collect(here, WEEK, downloads).collected[0].status == "same"

    outcome = grade(here, [WEEK], local(here, [WEEK], 2))
    assert {g.student: (g.score, g.possible, g.errors) for g in outcome.graded} == {
        "ann": (1, 2, ()),
        "bob": (0, 2, ()),
    }
    with Gradebook(here.database, "redis") as book:
        assert {s["id"]: (s["score"], s["max_score"]) for s in book.student_dicts()} == {"ann": (1, 2), "bob": (0, 2)}
        cells = {g.name: g.auto_score for g in book.find_submission_notebook("server", WEEK, "ann").grades}
        assert cells == {"mini-ping-check": 1, "mini-echo-check": 0}
    assert (course / "autograded/ann" / WEEK / "miniredis/commands/connection.py").read_text() == connection.read_text()
    assert feedback(here, [WEEK]) == 2
    page = (course / "feedback/ann" / WEEK / "server.html").read_text(encoding="utf-8")
    assert 'data-slug="mini.ping" data-status="solved"' in page
    assert 'data-slug="mini.echo" data-status="wrong"' in page
    assert "miniredis/commands/connection.py" in page
    assert [(r["student"], r["exercise"], r["status"], r["score"]) for r in rows(here, [WEEK])] == [
        ("ann", PING, "solved", 1), ("ann", ECHO, "wrong", 0), ("bob", PING, "todo", 0), ("bob", ECHO, "todo", 0),
    ]  # fmt: skip
    marks = [kept.marks for kept in MarksFolder(here.own / "marks").all([WEEK])]
    said = io.StringIO()
    Console(file=said, width=200).print(summary(marks, here.exercises))
    assert "2 learners · 2 exercises" in said.getvalue()
    written = write_report(
        marks, tmp_path / "r.html", all_submitted(here, [WEEK]), catalog=here.exercises, course=course
    )
    assert "Server 1" in written.read_text(encoding="utf-8")

    monkeypatch.chdir(course)
    assert [p.name for p in write_receipts(here, [WEEK], course / "receipts")[0]] == [
        "ann.receipt.json", "bob.receipt.json",
    ]  # fmt: skip
    assert verify(course / "receipts", course / "submitted") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Marked again, it agrees: 1 of 2 points in 2 stages." in told
    assert "2 of 2 receipts agree" in told


def packed(to: Path, *names: str) -> None:
    """A zip of files that say their own names."""
    with zipfile.ZipFile(to, "w") as archive:
        for name in names:
            archive.writestr(name, f"# {name}\n")


def test_a_server_is_found_where_it_starts_and_beside_what_else_was_handed_in(course: Path, tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    for name in ("bob", "cleo"):
        (downloads / name).mkdir(parents=True)
    packed(downloads / "ann.zip", "miniredis/miniredis/__main__.py", "miniredis/miniredis/store.py")
    packed(downloads / "bob" / "server.zip", "miniredis/__main__.py")
    (downloads / "bob" / "notes.py").write_text("x = 1\n")
    packed(downloads / "cleo" / "1.zip", "miniredis/__main__.py", f"miniredis/{'x' * 300}.py")
    packed(downloads / "cleo" / "2.zip", "week1/02-strings-and-counters.ipynb")
    packed(downloads / "dan.zip", "miniredis/notebooks/miniredis/__main__.py", "miniredis/tests/test_it.py")
    here = room(course)
    collected = {c.student: c for c in collect(here, WEEK, downloads).collected}
    assert {c.status for c in collected.values()} == {"new"}
    assert any("cannot be a module's name" in note for note in collected["cleo"].notes)
    held = {name: read_submitted(here, name, WEEK).files for name in collected}
    assert {name: sorted(files) for name, files in held.items()} == {
        "ann": ["miniredis/__main__.py", "miniredis/store.py"],
        **{name: ["miniredis/__main__.py"] for name in ("bob", "cleo", "dan")},
    }
    assert held["dan"]["miniredis/__main__.py"] == b"# miniredis/notebooks/miniredis/__main__.py\n"


def test_the_only_submission_of_a_download_is_one_persons(course: Path, tmp_path: Path) -> None:
    for number, above in enumerate((".", "notebooks")):
        folder = tmp_path / str(number) / "ann"
        package(folder / above, "notebooks")
        (folder / "README.md").write_text("mine")
        (folder / "docs").mkdir()
        done = collect(room(course), WEEK, folder.parent, force=True).collected
        assert [c.student for c in done] == ["ann"]


def test_a_server_is_graded_anew_when_a_file_of_it_changes_and_not_before(course: Path) -> None:
    folder = submit(course, "ann")
    asked: list[str] = []
    for expected in (["ann"], []):
        asked.clear()
        grade(room(course), [WEEK], say(status("solved"), asked))
        assert asked == expected
    # What is there besides the server counts for nothing.
    (folder.parent / "notes.txt").write_text("x")
    grade(room(course), [WEEK], say(status("wrong"), asked), partial=True)
    assert asked == []
    (folder / "store.py").write_text("x = 2\n")
    grade(room(course), [WEEK], say(status("wrong"), asked))
    assert asked == ["ann"]


def test_what_a_person_gave_a_server_survives_and_a_failure_of_the_grader_waits_for_one(course: Path) -> None:
    folder = submit(course, "ann")
    grade(room(course), [WEEK], say(lambda _, e: result(e, "error" if e.slug == ECHO else "solved")))
    here = room(course)
    with Gradebook(here.database, "redis") as book:
        found = book.find_grade("mini-echo-check", "server", WEEK, "ann")
        assert (found.auto_score, found.needs_manual_grade) == (None, True)
        found.manual_score, found.needs_manual_grade = 0.5, False
        book.find_comment("mini-handed-in", "server", WEEK, "ann").manual_comment = "Ask me."
        book.db.commit()
    (folder / "store.py").write_text("x = 2\n")
    (one,) = grade(here, [WEEK], say(status("wrong"))).graded
    assert one.score == 0.5
    with Gradebook(here.database, "redis") as book:
        assert book.find_comment("mini-handed-in", "server", WEEK, "ann").comment == "Ask me."


def test_what_a_server_says_is_text_in_the_page(course: Path) -> None:
    submit(course, "ann", LOUD)

    def verdict(_: str, e: Exercise) -> ExerciseResult:
        found = result(e, "wrong", note=LOUD)
        found.promises = [Promise("p", e.title, "broken", "wrong", happened=LOUD, sent=[LOUD])]
        return found

    grade(room(course), [WEEK], say(verdict))
    notebook = json.loads((course / "autograded/ann" / WEEK / "server.ipynb").read_text(encoding="utf-8"))
    html = "".join(o["data"]["text/html"] for c in notebook["cells"] for o in c.get("outputs", []))
    assert "&lt;script&gt;steal()" in html
    assert "<script" not in html and "\x1b" not in html and "$" not in html
    assert [c["source"] for c in notebook["cells"] if c["id"] == "mini-handed-in"] == [
        f"# What was handed in:\n# miniredis/__main__.py  {len(LOUD)} bytes"
    ]


def test_every_open_stage_is_in_the_assignment_of_its_week_and_no_other_is() -> None:
    here = Classroom(ROOT)
    weeks = [w for w in here.weeks() if w.startswith("miniredis-")]
    assert {e.slug: week.removeprefix("miniredis-") for week in weeks for e in here.assigned(week)} == {
        s.slug: s.week for s in stages().open
    }
    assert here.weeks(["week1", WEEK]) == ["week1", WEEK]
    assert [e.slug for e in here.assigned("week1")] == [e.slug for e in catalog() if e.notebook.startswith("week1/")]
    with pytest.raises(CohortError, match="is no assignment"):
        here.weeks([PING])


def test_a_server_that_is_not_released_or_in_an_exchange_is_told(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(course, "ann")
    with Gradebook(room(course).database, "redis") as book:
        book.remove_assignment(WEEK)
    with pytest.raises(CohortError, match=f"course cohort release {WEEK}"):
        grade(room(course), [WEEK], say(status("solved")))
    monkeypatch.setenv("COURSE_FOLDER", str(course))
    with pytest.raises(CallError, match="a folder or zip of downloads"):
        collect_command(WEEK)
