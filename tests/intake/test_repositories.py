"""A submission in a repository: its objects are read, and nothing it says is done."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.checks import catalog
from grader.marking.intake import read_folder, read_repository
from grader.marking.submission import Submission

STRINGS = "week1/02-strings-and-counters.ipynb"
Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Run git as a learner would, in `tmp_path`/work."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(tmp_path)}
    for who in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{who}_NAME": "Ada", f"GIT_{who}_EMAIL": "ada@example.org"}

    def run(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=tmp_path / "work", env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    return run


@pytest.fixture
def work(tmp_path: Path, git: Git, solved_folder: Path) -> Path:
    folder = tmp_path / "work"
    shutil.copytree(solved_folder, folder / "notebooks")
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "all solved")
    return folder


def read(path: Path, commit: str = "HEAD") -> Submission:
    return read_repository(path, commit, "ada", catalog())


def test_a_commit_holds_what_the_folder_held(work: Path, git: Git, solved_folder: Path) -> None:
    expected = dict(read_folder(solved_folder, "ada", catalog()).files)
    git("tag", "-a", "handed-in", "-m", "done")
    for commit in (git("rev-parse", "HEAD"), "HEAD", "main", "handed-in"):
        found = read(work, commit)
        assert dict(found.files) == expected
        assert found.notes == ()
    git("gc", "-q", "--aggressive")
    assert dict(read(work, "main").files) == expected
    assert dict(read(work, "handed-in").files) == expected
    git("clone", "-q", "--bare", "--no-local", str(work), "../bare.git")
    assert dict(read(work.parent / "bare.git", "main").files) == expected


def test_the_commit_counts_and_not_what_lies_in_the_folder(work: Path, git: Git) -> None:
    handed_in = git("rev-parse", "HEAD")
    before = (work / "notebooks" / STRINGS).read_bytes()
    (work / "notebooks" / STRINGS).write_bytes(b"later")
    git("commit", "-q", "-am", "too late")
    assert read(work, handed_in).files[STRINGS] == before
    assert read(work).files[STRINGS] == b"later"


def test_nothing_the_repository_configures_is_run(work: Path, git: Git, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    command = f"touch {trap}; cat"
    (work / ".gitattributes").write_text("*.ipynb filter=evil diff=evil merge=evil working-tree-encoding=UTF-16\n")
    git("-c", "core.attributesFile=/dev/null", "add", ".gitattributes")
    git("commit", "-q", "-m", "attributes")
    for setting in ("filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "diff.evil.textconv"):
        git("config", setting, command)
    for setting in ("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "credential.helper"):
        git("config", setting, command)
    git("config", "remote.origin.url", f"ext::sh -c 'touch {trap}'")
    git("config", "remote.origin.promisor", "true")
    git("config", "extensions.partialClone", "origin")
    git("config", "protocol.ext.allow", "always")
    for hook in ("post-checkout", "pre-auto-gc", "reference-transaction", "post-index-change"):
        path = work / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {trap}\n")
        path.chmod(0o755)
    gone = git("rev-parse", f"HEAD:notebooks/{STRINGS}")
    (work / ".git" / "objects" / gone[:2] / gone[2:]).unlink()
    found = read(work)
    assert not trap.exists()
    assert STRINGS not in found.files
    assert "week1/04-the-wire.ipynb" in found.files
    assert any("is not in the repository" in n for n in found.notes)


def test_the_callers_git_environment_leads_nowhere(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    assert STRINGS in read(work).files
    assert not (tmp_path / "trace").exists()


def test_a_link_and_a_submodule_are_not_followed(work: Path, git: Git) -> None:
    (work / "notebooks" / STRINGS).unlink()
    (work / "notebooks" / STRINGS).symlink_to("/etc/passwd")
    git("add", "-A")
    git("update-index", "--add", "--cacheinfo", f"160000,{git('rev-parse', 'HEAD')},week2")
    git("commit", "-q", "-m", "links")
    found = read(work)
    assert STRINGS not in found.files
    assert f"notebooks/{STRINGS} is a link to another place, so it was not taken." in found.notes
    assert "week2 is a submodule, so it was left out." in found.notes


def _elsewhere(folder: Path, what: str) -> None:
    target = folder.parent / "elsewhere"
    shutil.move(folder / what, target)
    (folder / what).symlink_to(target)


@pytest.mark.parametrize(
    ("trick", "words"),
    [
        (lambda w: _elsewhere(w, ".git"), "leads elsewhere"),
        (lambda w: _elsewhere(w, ".git/objects"), "lies in several places"),
        (lambda w: _elsewhere(w, ".git/objects/pack"), "links among its objects"),
        (lambda w: (w / ".git/objects/info/alternates").write_text("/elsewhere/objects\n"), "borrows objects"),
        (lambda w: (w / ".git/commondir").write_text("../../other/.git\n"), "working tree of another"),
        (lambda w: os.mkfifo(w / ".git/objects/pack/pack-1.idx"), "strange files"),
    ],
)  # fmt: skip
def test_a_repository_that_leads_elsewhere_is_refused(trick: Callable[[Path], object], words: str, work: Path) -> None:
    (work / ".git/objects/info").mkdir(exist_ok=True)
    trick(work)
    found = read(work)
    assert not found.files
    assert words in found.notes[0]


def test_a_git_file_that_points_to_a_neighbour_is_refused(work: Path, tmp_path: Path) -> None:
    eve = tmp_path / "eve"
    eve.mkdir()
    (eve / ".git").write_text(f"gitdir: {work / '.git'}\n")
    assert "has a .git that leads elsewhere" in read(eve).notes[0]


@pytest.mark.parametrize("commit", ["nowhere", "--upload-pack=x", "../../passwd", "a" * 40, "HEAD\nx", "", "\x1b"])
def test_a_commit_that_is_not_there_is_a_sentence(commit: str, work: Path) -> None:
    found = read(work, commit)
    assert not found.files
    (note,) = found.notes
    assert note.isprintable()
    assert "has no" in note or "is damaged" in note


def test_a_tree_that_holds_itself_many_times_over_ends(work: Path, git: Git) -> None:
    blob = git("rev-parse", f"HEAD:notebooks/{STRINGS}")

    def tree(lines: str) -> str:
        made = subprocess.run(["git", "mktree"], cwd=work, input=lines, capture_output=True, text=True, check=True)
        return made.stdout.strip()

    thing = tree("".join(f"100644 blob {blob}\tf{n}\n" for n in range(10)))
    for _ in range(9):
        thing = tree("".join(f"040000 tree {thing}\td{n}\n" for n in range(10)))
    found = read(work, git("commit-tree", thing, "-m", "bomb"))
    assert not found.files
    assert any("There are more than 20,000 files" in n for n in found.notes)


def test_what_is_no_repository_is_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nobody"):
        assert len(read(path).notes) == 1


def test_damaged_objects_cost_themselves(work: Path, git: Git) -> None:
    name = git("rev-parse", f"HEAD:notebooks/{STRINGS}")
    path = work / ".git" / "objects" / name[:2] / name[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:50] + b"\0" * 100)
    found = read(work)
    assert STRINGS not in found.files
    assert "week1/04-the-wire.ipynb" in found.files
