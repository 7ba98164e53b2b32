"""A server that is wrong in one way, for the checks to find.

    python -m wrong_servers                       what there is
    python -m wrong_servers text-for-bytes --port 6391

Each module here is one misconception. Its docstring completes the sentence "a server that …", `STAGE` names the stage
whose check has to catch it, and `spoil()` makes the reference wrong: it is called when all of the reference is imported
and before it serves. Everything behind the name goes to ``python -m miniredis``. `course zoo` runs them all and writes
down which stage catches which.
"""

from __future__ import annotations

import importlib
import pkgutil
import runpy
import sys
from pathlib import Path

import miniredis


def main() -> int:
    """Spoil and serve, or list what there is."""
    names = sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if not m.name.startswith("_"))
    if len(sys.argv) < 2:
        for name in names:
            wrong = importlib.import_module(f"wrong_servers.{name}")
            print(f"{name.replace('_', '-')}: a server that {' '.join((wrong.__doc__ or '').split())}")
        return 0
    name = sys.argv[1].replace("-", "_")
    if name not in names:
        print(f"There is no wrong server called {sys.argv[1]}; `python -m wrong_servers` lists them.", file=sys.stderr)
        return 2
    for module in pkgutil.walk_packages(miniredis.__path__, "miniredis."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module(f"wrong_servers.{name}").spoil()
    del sys.argv[1]
    runpy.run_module("miniredis", run_name="__main__")
    return 0


sys.exit(main())
