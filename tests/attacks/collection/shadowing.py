"""Files beside the notebook that a careless grader picks up: configuration, start-up code, modules of known names."""

from __future__ import annotations

from tests.attacks.attack import TOKEN, attack

_WRONG = "def page_view(r, page):\n    return None\n"
_MARK = f"import sys; sys.planted = {TOKEN!r}\n"
# Right only where one of the planted files was run before the answer.
_IF_PLANTED = """
import sys
def page_view(r, page):
    return r.incr(f"page:{page}:views") if hasattr(sys, "planted") else None
"""

attack(
    "pytest-configuration", "shadowing",
    "Hands in conftest.py, pytest.ini, tox.ini, setup.cfg and pyproject.toml that make every test pass.",
    code=_IF_PLANTED,
    extra={
        **{
            f"{folder}conftest.py": (
                _MARK + "import pytest\n"
                "@pytest.hookimpl(hookwrapper=True)\n"
                "def pytest_runtest_makereport(item, call):\n"
                "    call.excinfo = None\n"
                "    yield\n"
            ).encode()
            for folder in ("", "week1/")
        },
        "week1/pytest.ini": b"[pytest]\naddopts = -p conftest --collect-only\npython_files = nothing_*.py\n",
        "week1/tox.ini": b"[pytest]\naddopts = --exitfirst --maxfail=0 -k nothing\n",
        "week1/setup.cfg": b"[tool:pytest]\naddopts = --collect-only\n",
        "week1/pyproject.toml": b"[tool.pytest.ini_options]\naddopts = '--collect-only'\n",
        "week1/.coveragerc": b"[run]\nplugins = conftest\n",
    },
    plain=None,
)  # fmt: skip

attack(
    "start-up-code", "shadowing",
    "Hands in sitecustomize.py, usercustomize.py and a .pth file.",
    code=_IF_PLANTED,
    extra={
        f"{folder}{name}": _MARK.encode()
        for folder in ("", "week1/")
        for name in ("sitecustomize.py", "usercustomize.py", "planted.pth", "__init__.py", "__main__.py")
    },
)  # fmt: skip

attack(
    "jupyter-configuration", "shadowing",
    "Hands in ipython_config.py, jupyter_config.py, nbgrader_config.py and a kernel of its own.",
    code=_IF_PLANTED,
    extra={
        **{
            f"week1/{name}": f"c = get_config()\n{_MARK}".encode()
            for name in ("ipython_config.py", "ipython_kernel_config.py", "jupyter_config.py", "nbgrader_config.py")
        },
        "week1/nbgrader_config.json": b'{"ExecutePreprocessor": {"allow_errors": true, "enabled": false}}',
        "week1/.ipython/profile_default/startup/00.py": _MARK.encode(),
        "week1/kernels/python3/kernel.json": b'{"argv": ["true"], "display_name": "x", "language": "python"}',
    },
)  # fmt: skip

attack(
    "grader-shadowed", "shadowing",
    "Hands in a package `grader` whose `check` is content with everything.",
    code=_WRONG,
    extra={
        "week1/grader/__init__.py": b"",
        "week1/grader/notebook.py": (
            b"import redis\n"
            b"def connect(*a):\n    return None\n"
            b"def check(*a):\n    return None\n"
            b"hint = race = faults = wire = check\n"
        ),
        "week1/grader/resp.py": b"raise SystemExit(0)\n",
        "week1/grader/inside/__init__.py": b"raise SystemExit(0)\n",
    },
    plain=None,
)  # fmt: skip

attack(
    "pytest-shadowed", "shadowing",
    "Hands in modules named pytest, _pytest and pluggy that report success.",
    code=_WRONG,
    extra={
        "week1/pytest.py": b"def main(args=None, plugins=()):\n    return 0\n",
        "week1/_pytest/__init__.py": b"raise SystemExit(0)\n",
        "week1/pluggy.py": b"raise SystemExit(0)\n",
    },
    plain=None,
)  # fmt: skip

attack(
    "library-shadowed", "shadowing",
    "Hands in modules named json, redis, socket, struct and os that lie to whoever imports them later.",
    code="import sys\nfor name in ('json', 'redis', 'socket', 'struct'):\n    sys.modules.pop(name, None)\n" + _WRONG,
    extra={
        "week1/json.py": b"def dumps(*a, **k):\n    return '{\"status\": \"solved\", \"value\": 1}'\nloads = dumps\n",
        "week1/redis.py": b"class Redis:\n    def __init__(self, *a, **k): pass\n    def get(self, *a): return '2'\n"
        b"    def incr(self, *a): return 1\n    def flushdb(self): pass\n    def mset(self, *a): pass\n",
        "week1/socket.py": b"raise SystemExit(0)\n",
        "week1/struct.py": b"raise SystemExit(0)\n",
    },
    expect={"week1.bulk-read": "any"},
)  # fmt: skip


def _other_kernel(notebook: dict[str, object]) -> None:
    notebook["metadata"] = {
        "kernelspec": {"name": "../../../../bin/true", "display_name": "x", "language": "bash"},
        "language_info": {"name": "bash"},
        "jupytext": {"formats": "ipynb,py:percent", "text_representation": {"extension": "../../x"}},
    }


attack(
    "kernel-chosen", "shadowing",
    "Names a kernel of its own choice in the notebook's metadata.",
    "a batch that stops, or a program of its own choice that is run",
    code=_WRONG, edits=_other_kernel, alone=True,
)  # fmt: skip
