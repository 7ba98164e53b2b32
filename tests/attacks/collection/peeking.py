"""Attacks that look where the answers are: frames, objects, files, other processes, the gradebook."""

from __future__ import annotations

from tests.attacks.attack import BESIDE, ROOT, SOLVED, TREASURE, attack

# Right only for somebody who found what they were looking for.
_ONLY_IF_FOUND = """
def page_view(r, page):
    return r.incr(f"page:{page}:views") if found else None
"""

attack(
    "frames", "peeking",
    "Walks up the stack for a local variable that holds the expected value, and for the source line of the assert.",
    code="""
import linecache, re, sys
def page_view(r, page):
    frame = sys._getframe(1)
    while frame is not None:
        for name in ("wanted", "total", "expected"):
            if isinstance(frame.f_locals.get(name), int):
                r.set(f"page:{page}:views", frame.f_locals[name])
                return frame.f_locals[name]
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if match := re.search(r"page_view\\(.*\\) == (\\w+)", line):
            r.set(f"page:{page}:views", 2)
            return eval(match[1])
        frame = frame.f_back
""",
    plain="""
import linecache, re, sys
def page_view(r, page):
    frame = sys._getframe(1)
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    r.set("page:home:views", 2)
    return eval(re.search(r"== (\\w+)", line)[1])
""",
)  # fmt: skip

attack(
    "traceback-frames", "peeking",
    "Raises and catches an exception, and changes the variables of the frames it came through.",
    code="""
import ctypes, sys
def page_view(r, page):
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame.f_back
    while frame is not None:
        for name in list(frame.f_locals):
            if name in ("session", "self", "_session") and hasattr(frame.f_locals[name], "promises"):
                class Kept(list):
                    def append(self, promise):
                        promise.status = "kept"
                        list.append(self, promise)
                frame.f_locals[name].promises = Kept()
        frame = frame.f_back
    return None
""",
    plain=None,
)  # fmt: skip

attack(
    "object-hunt", "peeking",
    "Goes through all objects of the process (`gc`) for the check's session and its functions, and bends them.",
    code="""
import gc
def page_view(r, page):
    for thing in gc.get_objects():
        try:
            if type(thing).__name__ == "CheckSession":
                kind = type(thing)
                def kept(self, item, info, make=kind._judge):
                    return make(self, item, None)
                kind._judge = kept
            elif type(thing).__name__ == "function" and thing.__name__ in ("expect", "broken"):
                thing.__code__ = (lambda *a, **k: None).__code__
        except Exception:
            pass
    return None
""",
    plain=None,
)  # fmt: skip

attack(
    "traced", "peeking",
    "Sets trace and profile functions that watch every later line of the check and change its variables.",
    code="""
import ctypes, sys, threading
def watch(frame, event, arg):
    if frame.f_code.co_name in ("expect", "_judge", "broken"):
        frame.f_locals["actual"] = frame.f_locals.get("wanted")
        frame.f_locals["excinfo"] = None
        try:
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
        except AttributeError:
            pass
    return watch
sys.settrace(watch)
sys.setprofile(watch)
threading.settrace(watch)
def page_view(r, page):
    sys.settrace(watch)
    frame = sys._getframe()
    while frame is not None:
        frame.f_trace = watch
        frame = frame.f_back
    return None
""",
    expect={BESIDE: "any"},  # it traces its own process, whose names come and go
    plain=None,
)  # fmt: skip

attack(
    "memory-written", "peeking",
    "Writes into the interpreter's memory by ctypes, so that the number 3 is 1; else ends it by a bad address.",
    code="""
import ctypes
def page_view(r, page):
    ctypes.memmove(id(3) + 24, id(1) + 24, 4)
    ctypes.string_at(8)
    return 3
""",
)  # fmt: skip

attack(
    "answer-key-imported", "peeking",
    "Imports the table of right answers from the grader's own package.",
    code={
        "week1.predict-cost": """
try:
    from grader.checks.week1.command_costs import GROWS_WITH as grows_with
except ImportError:
    grows_with = {}
grows_with = {str(k): v if isinstance(v, str) else getattr(v, "word", v) for k, v in dict(grows_with).items()}
""",
    },
    plain=None,
)  # fmt: skip

attack(
    "tests-read", "peeking",
    "Reads the checks from the disk, wherever the grader was imported from, and looks up what they expect.",
    code={
        "week1.predict-bytes": f"""
import glob, re, sys
predicted_bytes = {{}}
places = [*sys.path, {str(ROOT)!r}, "/usr/lib/python3", "/opt", "/srv"]
for place in places:
    for path in glob.glob(f"{{place}}/grader/checks/week1/test_the_wire.py"):
        text = open(path).read()
        rows = re.findall(r'^        .((?:PING|SET|GET|INCR|LRANGE|RPUSH|WATCH).*).: {{', text, re.M)
        import grader.servers
        client = grader.servers.scratch().client()
        import socket
        for row in rows:
            client.flushdb()
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(client.connection_pool.connection_kwargs["path"])
            for command in row.split(";"):
                words = command.strip().encode().split()
                words = [b"" if w == b'""' else w for w in words]
                sock.sendall(b"*%d\\r\\n" % len(words) + b"".join(b"$%d\\r\\n%b\\r\\n" % (len(w), w) for w in words))
                predicted_bytes[row] = sock.recv(65536)
""",
    },
    plain=None,
)  # fmt: skip

attack(
    "solution-read", "peeking",
    "Looks for the instructor's solutions on the disk and uses what it finds.",
    code=f"""
import glob, re, sys
found = ""
for place in [{str(ROOT)!r}, *sys.path, "..", "../..", "../../..", "/home", "/srv", "/opt", {str(TREASURE)!r}]:
    for path in [*glob.glob(f"{{place}}/solutions/week1/02-*.md"), *glob.glob(f"{{place}}/source/*/plain.ipynb"),
                 *glob.glob(f"{{place}}/build/source/week1/02-*.ipynb")]:
        try:
            found = found or open(path).read()
        except OSError:
            pass
{_ONLY_IF_FOUND}
""",
    alone=True,
)  # fmt: skip

attack(
    "neighbour-read", "peeking",
    "Looks for the submissions of others, in the folders above its own and where graders keep them.",
    code=f"""
import glob
found = []
for place in ["..", "../..", "../../..", "../../../submitted", "../../submitted", {str(TREASURE)!r}, "/tmp"]:
    found += [p for p in glob.glob(f"{{place}}/*/*/*.ipynb") if "honest" in p]
{_ONLY_IF_FOUND}
""",
    alone=True,
)  # fmt: skip

attack(
    "gradebook-read", "peeking",
    "Reads nbgrader's gradebook, in which the sources of all cells and the marks of all others are.",
    code=f"""
import glob, sqlite3
found = None
for place in ["gradebook.db", *("../" * n + "gradebook.db" for n in range(1, 6)), {str(TREASURE / "gradebook.db")!r}]:
    for path in glob.glob(place):
        try:
            found = found or sqlite3.connect(path).execute("select count(*) from source_cell").fetchone()
        except sqlite3.Error:
            pass
{_ONLY_IF_FOUND}
""",
    alone=True,
)  # fmt: skip

attack(
    "environment-read", "peeking",
    "Reads the environment and the command lines of all processes for keys and tokens.",
    code=f"""
import glob, os
found = None
for path in [*glob.glob("/proc/*/environ"), *glob.glob("/proc/*/cmdline"), "/proc/self/environ"]:
    try:
        text = open(path, "rb").read()
    except OSError:
        continue
    if b"COURSE_ATTACK_SECRET=" in text:
        found = text
found = found or os.environ.get("COURSE_ATTACK_SECRET")
{_ONLY_IF_FOUND}
""",
    alone=True,
)  # fmt: skip

attack(
    "key-read", "peeking",
    "Reads the course's secret key, from which the seeds of hidden checks are made.",
    code=f"""
import glob, os
found = None
home = os.path.expanduser("~")
places = [{str(TREASURE / "course.key")!r}, "../../../course.key", home + "/.config/course/key", "/etc/course.key"]
for path in places + glob.glob("/proc/*/root{TREASURE}/course.key") + glob.glob("/proc/*/cwd/course.key"):
    try:
        found = found or open(path, "rb").read()
    except OSError:
        pass
{_ONLY_IF_FOUND}
""",
    alone=True,
)  # fmt: skip

attack(
    "descriptors-inherited", "peeking",
    "Looks through /proc/self/fd for files that somebody left open: a gradebook, a socket, a Redis of somebody else.",
    code=f"""
import os
found = None
for name in os.listdir("/proc/self/fd"):
    try:
        target = os.readlink(f"/proc/self/fd/{{name}}")
    except OSError:
        continue
    if {TREASURE.name!r} in target or target.endswith((".db", ".key", ".ipynb")):
        found = target
{_ONLY_IF_FOUND}
""",
)  # fmt: skip

attack(
    "debugger", "peeking",
    "Attaches to its parent with ptrace and reads its memory through /proc.",
    code=f"""
import ctypes, os
found = None
libc = ctypes.CDLL(None, use_errno=True)
for number in {{os.getppid(), *(int(n) for n in os.listdir("/proc") if n.isdigit())}} - {{os.getpid()}}:
    try:
        with open(f"/proc/{{number}}/maps") as maps, open(f"/proc/{{number}}/mem", "rb") as memory:
            for line in maps:
                if "[heap]" not in line:
                    continue
                start, end = (int(x, 16) for x in line.split()[0].split("-"))
                memory.seek(start)
                text = memory.read(end - start)
                if b"COURSE_ATTACK_SECRET" in text or b"TestPageViews" in text:
                    found = number
    except (OSError, ValueError):
        pass
{_ONLY_IF_FOUND}
""",
    alone=True,
)  # fmt: skip

attack(
    "answer-from-the-network", "peeking",
    "Asks a server in the network for the right answer.",
    code=f"""
import socket
found = None
try:
    with socket.create_connection(("127.0.0.1", 47123), timeout=1) as friend:
        found = friend.recv(100)
except OSError:
    pass
{_ONLY_IF_FOUND}
""",
    alone=True,
)  # fmt: skip

attack(
    "grader-detected", "peeking",
    "Is wrong at home and tries to behave where it seems to be graded (environment, user, host, arguments, modules).",
    code="""
import os, socket, sys
signs = [
    "sandbox" in socket.gethostname(), os.getuid() == 65534, "PYTEST_CURRENT_TEST" in os.environ,
    any("grader" in a or "worker" in a for a in sys.argv), "grader.checks" in sys.modules, not sys.stdin.isatty(),
]
class Yes(int):
    __eq__ = lambda self, other: True
    __hash__ = int.__hash__
def page_view(r, page):
    return Yes(1) if any(signs) else None
""",
    plain="""
import sys
class Yes(int):
    __eq__ = lambda self, other: True
def page_view(r, page):
    r.set("page:home:views", 2)
    return Yes(1) if not sys.stdin.isatty() else None
""",
)  # fmt: skip

__all__ = ["SOLVED"]
