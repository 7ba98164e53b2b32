"""notebooks/miniredis/ is cut from solutions/miniredis/: the same bytes each time, no solution in it, and it starts."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from grader.authoring.build import BuildReport, build
from grader.authoring.starter_server import starter_files
from grader.checks import catalog
from grader.checks.stages.reference import Reference
from grader.checks.stages.regions import Region, RegionError, replaced
from grader.servers.miniredis import miniredis

STRINGS = "def get(x):\n    ### BEGIN SOLUTION mini.get\n    return lookup_in_the_keyspace(x)\n    ### END SOLUTION\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A course whose reference is one file, committed, as its author has it."""
    for folder in ("modules", "notebooks", "solutions/miniredis/commands", "solutions/wrong_servers"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "solutions" / "miniredis" / "commands" / "strings.py").write_text(STRINGS, encoding="utf-8")
    (tmp_path / "solutions" / "wrong_servers" / "bad.py").write_text('"""is bad"""\n', encoding="utf-8")
    _git(tmp_path, "init", "-q")
    return tmp_path


def _git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def built(root: Path, check: bool = False) -> BuildReport:
    return build(root, check, server_only=True)


def test_a_build_writes_the_starter_and_a_second_one_changes_nothing(small: Path) -> None:
    assert built(small).changed == ["miniredis/commands/strings.py"]
    text = (small / "notebooks/miniredis/commands/strings.py").read_text(encoding="utf-8")
    assert text == 'def get(x):\n    raise NotImplementedError("mini.get")  # course hint mini.get\n'
    assert built(small, check=True).clean
    assert [p.name for p in (small / "notebooks").rglob("*.py")] == ["strings.py"], "the zoo stays at home"


def test_a_comparison_tells_and_writes_nothing(small: Path) -> None:
    assert built(small, check=True).changed == ["miniredis/commands/strings.py"]
    assert not (small / "notebooks/miniredis").exists()


def test_what_somebody_wrote_there_is_kept_before_it_is_written_over(small: Path) -> None:
    built(small)
    mine = small / "notebooks/miniredis/commands/strings.py"
    mine.write_text("def get(x):\n    return 'mine'\n", encoding="utf-8")
    kept = built(small).kept
    assert kept is not None
    assert "mine" in (kept / "notebooks/miniredis/commands/strings.py").read_text(encoding="utf-8")


def test_what_git_has_needs_no_copy(small: Path) -> None:
    built(small)
    _git(small, "add", "-A")
    _git(small, "commit", "-q", "-m", "x")
    source = small / "solutions/miniredis/commands/strings.py"
    source.write_text("x = 1\n" + STRINGS, encoding="utf-8")
    report = built(small)
    assert report.changed and report.kept is None


def test_a_module_of_somebody_s_own_stays_and_one_that_lost_its_source_goes(small: Path) -> None:
    old = small / "solutions/miniredis/old.py"
    old.write_text("x = 1\n", encoding="utf-8")
    built(small)
    _git(small, "add", "-A")
    _git(small, "commit", "-q", "-m", "x")
    old.unlink()
    own = small / "notebooks/miniredis/own.py"
    own.write_text("y = 1\n", encoding="utf-8")
    assert built(small).removed == ["miniredis/old.py"]
    assert own.is_file()


def test_markers_that_make_no_sense_stop_the_build_with_their_line(small: Path) -> None:
    source = small / "solutions/miniredis/commands/strings.py"
    source.write_text(STRINGS.replace("    ### END SOLUTION\n", ""), encoding="utf-8")
    with pytest.raises(RegionError, match=r"miniredis/commands/strings\.py:2: the solution of mini\.get begins here"):
        built(small)


def test_no_line_of_a_solution_is_in_the_starter(reference: Reference, starter: dict[str, bytes]) -> None:
    given = {
        line.strip()
        for path, text in reference.texts.items()
        for line in _without_regions(text, [r for rs in reference.regions.values() for p, r in rs if p == path])
    }
    handed_out = {line.strip() for data in starter.values() for line in data.decode().splitlines()}
    leaked = [
        (path, region.stage, line.strip())
        for found in reference.regions.values()
        for path, region in found
        for line in region.body.splitlines()
        if line.strip() in handed_out and line.strip() not in given
    ]
    assert leaked == []
    assert all(b"SOLUTION" not in data for data in starter.values())


def _without_regions(text: str, regions: list[Region]) -> list[str]:
    return replaced(text, sorted(regions, key=lambda r: r.first), lambda _: "").splitlines()


def test_the_starter_holds_the_reference_s_files_and_nothing_else(
    sources: Path, reference: Reference, starter: dict[str, bytes]
) -> None:
    made = starter_files(sources, catalog())
    assert {name: data for name, data in made.items() if name.endswith(".py")} == starter
    others = [name for name in made if not name.endswith((".py", ".json", ".txt"))]
    assert all(name.startswith("miniredis/week") and name.endswith(".ipynb") for name in others)


def test_the_starter_starts_with_every_region_cleared_and_lives_through_its_own_work(course: Path) -> None:
    with miniredis(course / "notebooks", hz=500) as server:
        # What is done `hz` times a second has been done many times when as many clients were let in and hung up on.
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.sendall(b"PING\r\n")
                client.settimeout(5)
                assert client.recv(64).startswith(b"-ERR not built yet: mini."), server.log()
        assert server.running, server.log()


def test_every_file_of_the_starter_can_be_imported(course: Path) -> None:
    names = [
        p.relative_to(course / "notebooks").with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        for p in (course / "notebooks" / "miniredis").rglob("*.py")
        if p.name != "__main__.py"
    ]
    script = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, *names],
        cwd=course / "notebooks",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
