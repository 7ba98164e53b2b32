"""The same submissions and checks through otter-grader, for `grading.py --otter`.

Otter is no part of the course's environment: it wants versions of its own. Make one for it, and give its programs:

    python -m venv /somewhere && /somewhere/bin/pip install -e . otter-grader "setuptools<80"
    python bench/grading.py --otter /somewhere/bin

`otter run` grades one notebook a command, inside the student's kernel; two commands run at a time here, as ours does.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grader.checks import catalog

AT_A_TIME = 2
_TEST = """\
OK_FORMAT = True

test = {{
    "name": {slug!r},
    "points": {points},
    "suites": [{{
        "cases": [{{"code": {code!r}, "hidden": False, "locked": False}}],
        "scored": True, "setup": "", "teardown": "", "type": "doctest",
    }}],
}}
"""


class Otter:
    """Otter's autograders for the notebooks of `weeks`, made in `folder` by the programs in `programs`."""

    def __init__(self, programs: Path, weeks: Sequence[str], folder: Path) -> None:
        self._program = str(programs / "otter")
        self._environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        self._archives: dict[str, Path] = {}
        for notebook in sorted({e.notebook for e in catalog() if e.notebook.partition("/")[0] in weeks}):
            tests = folder / notebook / "tests"
            tests.mkdir(parents=True)
            for number, e in enumerate(catalog().of_notebook(notebook)):
                code = f">>> from grader.notebook import check\n>>> check({e.slug!r})\n"
                text = _TEST.format(slug=e.slug, points=e.points, code=code)
                (tests / f"q{number}.py").write_text(text, encoding="utf-8")
            archive = self._archives[notebook] = folder / notebook / "autograder.zip"
            self._run("generate", "-t", str(tests), "-o", str(archive), cwd=folder)

    def grade(self, submitted: Path) -> tuple[float, float]:
        """Grade all of ``submitted/``: seconds that went by, and seconds of processor."""
        work = [
            (path, archive)
            for student in sorted(submitted.iterdir())
            for notebook, archive in self._archives.items()
            if (path := student / f"{notebook}.ipynb").is_file()
        ]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(lambda each: self._one(*each), work))
        took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def _one(self, notebook: Path, archive: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="otter-") as out:
            # What a learner's cells import lies beside the notebook.
            here = Path(out) / "submission"
            shutil.copytree(notebook.parent, here)
            self._run("run", "-a", str(archive), "-o", out, str(here / notebook.name), cwd=here, may_fail=True)

    def _run(self, *words: str, cwd: Path, may_fail: bool = False) -> None:
        done = subprocess.run([self._program, *words], cwd=cwd, env=self._environment, capture_output=True, text=True)
        if done.returncode and not may_fail:  # a broken notebook stops its run
            raise SystemExit(f"otter {words[0]} ended with status {done.returncode}: {done.stderr[-2000:]}")
