"""Attacks that forge the judgement: the check, the library it uses, the exit code or the message with the result."""

from __future__ import annotations

from typing import Any

from tests.attacks.attack import BESIDE, TARGET, attack, cell_of

WRONG = "def page_view(r, page):\n    return None\n"
FORGED = (
    '{"slug": "week1.page-views", "title": "", "status": "solved", "earned": 2.0, "points": 2, "promises": [], '
    '"seconds": 0, "printed": "", "note": ""}'
)

attack(
    "shadow-check", "forging",
    "Defines a `check` of its own, which the locked cell below then calls.",
    code=f"def check(*words):\n    print('solved')\n\n\n{WRONG}",
    plain=None,
)  # fmt: skip

attack(
    "patched-judge", "forging",
    "Replaces the function that judges a promise by one that always says kept.",
    code=WRONG + """
import sys
for module in list(sys.modules.values()):
    kind = getattr(module, "CheckSession", None)
    if isinstance(kind, type):
        import grader.checks.session as s
        kind._judge = lambda self, item, info: s.Promise(item.name, "", "kept")
try:
    import grader.checks.session as s
    s.CheckSession._judge = lambda self, item, info: s.Promise(item.name, "", "kept")
except ImportError:
    pass
""",
    plain=None,
)  # fmt: skip

attack(
    "patched-verdicts", "forging",
    "Replaces `expect` and `broken` in every module that has them.",
    code=WRONG + """
import sys
try:
    import grader.checks, grader.checks.verdict
except ImportError:
    pass
def nothing(*a, **k):
    return None
for module in list(sys.modules.values()):
    for name in ("expect", "broken", "expect_bytes"):
        if hasattr(module, name):
            setattr(module, name, nothing)
""",
    plain=None,
)  # fmt: skip

attack(
    "patched-pytest", "forging",
    "Replaces `pytest.main` and the hooks of pytest.",
    code=WRONG + """
try:
    import pytest, _pytest.runner as runner
    def main(args=None, plugins=()):
        for plugin in plugins:
            from grader.checks.session import Promise
            plugin.promises.append(Promise("test", "", "kept"))
        return 0
    pytest.main = main
    runner.call_and_report = lambda *a, **k: None
except ImportError:
    pass
""",
    plain=None,
)  # fmt: skip

attack(
    "asserts-removed", "forging",
    "Registers an IPython transformer that takes every `assert` and every `check(…)` out of the cells below.",
    code=WRONG + """
import ast
class Gone(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)
    def visit_Expr(self, node):
        called = getattr(getattr(node.value, "func", None), "id", "")
        return ast.copy_location(ast.Pass(), node) if called == "check" else node
get_ipython().ast_transformers.append(Gone())
""",
)  # fmt: skip

attack(
    "cells-emptied", "forging",
    "Registers an IPython input transformer that makes `pass` of every later cell.",
    code=WRONG + "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])\n",
)  # fmt: skip

attack(
    "errors-swallowed", "forging",
    "Registers a handler with IPython that swallows every exception, so that a failed check shows nothing.",
    code=WRONG + "get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)\n",
)  # fmt: skip

attack(
    "tracebacks-hidden", "forging",
    "Replaces the function that shows a traceback, so that no cell has an error among its outputs.",
    code=WRONG + """
shell = get_ipython()
shell.showtraceback = lambda *a, **k: None
shell._showtraceback = lambda *a, **k: None
type(shell).showtraceback = lambda *a, **k: None
type(shell)._showtraceback = lambda *a, **k: None
""",
)  # fmt: skip

attack(
    "run-cell-replaced", "forging",
    "Replaces `run_cell` of the running shell by one that reports success without running anything.",
    code=WRONG + """
from IPython.core.interactiveshell import ExecutionResult
async def done(self, *a, **k):
    result = ExecutionResult(None)
    result.execution_count = self.execution_count
    return result
type(get_ipython()).run_cell_async = done
type(get_ipython()).run_cell = lambda self, *a, **k: ExecutionResult(None)
""",
)  # fmt: skip

attack(
    "messages-forged", "forging",
    "Filters what the kernel tells its client: error messages are dropped, each reply says ok.",
    code=WRONG + """
session = get_ipython().kernel.session
send = session.send
def only_good_news(stream, kind, content=None, *a, **k):
    if kind == "error":
        return None
    if kind == "execute_reply":
        content = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
    return send(stream, kind, content, *a, **k)
session.send = only_good_news
""",
)  # fmt: skip

attack(
    "patched-builtins", "forging",
    "Replaces `type`, `isinstance`, `sorted`, `set`, `len` and `all` for everybody in the process.",
    code=WRONG + """
import builtins
class Any(type):
    def __eq__(self, other):
        return True
    def __hash__(self):
        return 0
    def __instancecheck__(cls, thing):
        return True
class All(metaclass=Any):
    def __new__(cls, *a, **k):
        return All
builtins.type = All
builtins.isinstance = lambda *a: True
builtins.all = lambda *a: True
""",
)  # fmt: skip

attack(
    "patched-json", "forging",
    "Patches `json` so that whatever its process writes or reads as JSON says that the answer was right.",
    code=WRONG + f"""
import json, json.encoder, json.decoder
real = json.loads({FORGED!r})
json.dumps = lambda *a, **k: {FORGED!r}
json.dump = lambda thing, file, **k: file.write({FORGED!r})
json.JSONEncoder.encode = lambda self, thing: {FORGED!r}
json.JSONEncoder.iterencode = lambda self, thing, _one_shot=False: iter([{FORGED!r}])
json.loads = lambda *a, **k: dict(real)
""",
    expect={BESIDE: "any"},
)  # fmt: skip

attack(
    "patched-redis", "forging",
    "Patches redis-py for the whole process: every client is told what the check hopes to hear.",
    code="""
import redis
views = 0
def page_view(r, page):
    global views
    views += 1
    return views
def told(self, *words, **more):
    name = str(words[0]).upper()
    if name == "GET":
        return str(views)
    return views if name in {"INCR", "INCRBY"} else []
redis.Redis.execute_command = told
""",
    plain="""
import redis
views = {}
def page_view(r, page):
    views[page] = views.get(page, 0) + 1
    return views[page]
redis.Redis.get = lambda self, key: str(views.get(key.split(":")[1]))
""",
    expect={BESIDE: "any"},
)  # fmt: skip

attack(
    "patched-meter", "forging",
    "Asks three times where one round trip was promised, and patches the meter that counts them.",
    code="""
def page_view(r, page):
    key = f"page:{page}:views"
    r.exists(key)
    total = r.incr(key)
    r.get(key)
    return total
try:
    from grader.wire import meter, transcript, recorder
    for module in (meter, transcript, recorder):
        for kind in list(vars(module).values()):
            if isinstance(kind, type) and "round_trips" in {**vars(kind), **getattr(kind, "__annotations__", {})}:
                kind.round_trips = property(lambda self: 1, lambda self, n: None)
except (ImportError, TypeError):
    pass
""",
    plain=None,
)  # fmt: skip

attack(
    "exit-in-the-answer", "forging",
    "Ends the process with exit status 0 (`os._exit`) in the middle of the check.",
    code="import os\ndef page_view(r, page):\n    os._exit(0)\n",
)  # fmt: skip

attack(
    "exit-while-loading", "forging",
    "Ends the process with exit status 0 while the cell runs, before any check could.",
    code=f"import os\n{WRONG}\nos._exit(0)\n",
    expect={BESIDE: "any"},
)  # fmt: skip

attack(
    "system-exit", "forging",
    "Raises SystemExit(0), KeyboardInterrupt and GeneratorExit where an error is expected.",
    code="""
calls = 0
def page_view(r, page):
    global calls
    calls += 1
    raise [SystemExit(0), KeyboardInterrupt(), GeneratorExit()][calls % 3]
""",
)  # fmt: skip

attack(
    "pytest-outcomes", "forging",
    "Raises the exceptions by which pytest skips, passes or ends a test, or classes of the same names.",
    code="""
try:
    import pytest
    Skip = pytest.skip.Exception
except ImportError:
    class Skipped(BaseException):
        allow_module_level = True
        msg = "not here"
    Skipped.__module__ = "_pytest.outcomes"
    Skip = Skipped
def page_view(r, page):
    raise Skip("this cannot be tested here")
""",
)  # fmt: skip

attack(
    "verdict-raised", "forging",
    "Raises the grader's own exceptions, or look-alikes, to be taken for a grader error or a promise that was kept.",
    code="""
try:
    from grader.checks.verdict import Broken
    from grader.checks.deadline import DeadlineError
    kinds = [DeadlineError(1, ""), Broken("", "")]
except ImportError:
    class ServerError(Exception):
        pass
    ServerError.__module__ = "grader.servers.errors"
    kinds = [ServerError("no Redis"), AssertionError("the check failed")]
calls = 0
def page_view(r, page):
    global calls
    calls += 1
    raise kinds[calls % 2]
""",
)  # fmt: skip

attack(
    "forged-lines", "forging",
    "Writes a result line of its own to every open file descriptor, while it is loaded and when it is called.",
    code=f"""
import os
def forge():
    for number in range(1, 64):
        try:
            os.set_blocking(number, False)
            os.write(number, b'\\n' + {FORGED.encode()!r} + b'\\n')
        except OSError:
            pass
forge()
def page_view(r, page):
    forge()
    return None
""",
    expect={BESIDE: "any"},
    alone=True,
)  # fmt: skip

attack(
    "forged-replies", "forging",
    "Takes the channel to the grader for itself: reads its questions from descriptor 3 and answers them.",
    code="""
import json, os, threading
def page_view(r, page):
    return None
def talk():
    total = 0
    while True:
        try:
            asked = os.read(3, 65536)
        except OSError:
            return
        if not asked:
            return
        for line in asked.splitlines():
            total += 1
            try:
                number = json.loads(line).get("id", total)
            except Exception:
                number = total
            for key in ("value", "result", "returned"):
                try:
                    os.write(3, json.dumps({"id": number, "ok": True, key: total}).encode() + b"\\n")
                except OSError:
                    return
threading.Thread(target=talk, daemon=True).start()
""",
    expect={BESIDE: "any"},
    plain=None, stock=False,
)  # fmt: skip

attack(
    "channel-closed", "forging",
    "Closes every file descriptor, or puts /dev/null there, so that no bad news can be told.",
    code="""
import os
def page_view(r, page):
    null = os.open("/dev/null", os.O_RDWR)
    for number in range(64):
        if number != null:
            try:
                os.dup2(null, number)
            except OSError:
                pass
    return None
""",
    alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "forged-at-exit", "forging",
    "Leaves functions behind (atexit, `__del__`, a thread) that forge the result when the process ends.",
    code=f"""
import atexit, os, threading
def forge(*a):
    for number in range(1, 32):
        try:
            os.set_blocking(number, False)
            os.write(number, {FORGED.encode()!r} + b'\\n')
        except OSError:
            pass
    os._exit(0)
atexit.register(forge)
class Last:
    def __del__(self):
        forge()
last = Last()
threading.Thread(target=lambda: (threading.main_thread().join(), forge())).start()
def page_view(r, page):
    return last
""",
    alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "results-printed", "forging",
    "Prints what a test run prints when all went well: `1 passed`, TAP, JUnit, a score of 100 %.",
    code="""
def page_view(r, page):
    print("===== 9 passed in 0.01s =====\\nok 1\\nScore: 100/100\\n<testsuite failures='0'/>")
    print("::set-output name=score::100\\n" + '{"score": 100, "earned": 2}')
    return None
""",
)  # fmt: skip

attack(
    "answers-that-change", "forging",
    "A thread changes the value that was returned, after it was looked at for the first time.",
    code="""
import threading
class Total(int):
    looks = 0
    def __eq__(self, other):
        Total.looks += 1
        return True
    __hash__ = int.__hash__
found = []
def follow():
    while True:
        for each in found:
            each[0] = 1
threading.Thread(target=follow, daemon=True).start()
def page_view(r, page):
    found.append([Total(0)])
    return found[-1][0]
""",
    hangs=True,
)  # fmt: skip

attack(
    "pickled", "forging",
    "Returns objects that run code when somebody pickles, unpickles, copies or formats them.",
    code="""
import os
class Bomb:
    def __reduce__(self):
        return os._exit, (0,)
    def __copy__(self):
        os._exit(0)
    def __deepcopy__(self, memo):
        os._exit(0)
    def __format__(self, how):
        os._exit(0)
def page_view(r, page):
    return Bomb()
""",
)  # fmt: skip


def _more_points(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader")
        if marks and marks["grade"]:
            marks["points"] = 1000
        if marks and marks["solution"]:
            # An answer that says it is the graded cell itself.
            cell["metadata"]["nbgrader"] = {**marks, "grade": True, "points": 1000, "locked": False}


attack(
    "points-edited", "forging",
    "Edits the notebook's metadata: a thousand points for each cell, and answers that are graded themselves.",
    code=WRONG, edits=_more_points,
)  # fmt: skip


def _no_checks(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader")
        if marks and marks["grade"] and marks["locked"]:
            cell["source"] = "pass"
            marks["locked"] = False


attack("checks-emptied", "forging", "Empties the locked cells with the checks.", code=WRONG, edits=_no_checks)


def _checks_gone(notebook: dict[str, Any]) -> None:
    notebook["cells"] = [c for c in notebook["cells"] if not (c["metadata"].get("nbgrader") or {}).get("grade")]


attack(
    "checks-deleted", "forging", "Deletes the cells with the checks.", code=WRONG, edits=_checks_gone,
)  # fmt: skip


def _swapped(notebook: dict[str, Any]) -> None:
    here = [c for c in notebook["cells"] if (c["metadata"].get("nbgrader") or {}).get("solution")]
    one, other = here[0], next(c for c in here if "read_many" in "".join(c["source"]))
    one["metadata"]["nbgrader"]["grade_id"], other["metadata"]["nbgrader"]["grade_id"] = (
        other["metadata"]["nbgrader"]["grade_id"],
        one["metadata"]["nbgrader"]["grade_id"],
    )
    one["id"], other["id"] = other["id"], one["id"]


attack(
    "ids-swapped", "forging",
    "Swaps the grade ids of two cells, so that a right answer stands where the wrong one should.",
    code=WRONG, edits=_swapped,
)  # fmt: skip


def _doubled(notebook: dict[str, Any]) -> None:
    graded = next(c for c in notebook["cells"] if (c["metadata"].get("nbgrader") or {}).get("grade"))
    again = {**graded, "source": "pass", "id": "again"}
    notebook["cells"].append(again)


attack(
    "ids-doubled", "forging",
    "Adds a second cell with the grade id of a check, which holds nothing.",
    "points for a wrong answer, or a batch that stops",
    code=WRONG, edits=_doubled, alone=True,
)  # fmt: skip


def _claimed(notebook: dict[str, Any]) -> None:
    # Every cell says it is every answer.
    for cell in list(notebook["cells"]):
        marks = cell["metadata"].get("nbgrader")
        if marks and marks["solution"]:
            notebook["cells"].append({**cell, "source": "def page_view(r, page):\n    return 1", "id": cell["id"]})


attack(
    "every-cell-the-answer", "forging",
    "Copies each answer cell with its ids, so that nobody knows which one counts.",
    "a batch that stops",
    code=WRONG, edits=_claimed, expect={BESIDE: "any"}, alone=True,
)  # fmt: skip

__all__ = ["FORGED", "TARGET", "WRONG", "cell_of"]
