"""The list of stages: read from YAML, a file a family, and mistakes in it told in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from grader.checks.catalog import CatalogError
from grader.checks.stages.catalog import Stages, UnknownStageError, faults, read, stages

Write = Callable[..., Stages]
PING = {
    "slug": "mini.ping", "title": "Answer PING", "family": "codec", "files": ["resp.py"], "why": "To hear it answer.",
    "exchange": "> PING\nPONG\n", "hints": ["a", "b", "c"], "learnt": "It answers.", "commands": ["ping"],
}  # fmt: skip


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Read a catalog of these stages, all in one file."""

    def make(*entries: dict[str, object], name: str = "week1/10-codec.yml") -> Stages:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(list(entries), sort_keys=False), encoding="utf-8")
        return read(tmp_path)

    return make


def test_stages_come_in_the_order_of_weeks_files_and_lines(write: Write) -> None:
    write({**PING, "slug": "mini.c"}, {**PING, "slug": "mini.a"}, name="week2/10-x.yml")
    write({**PING, "slug": "mini.z"}, name="week10/10-x.yml")
    found = write({**PING, "slug": "mini.b"}, name="week2/05-x.yml")
    assert [s.slug for s in found] == ["mini.b", "mini.c", "mini.a", "mini.z"]
    assert found.weeks == ["week2", "week10"]


def test_what_is_known_up_to_a_stage_are_the_commands_up_to_it(write: Write) -> None:
    found = write(PING, {**PING, "slug": "mini.echo", "commands": ["ECHO"]}, {**PING, "slug": "mini.x"})
    assert found.commands_before(found["mini.echo"]) == {"PING", "ECHO"}
    assert found.commands_before(found["ping"]) == {"PING"}


def test_words_name_stages_weeks_families_and_files(write: Write) -> None:
    write({**PING, "slug": "mini.get", "family": "strings", "files": ["commands/strings.py"]}, name="week2/1-x.yml")
    found = write(PING)
    for words in (["mini.get"], ["get"], ["week2"], ["2"], ["strings"], ["notebooks/miniredis/commands/strings.py"]):
        assert [s.slug for s in found.select(words)] == ["mini.get"], words
    assert len(found.select([])) == 2
    with pytest.raises(UnknownStageError, match=r"no stage called 'mini.gte'. Did you mean mini.get"):
        found.select(["mini.gte"])


def test_the_comments_before_an_exchange_are_for_the_linter_only(write: Write) -> None:
    stage = write({**PING, "exchange": "<!-- varies: \\d+ -->\n> TIME\n1\n"})["mini.ping"]
    assert stage.markers == ("<!-- varies: \\d+ -->",)
    assert stage.exchange == "> TIME\n1"
    assert not stage.wire
    assert write({**PING, "exchange": "C: PING\\r\\n\nS: +PONG\\r\\n"})["mini.ping"].wire


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"slug": "week1.ping"}, "a slug is `mini.`"),
        ({"slug": "mini.Ping"}, "a slug is `mini.`"),
        ({"family": "words"}, "family 'words' is none of"),
        ({"hints": ["a", "b"]}, "has 2 hints, 3 are the least"),
        ({"hints": "a"}, "hints has to be a list"),
        ({"why": ""}, "why is missing"),
        ({"exchange": None}, "exchange is missing"),
        ({"reason": "x"}, "unknown entries ['reason']"),
        ({"misconceptions": ["x"]}, "has to map"),
    ],
)
def test_a_stage_that_says_too_little_is_told_with_its_file_and_slug(
    write: Write, change: dict[str, object], told: str
) -> None:
    with pytest.raises(CatalogError) as error:
        write({**PING, **change})
    assert told in str(error.value)
    assert "stages/week1/10-codec.yml" in str(error.value)


def test_a_stage_described_twice_is_told(write: Write) -> None:
    with pytest.raises(CatalogError, match=r"mini\.ping is described twice"):
        write(PING, PING)


def test_a_locked_stage_needs_no_more_than_a_title_and_why(write: Write) -> None:
    stage = write({"slug": "mini.eval", "title": "Scripts", "family": "scripts", "why": "x", "locked": "In week 8."})
    assert stage["mini.eval"].locked == "In week 8."
    assert stage.open == []


@pytest.mark.parametrize(
    ("needs", "told"),
    [("mini.nothing", "which is no stage"), ("mini.later", "which comes later"), ("mini.locked", "which is locked")],
)
def test_needs_that_do_not_fit_are_found(write: Write, needs: str, told: str) -> None:
    locked = {"slug": "mini.locked", "title": "x", "family": "users", "why": "x", "locked": "later"}
    found = write(locked, {**PING, "needs": [needs]}, {**PING, "slug": "mini.later"})
    assert [text for _, text in faults(found)] == [f"mini.ping needs {needs}, {told}"]


def test_the_course_s_own_stages_fit_together() -> None:
    assert faults(stages()) == []
