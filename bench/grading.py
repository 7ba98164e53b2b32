"""What grading a cohort costs: ours in its sandbox, beside stock nbgrader on the same submissions and the same checks.

    python bench/grading.py                            ratios, from interleaved rounds
    python bench/grading.py --weeks week1 --students 30 --rounds 3
    python bench/grading.py --otter FOLDER             the same with otter-grader as a third (see otters.py)
    python bench/grading.py --flat 50 200 1000         seconds and memory for growing cohorts (--picture FILE draws it)
    python bench/grading.py --workers                  one dask worker against two
    python bench/grading.py --honest 10                the course's own solutions, so many graders at once
    python bench/grading.py --json FILE                what was measured, as JSON

Each round takes its share of the cohort and has it graded by both, each in one command from a cold start. Stock
nbgrader runs the released notebooks, whose check cells call the same checks inside the student's kernel: the same work
without a sandbox. What it does that ours does not: it executes every other cell of the notebook, too. Hostile work is
reported apart, because a stock run can wait for it as long as its timeout says.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from cohorts import Student, Works, course_folder, students
from distributed import Client
from otters import Otter
from rich.console import Console
from rich.progress import track
from rich.table import Table

from grader.servers.process import free_port

out = Console()


def run(words: Sequence[str], folder: Path) -> tuple[float, float]:
    """Run a command in `folder`: seconds that went by, and seconds of processor it and its children used."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    # Status 1: somebody's work was broken; the others are graded.
    if done.returncode not in (0, 1, 3):
        out.print(done.stdout[-2000:], done.stderr[-2000:])
        raise SystemExit(f"{' '.join(words)} ended with status {done.returncode}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, used


def ours(folder: Path, weeks: Sequence[str], jobs: int = 2) -> tuple[float, float]:
    """Grade what is in ``submitted/`` by `course cohort grade`."""
    return run(["-m", "grader.cli", "cohort", "grade", *weeks, "--jobs", str(jobs)], folder)


def stock(folder: Path, weeks: Sequence[str]) -> tuple[float, float]:
    """Grade it by `nbgrader autograde`, one command a week: it takes no more than one assignment."""
    took = used = 0.0
    for week in weeks:
        more = run(["-m", "nbgrader", "autograde", week, "--create"], folder)
        took, used = took + more[0], used + more[1]
    return took, used


def ratios(
    works: Works, cohort: Sequence[Student], weeks: Sequence[str], rounds: int, top: Path, otter: Otter | None
) -> list[dict[str, Any]]:
    """Seconds per submission of each, round by round."""
    names = ["ours", "stock", *(["otter"] if otter is not None else [])]
    folders = {name: course_folder(top / name, weeks) for name in names}
    shares = [cohort[n::rounds] for n in range(rounds)]
    found = []
    for number, share in enumerate(track(shares, "rounds", console=out)):
        row: dict[str, Any] = {"submissions": len(share)}
        for name in names if number % 2 == 0 else reversed(names):
            submitted = folders[name] / "submitted"
            shutil.rmtree(submitted, ignore_errors=True)
            for each in share:
                works.hand_in(each, submitted)
            if name == "otter" and otter is not None:
                took, used = otter.grade(submitted)
            else:
                took, used = ours(folders[name], weeks) if name == "ours" else stock(folders[name], weeks)
            row[name] = {"seconds": took / len(share), "processor": used / len(share)}
        found.append(row)
    return found


def flat(works: Works, sizes: Sequence[int], week: str, top: Path) -> list[dict[str, Any]]:
    """Seconds per submission and bytes of the largest process, for growing cohorts, the smallest first."""
    found = []
    for size in sorted(sizes):
        folder = course_folder(top / f"flat-{size}", [week])
        for each in students(size):
            works.hand_in(each, folder / "submitted")
        took, used = ours(folder, [week])
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        found.append({"students": size, "seconds": took / size, "processor": used / size, "memory": memory})
        out.print(f"{size} students: {took / size:.2f} s each, largest process so far {memory >> 20} MB")
        shutil.rmtree(folder)
    return found


def draw(measured: list[dict[str, Any]], path: Path) -> None:
    """Cost and memory over the size of the cohort: level lines are what is hoped for."""
    from matplotlib.figure import Figure

    sizes = [row["students"] for row in measured]
    figure = Figure(figsize=(7.2, 2.9), layout="constrained")
    panels = (
        ("seconds a submission, two processes", [row["seconds"] for row in measured], "#b3261e"),
        ("MB, the largest process", [row["memory"] / 2**20 for row in measured], "#1f5fa8"),
    )
    for axes, (title, values, colour) in zip(figure.subplots(1, 2), panels, strict=True):
        axes.plot(sizes, values, "o-", color=colour)
        axes.set(xscale="log", xlabel="submissions", ylim=(0, 1.25 * max(values)))
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.set_title(title, fontsize=10, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        for size, value in zip(sizes, values, strict=True):
            axes.annotate(f"{value:.2f}" if value < 10 else f"{value:.0f}", (size, value), (0, 7), fontsize=9,
                          textcoords="offset points", ha="center")  # fmt: skip
    figure.savefig(path, dpi=130)


@contextmanager
def cluster(count: int, folder: Path) -> Iterator[str]:
    """A dask scheduler on loopback and `count` workers of one thread each; its address."""
    dask = [sys.executable, "-m", "dask"]
    address = f"tcp://127.0.0.1:{free_port()}"
    quiet: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    host, port = address.removeprefix("tcp://").split(":")
    started = [subprocess.Popen([*dask, "scheduler", "--host", host, "--port", port, "--no-dashboard"], **quiet)]
    words = ["worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    started += [subprocess.Popen([*dask, *words], **quiet) for _ in range(count)]
    try:
        with Client(address, timeout=30) as client:
            client.wait_for_workers(count, timeout=60)
        yield address
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait()


def workers(works: Works, count: int, weeks: Sequence[str], top: Path) -> dict[str, float]:
    """Seconds of the same cohort on one dask worker and on two: the better of two runs each, taken in turn."""
    seconds: dict[str, float] = {}
    for turn, number in enumerate((1, 2, 2, 1)):
        folder = course_folder(top / f"workers-{turn}", weeks)
        for each in students(count):
            works.hand_in(each, folder / "submitted")
        with cluster(number, folder) as address:
            took, _ = run(["-m", "grader.cli", "cohort", "grade", *weeks, "--cluster", address], folder)
        seconds[str(number)] = min(took, seconds.get(str(number), took))
        shutil.rmtree(folder)
    return seconds


_MARK = """
import sys
from pathlib import Path
from grader.checks import catalog
from grader.marking.marker import Marker
from grader.marking.submission import Submission
folder = Path(sys.argv[1])
files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.suffix in (".ipynb", ".py")}
wanted = [e for e in catalog() if e.notebook.startswith(tuple(f"{w}/" for w in sys.argv[2:]))]
with Marker(catalog(), key=b"bench") as marker:
    marks = marker.mark(Submission("honest", files), wanted)
lost = [r.slug for r in marks.results if r.status not in ("solved", "skipped")]
print(f"{marks.earned:g} of {sum(r.points for r in marks.results)} points in {marks.seconds:.1f} s", *lost)
"""


def honest(count: int, weeks: Sequence[str], solved: Path) -> list[str]:
    """Let `count` graders mark the course's own solutions at the same time; what each of them says."""
    started = [
        subprocess.Popen([sys.executable, "-c", _MARK, str(solved), *weeks], stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    return [each.communicate()[0].strip() for each in started]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", nargs="+", default=["week1", "week2"])
    parser.add_argument("--students", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--otter", type=Path, metavar="FOLDER", help="the programs of an environment that has otter")
    parser.add_argument("--hostile", action="store_true", help="with the hostile ones among them")
    parser.add_argument("--flat", nargs="+", type=int, metavar="STUDENTS")
    parser.add_argument("--picture", type=Path, help="where --flat draws what it measured")
    parser.add_argument("--workers", action="store_true")
    parser.add_argument("--honest", type=int, metavar="GRADERS")
    parser.add_argument("--check", action="store_true", help="status 1 when stock is less than ten times slower")
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    result: dict[str, Any] = {"weeks": wanted.weeks}
    with tempfile.TemporaryDirectory(prefix="course-bench-") as temporary:
        top = Path(temporary)
        works = Works(wanted.weeks, top / "solved")
        if wanted.flat:
            result["flat"] = measured = flat(works, wanted.flat, wanted.weeks[0], top)
            if wanted.picture is not None:
                draw(measured, wanted.picture)
        elif wanted.honest:
            result["honest"] = said = honest(wanted.honest, wanted.weeks, top / "solved")
            out.print("\n".join(said))
        elif wanted.workers:
            result["workers"] = seconds = workers(works, wanted.students, wanted.weeks, top)
            out.print(
                f"one worker {seconds['1']:.1f} s, two {seconds['2']:.1f} s: {seconds['1'] / seconds['2']:.2f} times"
            )
        else:
            cohort = [s for s in students(10 * wanted.students) if wanted.hostile or s.kind != "hostile"]
            otter = Otter(wanted.otter, wanted.weeks, top / "otter-zips") if wanted.otter is not None else None
            result["rounds"] = rows = ratios(works, cohort[: wanted.students], wanted.weeks, wanted.rounds, top, otter)
            _print(rows)
            result["ratio"] = median(r["stock"]["seconds"] / r["ours"]["seconds"] for r in rows)
    if wanted.json is not None:
        wanted.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 1 if wanted.check and result.get("ratio", 10) < 10 else 0


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table("round", "submissions", "ours, s each", "stock, s each", "stock / ours", "by processor time")
    for number, row in enumerate(rows, 1):
        mine, theirs = row["ours"], row["stock"]
        table.add_row(
            str(number),
            str(row["submissions"]),
            f"{mine['seconds']:.2f}",
            f"{theirs['seconds']:.2f}",
            f"{theirs['seconds'] / mine['seconds']:.1f}",
            f"{theirs['processor'] / mine['processor']:.1f}",
        )
    out.print(table)
    quick = median(r["stock"]["seconds"] / r["ours"]["seconds"] for r in rows)
    out.print(f"Stock nbgrader takes {quick:.1f} times as long (median of {len(rows)} rounds).")
    if "otter" in rows[0]:
        each, quick = (median(r["otter"][what] / r["ours"][what] for r in rows) for what in ("processor", "seconds"))
        out.print(f"Otter takes {quick:.1f} times as long, {each:.1f} times the processor time.")


if __name__ == "__main__":
    sys.exit(main())
