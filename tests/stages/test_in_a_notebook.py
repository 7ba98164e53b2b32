"""What a notebook has for the learner's own server: checks, hints, the map, the server itself, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.notebook import check, compare, hint, own_server
from grader.notebook.check import NotYet
from grader.notebook.own_server import check_stage, my_server, stages
from grader.notebook.progress import Progress
from grader.notebook.quiet import Quiet
from tests.stages.conftest import Build, Edit

PING = "commands/connection.py"


@pytest.fixture(autouse=True)
def of_this_kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A kernel that has just started; its servers end with the test."""
    monkeypatch.setattr(own_server, "_mine", None)
    monkeypatch.setattr(own_server, "_desk", None)
    yield
    if own_server._desk is not None:
        own_server._desk.run.close()
    if own_server._mine is not None:
        own_server._mine[1].close()


def test_the_map_is_drawn_with_the_colours_of_both_themes(course: Path) -> None:
    Progress(course).borrowed("mini.echo")
    html = stages()._repr_html_()
    assert 'data-jp-theme-light="false"' in html and "rs-next" in html
    assert "Next: mini.accept" in repr(stages())


def test_a_stage_that_is_not_there_yet_raises_and_says_what_to_build(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NotYet, match=r"mini\.accept is not there yet"):
        check("mini.accept")
    assert "Build it in notebooks/miniredis/" in capsys.readouterr().out


def test_a_built_stage_is_green_and_remembered(course: Path, build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    build(upto="mini.ping")
    check("mini.ping")
    assert "✔ Read a command, answer PING" in capsys.readouterr().out
    assert Progress(course).read()["mini.ping"].status == "solved"


def test_a_saved_file_is_checked_by_the_next_check_and_the_real_redis_stays(
    course: Path, build: Build, edit: Edit
) -> None:
    build(upto="mini.echo")
    assert check_stage("mini.echo").outcome.status == "done"
    pid = own_server.desk().run.real.pid
    edit(PING, "return args[1]", "return args[1] + b'!'")
    red = check_stage("mini.echo")
    assert red.outcome.status == "wrong"
    assert own_server.desk().run.real.pid == pid
    html = red._repr_html_()
    assert 'data-status="wrong"' in html and "Redis answered" in html and "<script" not in html


def test_hints_of_stages_are_shown(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hint("mini.echo")
    hint("mini.echo")
    assert "Hint 2 of 3  [mini.echo]" in capsys.readouterr().out
    with pytest.raises(Quiet, match=r"no stage called 'mini\.ecko'. Did you mean mini\.echo"):
        hint("mini.ecko")


def test_my_server_runs_beside_the_notebook_with_the_newest_code(course: Path, build: Build, edit: Edit) -> None:
    build(upto="mini.echo")
    mine = my_server()
    assert mine.client().execute_command("ECHO", "hi") == "hi"
    port, pid = mine.port, mine.pid
    edit(PING, "return args[1]", "return args[1] + b'!'")
    assert my_server() is mine and mine.port == port and mine.pid != pid
    assert mine.client().execute_command("ECHO", "hi") == "hi!"
    mine.kill()
    assert "ended by the signal SIGKILL" in repr(mine)
    mine.restart()
    assert repr(mine) == f"Your Redis answers at 127.0.0.1:{port}."


def test_my_server_that_cannot_start_is_one_sentence_with_its_line(course: Path, build: Build, edit: Edit) -> None:
    build(upto="mini.ping")
    edit("resp.py", "class RequestReader", "x = = 1\nclass RequestReader")
    with pytest.raises(Quiet, match=r"SyntaxError: invalid syntax, notebooks/miniredis/resp\.py:\d+"):
        my_server()


def test_two_servers_side_by_side_in_words_and_bytes(course: Path, build: Build, edit: Edit) -> None:
    build(upto="mini.echo")
    shown = compare("PING", 'ECHO "two words"')
    assert shown.equal and "b'$9\\r\\ntwo words\\r\\n'" in repr(shown)
    edit(PING, "return args[1]", "return args[1].upper()")
    shown = compare("ECHO <b>")
    assert not shown.equal
    assert [row.theirs for row in shown.rows] == ['"<B>"']
    assert "&lt;b&gt;" in shown._repr_html_() and "<b>Side" in shown._repr_html_()


def test_commands_behind_a_crash_have_no_reply_and_the_crash_is_told(course: Path, build: Build, edit: Edit) -> None:
    build(upto="mini.echo")
    edit(PING, "return args[1]", "import os; os._exit(3)")
    shown = compare("ECHO a", "ECHO b")
    assert [row.theirs for row in shown.rows] == ["(the connection is closed)"] * 2
    assert "ended with status 3" in shown.note


def test_a_command_that_cannot_be_typed_is_told(course: Path) -> None:
    with pytest.raises(Quiet, match="cannot be read"):
        compare('SET k "open')
