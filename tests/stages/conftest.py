"""A course folder with the starter of miniredis in it, and ways to build stages there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.checks.stages.catalog import stages
from grader.checks.stages.reference import Reference
from grader.marking.own_server import OwnServer, fill
from grader.servers.miniredis import MiniServer
from tests.cli.conftest import Ran, Terminal, process, run, terminal

ROOT = Path(__file__).resolve().parents[2]
Build = Callable[..., None]
Edit = Callable[[str, str, str], None]

__all__ = ["Ran", "Terminal", "process", "run", "terminal"]


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder with its solutions, as they were when the tests began: an author may be at work."""
    folder = tmp_path_factory.mktemp("sources")
    shutil.copytree(ROOT / "solutions", folder / "solutions", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return folder


@pytest.fixture(scope="session")
def reference(sources: Path) -> Reference:
    return Reference.read(sources)


@pytest.fixture(scope="session")
def starter(reference: Reference) -> dict[str, bytes]:
    """What the build makes of the reference's Python files."""
    return {f"miniredis/{path}": reference.starter(path).encode() for path in reference.texts}


@pytest.fixture
def course(starter: dict[str, bytes], sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's course folder, freshly cloned; the working directory."""
    folder = tmp_path / "course"
    for name, data in starter.items():
        path = folder / "notebooks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "modules").symlink_to(ROOT / "modules")
    (folder / "solutions").symlink_to(sources / "solutions")
    for name in ("REDIS_URL", "COURSE_FOLDER", "COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def build(course: Path, reference: Reference) -> Build:
    """Build stages as the reference does: those named, or all up to and with `upto`."""

    def write(*slugs: str, upto: str = "") -> None:
        wanted = [*slugs]
        if upto:
            wanted += [s.slug for s in [*stages().before(stages()[upto]), stages()[upto]]]
        own = OwnServer(course)
        texts = dict(own.texts)
        for slug in wanted:
            texts |= fill(texts, reference, slug)
        for path, text in texts.items():
            if own.texts[path] != text:
                (own.folder / path).write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def edit(course: Path) -> Edit:
    """Replace a piece of a file of the learner's server, as an editor that saves it does."""

    def write(path: str, old: str, new: str) -> None:
        file = course / "notebooks" / "miniredis" / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} has no {old!r}"
        fresh = file.with_name(".saving")
        fresh.write_text(text.replace(old, new), encoding="utf-8")
        fresh.replace(file)

    return write


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Callable[..., MiniServer]]:
    """Start a server whose whole ``__main__.py`` is given; ended with the test."""
    started: list[MiniServer] = []

    def start(main: str, patience: float = 10.0, port: int = 0, **others: str) -> MiniServer:
        folder = tmp_path / "notebooks" / "miniredis"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {"__init__": "", "__main__": main, **others}.items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
        started.append(MiniServer(folder.parent, patience=patience, port=port))
        return started[-1]

    yield start
    for server in started:
        server.close()
