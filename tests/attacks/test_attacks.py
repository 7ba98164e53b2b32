"""Every attack of the collection, marked as a stranger's submission is: no points, no harm, nobody else affected.

Behind each hostile submission the next one is marked; an honest one stands between them, so that what an attack did
to the grader, its Redis or the machine shows. Values are lost and won as `Attack.expect` says; an `error` never is.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.checks import catalog
from grader.marking.marker import Marker
from grader.marking.marks import Marks
from grader.marking.submission import Submission
from tests.attacks.attack import (
    BESIDE,
    ELSEWHERE,
    NOTEBOOK,
    RIGHT,
    ROOT,
    TARGET,
    TOKEN,
    TREASURE,
    Attack,
    build,
    collection,
)

SECRET = "swordfish-of-the-course"
_HONEST = [TARGET, BESIDE]
# An honest submission is marked behind each attack that could reach others, and behind every so many of the rest.
_EVERY = 8


@pytest.fixture(scope="module")
def treasure() -> Iterator[Path]:
    """What the attacks look for: a gradebook, a key, a neighbour's work; and a server that knows the answer."""
    shutil.rmtree(TREASURE, ignore_errors=True)
    neighbour = TREASURE / "submitted" / "z-honest" / "week1"
    neighbour.mkdir(parents=True)
    (neighbour / "02-strings-and-counters.ipynb").write_bytes(honest_files()[NOTEBOOK])
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


@pytest.fixture(scope="module")
def marker() -> Iterator[Marker]:
    with Marker(catalog(), key=SECRET.encode(), release=ROOT / "notebooks") as made:
        if made.sandbox.name == "none":
            pytest.skip("no sandbox here: these attacks harm the machine, so they are not run without one")
        yield made


@pytest.fixture(scope="module")
def state(treasure: Path) -> Callable[[], dict[str, object]]:
    """What no attack may change: the treasure, the course's own files, and what lies about under our names."""

    def look() -> dict[str, object]:
        held = {p.as_posix(): p.read_bytes() for p in sorted(treasure.rglob("*")) if p.is_file()}
        checks = [p.name for p in (ROOT / "grader" / "checks").rglob("*.py") if TOKEN.encode() in p.read_bytes()]
        return {"treasure": held, "checks": checks, "files": planted_files(), "processes": planted_processes()}

    return look


def planted_files() -> list[str]:
    """Files that an attack left anywhere it could know of."""
    places = [Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path.home(), Path.cwd(), ROOT]
    known = [p for place in places if place.is_dir() for p in place.glob(f"*{TOKEN}*")]
    start_up = ("sitecustomize.py", "usercustomize.py")
    known += [p for place in places for name in start_up if (p := place / name).exists()]
    known += list(Path("/var/tmp").glob("*/" + TOKEN + "*"))
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


def mark(marker: Marker, learner: str, files: dict[str, bytes], slugs: list[str]) -> Marks:
    return marked(marker, Submission(learner, files), slugs)


def marked(marker: Marker, submission: Submission, slugs: list[str]) -> Marks:
    exercises = catalog()
    return marker.mark(submission, [exercises[s] for s in slugs])


def verdicts(marks: Marks) -> dict[str, str]:
    """slug -> "solved", "lost" or the status that it must not have."""
    return {
        r.slug: "solved" if r.status == "solved" and r.earned == r.points else
        "lost" if r.status in {"wrong", "todo"} and r.earned == 0 else f"{r.status} {r.earned}: {r.note}"
        for r in marks.results
    }  # fmt: skip


def honest_files() -> dict[str, bytes]:
    return build({TARGET: RIGHT[TARGET]})


@pytest.mark.parametrize("attack", [pytest.param(a, id=name) for name, a in collection().items()])
def test_an_attack_earns_what_it_deserves_and_reaches_nobody(
    attack: Attack,
    marker: Marker,
    treasure: Path,
    state: Callable[[], dict[str, object]],
    callers: list[object],
    until: Callable[..., None],
) -> None:
    before = state()
    expected = attack.expected()
    submission = attack.arrived(treasure / "submitted" / "mallory")
    shutil.rmtree(treasure / "submitted" / "mallory", ignore_errors=True)
    marks = marked(marker, submission, list(expected))
    found = verdicts(marks)
    meant = {slug: what if what != "any" else found.get(slug) for slug, what in expected.items()}
    assert found == meant, [(r.slug, r.status, r.note, r.first_broken) for r in marks.results]
    assert all(found[s] in {"solved", "lost"} for s in found), "never a grader error"
    if attack.later is not None:
        later = mark(marker, "behind it", attack.later_files(), list(attack.later_expect))
        assert verdicts(later) == attack.later_expect
    if attack.alone or attack.later is not None or list(collection()).index(attack.name) % _EVERY == 0:
        honest = mark(marker, "honest", honest_files(), _HONEST)
        assert verdicts(honest) == dict.fromkeys(_HONEST, "solved"), "an honest submission behind it"
    until(lambda: planted_processes() == before["processes"])
    assert state() == before
    assert callers == []


def test_the_collection_names_what_the_course_promises() -> None:
    found = collection()
    assert len(found) >= 55
    assert {a.family for a in found.values()} >= {"forging", "lying", "peeking", "writing", "exhausting", "gaming"}
    assert ELSEWHERE in catalog().by_slug
