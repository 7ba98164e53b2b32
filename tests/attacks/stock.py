"""Run the attack collection against stock nbgrader, and write down what came of it: ``python -m tests.attacks.stock``.

Two courses are graded by ``nbgrader autograde`` as it comes: "check", the released notebooks of week 1, whose check
cells call `check()` in the learner's kernel; and "asserts", a notebook of five ordinary assert cells (`plain.py`).
Attacks that only reach their own marks are graded in one command; those that may reach others, or the machine, in a
command each, with an honest submission behind them.

Every command runs in a jail of bubblewrap with its own network, processes and files, and in control groups where
there are any (root, cgroup v1): nbgrader itself limits nothing, so what "harms the machine" is what reached these
limits, or was left behind. The results go to ``tests/attacks/stock.json`` with the versions; minutes, not seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from filelock import FileLock

from tests.attacks import plain
from tests.attacks.attack import RIGHT, ROOT, TARGET, TOKEN, TREASURE, Attack, build, collection

RECORD = Path(__file__).with_name("stock.json")
KINDS = ("check", "asserts")
CELL_SECONDS = 20
COMMAND_SECONDS = 240
MEMORY = 2 << 30
PROCESSES = 200
DISK = 400 << 20
Row = dict[str, Any]
_BATCH = 30
HONEST = "z-honest"
ACCOMPLICE = "m-accomplice"
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Job:
    """One ``nbgrader autograde``: the course's kind and the attacks whose submissions are graded in it."""

    kind: str
    attacks: tuple[Attack, ...]


class NoJailError(RuntimeError):
    """There is no bubblewrap here; the attacks are run nowhere else."""


def run(names: Sequence[str] = (), kinds: Sequence[str] = KINDS, jobs: int = 2) -> Iterator[tuple[str, str, Row]]:
    """Grade the attacks called `names` (all of them for none) with stock nbgrader; those that are named each alone.

    Yields:
        the kind of the course, the attack's name, and what came of it, as they come. An attack that got no score in
        the company of others comes a second time, graded alone: it was its own doing, or a neighbour's.

    Raises:
        NoJailError: without bubblewrap.
    """
    if shutil.which("bwrap") is None:
        raise NoJailError("bwrap is not installed: these attacks harm the machine, so they are not run without it.")
    chosen = [a for name, a in collection().items() if a.stock and (not names or name in names)]
    with tempfile.TemporaryDirectory(prefix="course-stock-", dir="/var/tmp") as temporary:
        place = Path(temporary)
        courses = {kind: _prepared(place / kind, kind) for kind in kinds}
        plan = [job for kind in kinds for job in _plan(kind, chosen, each_alone=bool(names))]
        numbers = count()
        while plan:
            again = []
            with ThreadPoolExecutor(jobs) as pool:
                done = pool.map(lambda job: _graded(job, courses[job.kind], place / f"job{next(numbers)}"), plan)
                for job, found in zip(plan, done, strict=True):
                    for name, row in found.items():
                        yield job.kind, name, row
                        if "harm" not in row and (row["score"] is None or not row["honest"]):
                            again.append(Job(job.kind, (collection()[name],)))
            plan = again


def record(kind: str, name: str, row: Row) -> None:
    """Put a row into the record, with the versions it was made with."""
    with FileLock(Path(tempfile.gettempdir()) / "course-stock.lock"):
        kept = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {"attacks": {}}
        rows = {n: kept["attacks"].get(n, {}) for n in collection()}
        rows[name] = {**rows[name], kind: row}
        limits = (
            f"{MEMORY >> 20} MB of memory and {PROCESSES} processes where control groups allow it, {DISK >> 20} MB of "
            f"disk, {CELL_SECONDS} s a cell (nbgrader's ExecutePreprocessor.timeout), {COMMAND_SECONDS} s a command"
        )
        kept = {"versions": _versions(), "limits": limits, "attacks": {n: r for n, r in rows.items() if r}}
        RECORD.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _plan(kind: str, attacks: list[Attack], each_alone: bool) -> list[Job]:
    meant = [a for a in attacks if kind == "check" or a.plain is not None]
    quiet = [] if each_alone else [a for a in meant if not a.alone and a.later is None]
    batches = [Job(kind, tuple(quiet[i : i + _BATCH])) for i in range(0, len(quiet), _BATCH)]
    return batches + [Job(kind, (a,)) for a in meant if a not in quiet]


def _versions() -> dict[str, str]:
    names = ("nbgrader", "nbclient", "ipykernel", "ipython", "redis", "pytest")
    return {"python": platform.python_version()} | {n: importlib.metadata.version(n) for n in names}


# Outside of the jail


def _prepared(course: Path, kind: str) -> Path:
    """A course folder with its release made."""
    course.mkdir()
    if kind == "check":
        for name in ("solutions", "modules"):
            shutil.copytree(ROOT / name, course / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "nbgrader_config.py", course)
        (course / "notebooks").mkdir()
    else:
        (course / "source" / "week1").mkdir(parents=True)
        (course / "source" / "week1" / "plain.ipynb").write_text(json.dumps(plain.source()), encoding="utf-8")
        config = 'c = get_config()\nc.CourseDirectory.course_id = "plain"\n'
        (course / "nbgrader_config.py").write_text(config, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "week1"],
        cwd=course, env=_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"nbgrader generate_assignment failed:\n{done.stdout}{done.stderr}")
    return course


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in {"LANG", "TMPDIR", "COURSE_ATTACK_TREASURE"}}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def _graded(job: Job, course: Path, place: Path) -> dict[str, dict[str, Any]]:
    """Grade one job in its jail; what came of each attack."""
    students: dict[str, Attack] = {}
    for number, attack in enumerate(job.attacks):
        student = f"a{number:03}-{attack.name}"
        students[student] = attack
        _submit(place, student, _check_files(attack) if job.kind == "check" else attack.plain_files(), job.kind)
        if attack.door is not None:
            attack.door(place / "submitted" / student)
        if attack.later is not None:
            _submit(place, ACCOMPLICE, _accomplice(attack, job.kind), job.kind)
    honest = (
        _of_week_1(build({TARGET: RIGHT[TARGET]}))
        if job.kind == "check"
        else {"plain.ipynb": plain.filled(plain.RIGHT)}
    )
    _submit(place, HONEST, honest, job.kind)
    shutil.copytree(ROOT / "grader", place / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    before = _fingerprint(place / "grader")
    seen, limits = _jailed(course, place, job.kind)
    harm = [*seen.get("harm", []), *limits]
    if _fingerprint(place / "grader") != before:
        harm.append("wrote into the checks")
    full = 4.0 if job.kind == "check" else 5.0
    scores = seen.get("scores", {})
    found = {}
    for student, attack in students.items():
        kind = KINDS.index(job.kind)
        what: dict[str, Any] = {"score": scores.get(student), "deserved": attack.deserves[kind]}
        if attack.later is not None:
            what["accomplice"] = scores.get(ACCOMPLICE)
        what["ended"] = bool(seen) and seen["ended"]
        what["honest"] = scores.get(HONEST) == full
        if len(students) == 1:
            what["harm"] = sorted(set(harm))
        found[attack.name] = what
    shutil.rmtree(place, ignore_errors=True)
    return found


def _check_files(attack: Attack) -> dict[str, bytes]:
    return _of_week_1(attack.files())


def _of_week_1(files: dict[str, bytes]) -> dict[str, bytes]:
    """What belongs to the assignment that is graded."""
    return {name: data for name, data in files.items() if not name.startswith("week2/")}


def _accomplice(attack: Attack, kind: str) -> dict[str, bytes]:
    if kind == "check":
        return _of_week_1(attack.later_files())
    answer = (attack.later or {}).get("week1.page-views")
    return {"plain.ipynb": plain.filled({"page_view": answer} if answer else {})}


def _submit(place: Path, student: str, files: dict[str, bytes], kind: str) -> None:
    folder = place / "submitted" / student / "week1"
    for name, data in files.items():
        path = folder / (name.removeprefix("week1/") if kind == "check" else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _fingerprint(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*.py") if p.is_file()):
        found.update(path.read_bytes())
    return found.hexdigest()


def _jailed(course: Path, place: Path, kind: str) -> tuple[dict[str, Any], list[str]]:
    """Run `_inside` in a jail; what it saw, and which limits were reached. Nothing seen if it was killed."""
    jail = [
        "bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent",
        "--hostname", "localhost",
        "--new-session", "--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
        "--tmpfs", "/run", "--size", str(DISK), "--tmpfs", "/tmp", "--size", str(DISK), "--tmpfs", "/var/tmp",
        "--ro-bind", str(course), "/tmp/prepared", "--ro-bind", str(place / "submitted"), "/tmp/handed-in",
        "--bind", str(place / "grader"), str(ROOT / "grader"), "--chdir", "/tmp",
        "--setenv", "HOME", "/tmp/home", "--setenv", "COURSE_ATTACK_SECRET", "swordfish",
    ]  # fmt: skip
    with _groups() as (groups, reached):
        joined = " && ".join([f'echo $$ > "{g}/cgroup.procs"' for g in groups] or ["true"])
        inside = [sys.executable, "-m", "tests.attacks.stock", "--inside", kind]
        process = subprocess.Popen(
            ["/bin/sh", "-c", f'{joined} && exec "$@"', "jail", *jail, *inside],
            env=_environment(), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            said, complaint = process.communicate(timeout=COMMAND_SECONDS + 60)
        except subprocess.TimeoutExpired:
            process.kill()
            said, complaint = process.communicate()
        try:
            seen: dict[str, Any] = json.loads(said.decode().strip().splitlines()[-1])
        except (ValueError, IndexError):
            seen = {}
            if os.environ.get("COURSE_STOCK_DEBUG"):
                print(complaint.decode()[-2000:])
        return seen, reached() + ([] if seen else ["killed everything around it"])


@contextmanager
def _groups() -> Iterator[tuple[list[Path], Any]]:
    """Control groups (v1) with our limits, where there are any, and a function that tells which limits were reached."""
    limits = {"memory": ("memory.limit_in_bytes", MEMORY), "pids": ("pids.max", PROCESSES)}
    groups = []
    for controller, (file, limit) in limits.items():
        group = _CGROUPS / controller / f"course-stock-{os.getpid()}-{threading.get_ident()}-{time.monotonic_ns()}"
        with suppress(OSError):
            group.mkdir()
            (group / file).write_text(str(limit))
            groups.append(group)

    def reached() -> list[str]:
        found = []
        for group in groups:
            with suppress(OSError, ValueError, IndexError):
                if group.parent.name == "memory" and int((group / "memory.failcnt").read_text()) > 0:
                    found.append("took all the memory")
                if group.parent.name == "pids" and int((group / "pids.events").read_text().split()[1]) > 0:
                    found.append("took all the processes")
        return found

    try:
        yield groups, reached
    finally:
        for group in groups:
            deadline = time.monotonic() + 10
            while group.exists() and time.monotonic() < deadline:
                try:
                    group.rmdir()
                except OSError:
                    time.sleep(0.02)  # its last processes are ending


# Inside of the jail


def _inside(kind: str) -> None:
    """Set the course up, grade it, and print what is there afterwards as one line of JSON."""
    course, home = Path("/tmp/course"), Path("/tmp/home")
    home.mkdir()
    shutil.copytree("/tmp/prepared", course)
    subprocess.run(["cp", "-a", "/tmp/handed-in", course / "submitted"], check=True)
    TREASURE.mkdir()
    (TREASURE / "course.key").write_text(TOKEN, encoding="utf-8")
    environment = dict(os.environ)
    server = None
    if kind == "asserts":
        from grader.servers import binaries

        best = max(binaries(), key=lambda each: each.version)
        environment["COURSE_REDIS"] = "/tmp/redis.sock"
        server = subprocess.Popen(
            [best.path, "--port", "0", "--unixsocket", "/tmp/redis.sock", "--save", "", "--dir", "/tmp/home"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    _friend()
    ours = set(_processes())
    command = [sys.executable, "-m", "nbgrader", "autograde", "week1"]
    command.append(f"--ExecutePreprocessor.timeout={CELL_SECONDS}")
    process = subprocess.Popen(
        command, cwd=course, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=COMMAND_SECONDS)
        ended = process.returncode >= 0
    except subprocess.TimeoutExpired:
        ended, said = False, b""
    if os.environ.get("COURSE_STOCK_DEBUG"):
        print(said.decode()[-6000:], file=sys.stderr)
    harm = _left(ours | {process.pid}, server)
    # What comes late comes within a few seconds: until nothing planted runs any more, or ten seconds.
    deadline = time.monotonic() + 10
    while any(TOKEN[:15] in _name(n) for n in set(_processes()) - ours) and time.monotonic() < deadline:
        time.sleep(0.1)
    print(json.dumps({"ended": ended, "scores": _scores(course), "harm": harm}), flush=True)
    os._exit(0)


def _friend() -> None:
    """Somebody in the network who knows the answer."""
    listener = socket.create_server(("127.0.0.1", 47123))

    def serve() -> None:
        while True:
            peer, _ = listener.accept()
            peer.sendall(b"incr")
            peer.close()

    threading.Thread(target=serve, daemon=True).start()


def _left(ours: set[int], server: subprocess.Popen[bytes] | None) -> list[str]:
    found = []
    if [n for n in _processes() if n not in ours and _state(n) != "Z" and "redis-server" not in _name(n)]:
        found.append("left a process behind")
    if server is not None and server.poll() is not None:
        found.append("ended the Redis of all")
    for top in ("/tmp", "/dev/shm", "/var/tmp"):
        for folder, folders, names in os.walk(top):
            if folder.startswith(("/tmp/prepared", "/tmp/handed-in", "/tmp/course/submitted", str(TREASURE))):
                continue
            planted = {"sitecustomize.py", "usercustomize.py"} & set(names) or any(TOKEN in n for n in folders + names)
            if planted and not folder.startswith("/tmp/course/autograded"):
                found.append("left files behind")
    for place in ("/tmp", "/var/tmp"):
        if shutil.disk_usage(place).free < 1 << 20:
            found.append("took all the disk")
    return sorted(set(found))


def _processes() -> list[int]:
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]


def _name(number: int) -> str:
    try:
        return (Path(f"/proc/{number}/cmdline").read_bytes() + Path(f"/proc/{number}/comm").read_bytes()).decode(
            "latin-1"
        )
    except OSError:
        return ""


def _state(number: int) -> str:
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "Z"


def _scores(course: Path) -> dict[str, float]:
    """Each student's score as nbgrader's own gradebook tells it; who was not graded is not there."""
    from nbgrader.api import Gradebook

    kind = "redis" if (course / "solutions").is_dir() else "plain"
    found = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", kind) as gradebook:
        for submission in gradebook.assignment_submissions("week1"):
            name = submission.student.id
            # A submission that failed has grades of nothing: nbgrader keeps its folder only when it went well.
            if (course / "autograded" / name / "week1").is_dir():
                found[name] = float(submission.score)
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", help="attacks to run; all of them for none")
    parser.add_argument("--inside", choices=KINDS, help=argparse.SUPPRESS)
    parser.add_argument("--jobs", type=int, default=2, help="commands at a time")
    parser.add_argument("--kind", choices=KINDS, help="only this course")
    chosen = parser.parse_args()
    if chosen.inside:
        _inside(chosen.inside)
        return
    for kind, name, row in run(chosen.names, [chosen.kind] if chosen.kind else KINDS, chosen.jobs):
        record(kind, name, row)
        print(f"{kind:8}{name:28}{json.dumps(row)}", flush=True)


if __name__ == "__main__":
    main()
