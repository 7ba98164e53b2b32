"""`course catchup`: earlier weeks are borrowed, no line of the learner's is lost, and what cannot be found is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.checks.stages.catalog import stages
from grader.checks.stages.reference import Reference
from grader.marking.own_server import OwnServer
from grader.notebook.catchup import catch_up, replace_stage, reset_stage
from grader.notebook.consequences import settle
from grader.notebook.progress import Progress
from grader.notebook.reset import ResetError
from tests.stages.conftest import Build, Edit, Ran

Run = Callable[..., Ran]
WEEK1 = [s for s in stages().open if s.week == "week1"]
PING = "commands/connection.py"


def test_a_fresh_clone_borrows_every_stage_of_the_weeks_before(course: Path, reference: Reference) -> None:
    before = OwnServer(course).texts
    caught = catch_up(course, WEEK1, Progress(course))
    assert caught.lost == {}
    assert set(caught.borrowed) == {s.slug for s in WEEK1}
    standing = OwnServer(course).places()
    assert not [s.slug for s in WEEK1 if s.slug in standing]
    assert [s.slug for s in stages().open if s.week == "week2" and s.slug in standing], "later weeks are left alone"
    entries = Progress(course).read()
    assert all(entries[slug].status == "borrowed" for slug in caught.borrowed)
    kept = {p.relative_to(caught.kept).as_posix(): p.read_text(encoding="utf-8") for p in caught.kept.rglob("*.py")}
    assert kept == before


def test_all_weeks_together_are_the_reference(course: Path, reference: Reference) -> None:
    catch_up(course, stages().open, Progress(course))
    known = {s.slug for s in stages()}
    for path, text in OwnServer(course).texts.items():
        full = "".join(line for line in reference.texts[path].splitlines(keepends=True) if "# BEGIN" not in line)
        full = "".join(line for line in full.splitlines(keepends=True) if "# END SOLUTION" not in line)
        if not any(r.stage not in known for found in reference.regions.values() for p, r in found if p == path):
            assert text == full, path


def test_what_the_learner_wrote_stays_and_is_not_called_borrowed(course: Path, build: Build, edit: Edit) -> None:
    build("mini.echo")
    edit(PING, "return args[1]", "word = args[1]  # mine\n    return word")
    caught = catch_up(course, WEEK1, Progress(course))
    assert "mini.echo" in caught.own and "mini.echo" not in caught.borrowed
    assert "word = args[1]  # mine" in OwnServer(course).texts[PING]


def test_a_function_that_was_moved_to_another_file_is_filled_there(course: Path, edit: Edit) -> None:
    own = OwnServer(course)
    line = next(line for line in own.texts[PING].splitlines() if 'NotImplementedError("mini.echo")' in line)
    edit(PING, line, "    return elsewhere(client, args)")
    moved = own.folder / "elsewhere.py"
    moved.write_text(f"def echo(client, args):\n{line}\n", encoding="utf-8")
    caught = catch_up(course, WEEK1, Progress(course))
    assert "mini.echo" in caught.borrowed
    assert "return args[1]" in moved.read_text(encoding="utf-8")


def test_a_file_that_is_gone_is_brought_back_filled(course: Path) -> None:
    (course / "notebooks/miniredis/resp.py").unlink()
    catch_up(course, stages().open, Progress(course))
    assert "class RequestReader" in OwnServer(course).texts["resp.py"]


def test_a_stub_too_many_is_left_alone_and_said(course: Path) -> None:
    extra = course / "notebooks/miniredis/extra.py"
    extra.write_text('def again():\n    raise NotImplementedError("mini.echo")\n', encoding="utf-8")
    caught = catch_up(course, WEEK1, Progress(course))
    assert "stands for nothing in the reference" in caught.lost["mini.echo"]
    assert "mini.ping" in caught.borrowed
    assert "mini.echo" in extra.read_text(encoding="utf-8")


def test_a_file_of_the_learner_s_that_is_no_python_is_filled_all_the_same(course: Path, edit: Edit) -> None:
    edit("resp.py", "class RequestReader", "x = = 1\nclass RequestReader")
    catch_up(course, WEEK1, Progress(course))
    text = OwnServer(course).texts["resp.py"]
    assert "x = = 1" in text and 'NotImplementedError("mini.ping")' not in text


def test_a_red_stage_of_the_learner_s_own_is_named_and_can_be_replaced(
    course: Path, run: Run, build: Build, edit: Edit
) -> None:
    build("mini.echo")
    edit(PING, "return args[1]", "return args[1].upper()")
    ran = run("catchup", "week2")
    assert ran.status == 1, ran.out
    assert "Yours and red: mini.echo. `course catchup --replace mini.echo` takes the reference's." in ran.out
    ran = run("catchup", "--replace", "mini.echo")
    assert ran.status == 0, ran.err
    assert "args[1].upper()" not in OwnServer(course).texts[PING]
    kept = [p.read_text(encoding="utf-8") for p in (course / ".course/kept").glob("*mini.echo.py")]
    assert len(kept) == 1 and ".upper()" in kept[0]
    assert Progress(course).read()["mini.echo"].status == "borrowed"
    assert run("check", "mini.echo").status == 0
    assert Progress(course).read()["mini.echo"].status == "borrowed", "a check does not make it the learner's"


def test_a_borrowed_stage_is_the_learner_s_again_after_a_reset(course: Path, run: Run) -> None:
    catch_up(course, WEEK1, Progress(course))
    assert run("reset", "mini.echo").status == 0
    assert "mini.echo" not in Progress(course).read()
    assert "mini.echo" in OwnServer(course).standing()


def test_what_follows_from_borrowed_stages_is_borrowed_and_the_learner_s_when_they_are(
    course: Path, reference: Reference, run: Run, build: Build
) -> None:
    following = {s.slug for s in WEEK1 if s.slug not in reference.regions}
    assert "mini.split" in following
    known = Progress(course)
    catch_up(course, WEEK1, known)
    assert {known.read()[slug].status for slug in following} == {"borrowed"}
    # It rests on the reader of mini.ping: who builds that anew is to show that it still holds.
    assert run("reset", "mini.ping").status == 0
    assert "mini.split" not in known.read()
    build("mini.ping")
    known.tried("mini.ping", True)
    assert run("check", "mini.split").status == 0
    assert known.read()["mini.split"].status == "borrowed", "mini.echo, which it needs, still is"
    for stage in stages().under(stages()["mini.split"]):
        known.forget(stage.slug)
        known.tried(stage.slug, True)
    settle(course, known)
    assert "mini.split" not in known.read(), "nobody has checked it on the learner's own code"
    assert run("check", "mini.split").status == 0
    assert known.read()["mini.split"].status == "solved"


def test_what_follows_from_the_learner_s_own_stages_is_the_learner_s(course: Path, run: Run, build: Build) -> None:
    build(upto="mini.pipeline")
    known = Progress(course)
    for stage in [*stages().before(stages()["mini.pipeline"]), stages()["mini.pipeline"]]:
        known.tried(stage.slug, True)
    catch_up(course, WEEK1, known)
    settle(course, known)
    statuses = {slug: entry.status for slug, entry in known.read().items()}
    assert (statuses["mini.binary"], statuses["mini.pipeline"]) == ("solved", "solved")
    assert (statuses["mini.inline"], statuses["mini.nothing"]) == ("borrowed", "borrowed")


def test_what_follows_from_the_learner_s_code_and_is_red_is_not_offered_a_replacement(
    course: Path, run: Run, build: Build, edit: Edit
) -> None:
    build(upto="mini.arity")
    edit(PING, "return args[1]", "return args[1].strip()")
    for stage in stages().before(stages()["mini.binary"]):
        Progress(course).tried(stage.slug, True)
    ran = run("catchup", "week2")
    assert ran.status == 1
    assert "Yours and red: mini.binary. It follows from code of yours: `course check mini.binary`" in ran.out
    assert "--replace mini.binary" not in ran.out


def test_a_week_that_is_none_is_told(course: Path, run: Run) -> None:
    assert run("catchup", "soon").status == 2
    ran = run("catchup")
    assert ran.status == 2 and "Which week?" in ran.err
    for week in ("9", "week99", "0"):
        ran = run("catchup", week)
        assert ran.status == 2 and "the course has the weeks 1 to 8" in ran.err, week
    ran = run("catchup", "1")
    assert ran.status == 2 and "Nothing comes before week 1" in ran.err
    assert not (course / ".course" / "kept").exists(), "nothing was touched"


def test_what_was_borrowed_is_told_a_line_a_week(course: Path, run: Run) -> None:
    ran = run("catchup", "3")
    assert ran.status == 0, ran.err
    lines = ran.out.splitlines()
    assert [line.split(":")[0].strip() for line in lines if "stages" in line and ":" in line] == [
        "week1",
        "week2",
        "Next",
    ]
    assert lines[-1] == "Next: course check stages"
    assert "mini." not in ran.out


def test_every_stage_can_be_reset_and_replaced_and_comes_out_as_it_went_in(course: Path, reference: Reference) -> None:
    catch_up(course, stages().open, Progress(course))
    full = {path: _solid(text) for path, text in OwnServer(course).texts.items()}
    for stage in stages().open:
        if stage.slug not in reference.regions:
            continue
        try:
            reset_stage(course, stage)
        except ResetError as error:
            assert "cannot be told from" in str(error), f"{stage.slug}: {error}"
            continue
        assert stage.slug in OwnServer(course).places(), stage.slug
        replace_stage(course, stage)
        assert {path: _solid(text) for path, text in OwnServer(course).texts.items()} == full, stage.slug


def _solid(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def test_a_stage_without_a_place_of_its_own_has_nothing_to_reset(course: Path, reference: Reference) -> None:
    without = [s for s in stages().open if s.slug not in reference.regions]
    for stage in without:
        with pytest.raises(ResetError, match="no place in the starter"):
            reset_stage(course, stage)
