"""The room in which attacks are marked: a marker, what they look for, and what must be as before when they are done."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from available import lacking

from grader.checks import catalog
from grader.marking import marker as marker_module
from grader.marking.marker import Marker
from grader.marking.marks import Marks
from grader.marking.submission import Submission
from tests.attacks.attack import NOTEBOOK, RIGHT, ROOT, TARGET, TOKEN, TREASURE, Attack, Files, build

SECRET = "swordfish-of-the-course"
Trial = Callable[[Attack], None]


@pytest.fixture(scope="module")
def marker() -> Iterator[Marker]:
    with Marker(catalog(), key=SECRET.encode(), release=ROOT / "notebooks") as made:
        if made.sandbox.name == "none":
            lacking("sandbox", "these attacks harm the machine, so they are not run without one")
        yield made


@pytest.fixture(scope="module")
def treasure() -> Iterator[Path]:
    """What the attacks look for: a gradebook, a key, a neighbour's work."""
    shutil.rmtree(TREASURE, ignore_errors=True)
    neighbour = TREASURE / "submitted" / "z-honest" / "week1"
    neighbour.mkdir(parents=True)
    (neighbour / Path(NOTEBOOK).name).write_bytes(honest_files()[NOTEBOOK])
    (TREASURE / "course.key").write_text(SECRET, encoding="utf-8")
    (TREASURE / "gradebook.db").write_bytes(b"the marks of everybody")
    os.environ["COURSE_ATTACK_SECRET"] = SECRET
    yield TREASURE
    del os.environ["COURSE_ATTACK_SECRET"]
    shutil.rmtree(TREASURE, ignore_errors=True)


@pytest.fixture(scope="module")
def callers() -> Iterator[list[object]]:
    """Who connected to the server in the network that knows the answer."""
    found: list[object] = []
    # Shared, so that two runs of the tests at once do not get into each other's way.
    listener = socket.create_server(("127.0.0.1", 47123), reuse_port=hasattr(socket, "SO_REUSEPORT"))

    def serve() -> None:
        while True:
            try:
                peer, address = listener.accept()
            except OSError:
                return
            found.append(address)
            peer.close()

    threading.Thread(target=serve, daemon=True).start()
    yield found
    listener.close()


@pytest.fixture
def trial(
    marker: Marker,
    treasure: Path,
    callers: list[object],
    until: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> Trial:
    """Marks an attack, and those behind it, and looks at what it left."""

    def hold(attack: Attack) -> None:
        before = state(treasure)
        callers.clear()
        submission = attack.arrived(treasure / "submitted" / "mallory")
        shutil.rmtree(treasure / "submitted" / "mallory", ignore_errors=True)
        expected = attack.expected()
        with monkeypatch.context() as patch:
            if attack.hangs:
                _hurry(patch, attack)
            marks = mark(marker, submission, list(expected))
        found = verdicts(marks)
        meant = {slug: what if what != "any" else found.get(slug) for slug, what in expected.items()}
        assert found == meant, [(r.slug, r.status, r.note, r.first_broken) for r in marks.results]
        assert set(found.values()) <= {"solved", "lost"}, "never a grader error"
        if attack.later is not None:
            behind = mark(marker, Submission("behind it", attack.later_files()), list(attack.later_expect))
            assert verdicts(behind) == attack.later_expect
        if attack.alone or attack.later is not None:
            honest = mark(marker, Submission("honest", honest_files()), [TARGET])
            assert verdicts(honest) == {TARGET: "solved"}, "an honest submission behind it"
        until(lambda: planted_processes() == before["processes"])
        assert state(treasure) == before
        assert callers == []

    return hold


def _hurry(patch: pytest.MonkeyPatch, attack: Attack) -> None:
    """Those that hang get little time, and are not asked again whether the machine was only busy; the others are."""
    doubt = marker_module._in_doubt
    patch.setattr(marker_module, "_SECONDS", 2.5)
    patch.setattr(marker_module, "_in_doubt", lambda r: r.slug not in attack.cells and doubt(r))


def mark(marker: Marker, submission: Submission, slugs: list[str]) -> Marks:
    exercises = catalog()
    return marker.mark(submission, [exercises[s] for s in slugs])


def verdicts(marks: Marks) -> dict[str, str]:
    """slug -> "solved", "lost" or the status that it must not have."""
    return {
        r.slug: "solved" if r.status == "solved" and r.earned == r.points else
        "lost" if r.status in {"wrong", "todo"} and r.earned == 0 else f"{r.status} {r.earned}: {r.note}"
        for r in marks.results
    }  # fmt: skip


def honest_files() -> Files:
    return build({TARGET: RIGHT[TARGET]})


def state(treasure: Path) -> dict[str, object]:
    """What no attack may change: the treasure, the course's checks, and what lies or runs about under our names."""
    return {
        "treasure": {p.as_posix(): p.read_bytes() for p in sorted(treasure.rglob("*")) if p.is_file()},
        "checks": [p.name for p in (ROOT / "grader" / "checks").rglob("*.py") if TOKEN.encode() in p.read_bytes()],
        "files": planted_files(),
        "processes": planted_processes(),
    }


def planted_files() -> list[str]:
    """Files that an attack left anywhere it could know of."""
    places = [p for p in map(Path, ("/tmp", "/var/tmp", "/dev/shm", Path.home(), Path.cwd(), ROOT)) if p.is_dir()]
    start_up = ("sitecustomize.py", "usercustomize.py")
    known = [p for place in places for p in place.glob(f"*{TOKEN}*")]
    known += [p for place in places for name in start_up if (p := place / name).exists()]
    known += list((Path.home() / ".ipython").rglob(f"*{TOKEN}*"))
    return sorted(map(str, known))


def planted_processes() -> list[str]:
    """Processes that an attack left."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes() + (folder / "comm").read_bytes()
        except OSError:
            continue
        if TOKEN[:15].encode() in words and b"pytest" not in words:
            found.append(folder.name)
    return found
