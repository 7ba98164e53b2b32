"""How long a learner waits for check(): in a running kernel, over every exercise, right and not yet written.

    python bench/check_latency.py            a table
    python bench/check_latency.py --json     one JSON document
    python bench/check_latency.py --check    and exit status 1 when the 95th percentile is above 0.3 s

Two clocks: the kernel's own around check(), and the client's from sending the cell to hearing that the kernel is idle
again, which is what a learner feels in JupyterLab. The first check of a kernel is said apart: it starts the private
Redis and loads pytest. Beside it stands `nbgrader validate` of the same notebooks, which runs a notebook from top to
bottom in a new kernel: the ratio of the two survives another machine, milliseconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from rich.console import Console
from rich.table import Table

from grader.authoring.exercises import read_sources
from grader.checks import Exercise, catalog

ROOT = Path(__file__).resolve().parents[1]
AIM, LIMIT = 0.15, 0.3  # seconds
PREPARE = """
from time import perf_counter
from grader.notebook import check
def timed(slug):
    start = perf_counter()
    try:
        check(slug)
    except Exception:
        pass  # a red check raises; the time is the same
    print(f"took {perf_counter() - start}")
"""


@dataclass(frozen=True, slots=True)
class Notebook:
    """One notebook's times, in seconds: of each check in the kernel and at the client, of one validation."""

    name: str
    exercises: int
    kernel: list[float]
    client: list[float]
    validate: float | None

    @property
    def ratio(self) -> float | None:
        """How many checks there are in the time of one validation."""
        return None if self.validate is None else self.validate / median(self.client)


@dataclass(frozen=True, slots=True)
class Latency:
    """Everything measured, in seconds."""

    first: float
    notebooks: list[Notebook]

    @property
    def kernel(self) -> list[float]:
        """All times in the kernel."""
        return [seconds for each in self.notebooks for seconds in each.kernel]

    @property
    def client(self) -> list[float]:
        """All round trips."""
        return [seconds for each in self.notebooks for seconds in each.client]


def p95(seconds: list[float]) -> float:
    """The 95th percentile."""
    return quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]


def measure(wanted: Iterable[Exercise], repeat: int, validate: bool) -> Latency:
    """Check each exercise `repeat` times with its solution and with its starter, in one kernel."""
    groups: dict[str, list[Exercise]] = {}
    for exercise in wanted:
        if exercise.file is None:
            groups.setdefault(exercise.notebook, []).append(exercise)
    sources = read_sources(ROOT, catalog(), [e for group in groups.values() for e in group])
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        course = Path(folder)
        (course / "modules").mkdir()
        shutil.copytree(ROOT / "notebooks", course / "notebooks")
        environment = {k: v for k, v in os.environ.items() if k != "REDIS_URL"}
        manager, client = start_new_kernel(cwd=str(course / "notebooks"), env=environment)
        try:
            run(client, PREPARE)
            first = next(iter(sources))
            run(client, sources[first].solution)
            warm_up = took(client, first)[1]
            notebooks = []
            for name, exercises in groups.items():
                times: list[tuple[float, float]] = []
                for exercise in exercises:
                    for text in (sources[exercise.slug].starter, sources[exercise.slug].solution):
                        run(client, text)
                        times += [took(client, exercise.slug) for _ in range(repeat)]
                validation = validation_of(course / "notebooks" / f"{name}.ipynb") if validate else None
                kernel, round_trips = zip(*times, strict=True)
                notebooks.append(Notebook(name, len(exercises), list(kernel), list(round_trips), validation))
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return Latency(warm_up, notebooks)


def run(client: BlockingKernelClient, code: str) -> str:
    """Run a cell; returns what it printed. An unsolved predict cell may well raise."""
    printed: list[str] = []
    client.execute_interactive(
        code, timeout=60, output_hook=lambda message: printed.append(message["content"].get("text", ""))
    )
    return "".join(printed)


def took(client: BlockingKernelClient, slug: str) -> tuple[float, float]:
    """Seconds of one check in the kernel, and of the whole round trip."""
    start = time.perf_counter()
    printed = run(client, f"timed({slug!r})")
    round_trip = time.perf_counter() - start
    return float(printed.partition("took ")[2].split()[0]), round_trip


def validation_of(notebook: Path) -> float | None:
    """Seconds of one `nbgrader validate`; None where the notebook has not been built."""
    if not notebook.is_file():
        return None
    # nbgrader finds its programs by name.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    start = time.perf_counter()
    subprocess.run(["nbgrader", "validate", notebook.name], cwd=notebook.parent, env=environment, capture_output=True)
    return time.perf_counter() - start


def show(latency: Latency) -> None:
    """As a table, in milliseconds."""
    table = Table(title="check(), milliseconds", title_justify="left")
    table.add_column("notebook", no_wrap=True)
    for name in ("exercises", "in kernel", "95 %", "at client", "95 %", "validate", "ratio"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in latency.notebooks:
        validate = ("-", "-") if each.validate is None else (f"{each.validate * 1000:.0f}", f"{each.ratio:.0f}")
        table.add_row(each.name, str(each.exercises), *figures(each.kernel), *figures(each.client), *validate)
    table.add_section()
    ratios = [each.ratio for each in latency.notebooks if each.ratio is not None]
    total = str(sum(each.exercises for each in latency.notebooks))
    ratio = f"{median(ratios):.0f}" if ratios else "-"
    table.add_row("all", total, *figures(latency.kernel), *figures(latency.client), "", ratio, style="bold")
    console = Console(width=max(Console().width, 110))
    console.print(table)
    console.print(f"The first check of a kernel: {latency.first * 1000:.0f} ms. Aim {AIM * 1000:.0f}, ", end="")
    console.print(f"limit {LIMIT * 1000:.0f} ms for 95 % at the client.")
    console.print("validate: `nbgrader validate` of the whole notebook; ratio: how many checks go into that time.")


def figures(seconds: list[float]) -> tuple[str, str]:
    """Median and 95th percentile in milliseconds."""
    return f"{median(seconds) * 1000:.0f}", f"{p95(seconds) * 1000:.0f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", help="weeks, notebooks or exercises; everything by default")
    parser.add_argument("--repeat", type=int, default=5, help="checks of each answer")
    parser.add_argument("--no-validate", action="store_true", help="leave nbgrader validate out")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--check", action="store_true", help=f"status 1 when 95 %% take more than {LIMIT:g} s")
    asked = parser.parse_args()
    wanted = catalog().select(asked.words) if asked.words else list(catalog())
    latency = measure(wanted, asked.repeat, not asked.no_validate)
    if asked.json:
        summary = {"median": median(latency.client), "p95": p95(latency.client), "aim": AIM, "limit": LIMIT}
        print(json.dumps({**asdict(latency), "round_trip": summary}, indent=2))
    else:
        show(latency)
    return int(asked.check and p95(latency.client) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
