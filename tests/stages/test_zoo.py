"""The zoo: what its members have to say, how they are run, and the page that shows what catches them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.authoring.zoo import PAGE, Matrix, caught_by, check_zoo, read_page, written
from grader.checks.stages.catalog import stages
from grader.checks.stages.zoo import ZooError, zoo
from tests.stages.conftest import ROOT


def _member(root: Path, name: str, text: str) -> None:
    folder = root / "solutions" / "wrong_servers"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")


def test_a_member_has_a_name_a_sentence_and_a_stage(tmp_path: Path) -> None:
    _member(tmp_path, "__main__", "")
    _member(tmp_path, "drops_all", '"""drops\nall of it."""\nSTAGE = "mini.set"\n\n\ndef spoil() -> None:\n    pass\n')
    (found,) = zoo(tmp_path)
    assert (found.name, found.sentence, found.stage) == ("drops-all", "drops all of it", "mini.set")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("STAGE = 'mini.set'\ndef spoil(): ...\n", "no docstring that completes"),
        ('"""x"""\ndef spoil(): ...\n', "no STAGE"),
        ('"""x"""\nSTAGE = "set"\ndef spoil(): ...\n', "no STAGE"),
        ('"""x"""\nSTAGE = "mini.set"\n', "no function spoil()"),
        ("x = = 1\n", "wrong_servers/bad.py:1: invalid syntax"),
    ],
)
def test_a_member_that_says_too_little_is_told(tmp_path: Path, text: str, told: str) -> None:
    _member(tmp_path, "bad", text)
    with pytest.raises(ZooError) as error:
        zoo(tmp_path)
    assert told in str(error.value)


def test_the_page_says_what_was_found_and_can_be_read_again() -> None:
    members = zoo(ROOT)
    slugs = [s.slug for s in stages().open]
    caught = {slug: frozenset(m.name for m in members if m.stage == slug) for slug in slugs}
    tried = {slug: names | {members[0].name} for slug, names in caught.items()}
    matrix = Matrix(tuple(m.name for m in members), tried, caught)
    assert read_page(written(matrix, members, list(stages()))) == matrix


def test_the_committed_page_is_of_these_servers_and_these_stages_and_none_of_them_catches_nothing() -> None:
    assert [str(p) for p in check_zoo(ROOT, frozenset()) if p.path == ROOT / PAGE] == []
    page = read_page((ROOT / PAGE).read_text(encoding="utf-8"))
    assert page.names == tuple(m.name for m in zoo(ROOT))
    assert set(page.caught) == {s.slug for s in stages().open}
    silent = {s.slug for s in stages().open if not page.caught[s.slug]}
    assert silent == {s.slug for s in stages().open if s.kills_nothing}
    for member in zoo(ROOT):
        assert member.name in page.caught[member.stage], member.name


def test_a_wrong_server_is_caught_at_its_stage_and_the_reference_at_none(sources: Path) -> None:
    member = next(m for m in zoo(ROOT) if m.name == "one-recv-is-one-command")
    assert caught_by(sources, member.module, ["mini.ping", member.stage]) == [member.stage]
    assert caught_by(sources, ("miniredis",), ["mini.ping", member.stage]) == []


def test_the_zoo_says_who_is_in_it() -> None:
    listed = subprocess.run(
        [sys.executable, "-B", "-m", "wrong_servers"],
        cwd=ROOT / "solutions", capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert [line.partition(":")[0] for line in listed] == [m.name for m in zoo(ROOT)]
    unknown = subprocess.run(
        [sys.executable, "-B", "-m", "wrong_servers", "nobody"],
        cwd=ROOT / "solutions", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert unknown.returncode == 2 and "There is no wrong server called nobody" in unknown.stderr
