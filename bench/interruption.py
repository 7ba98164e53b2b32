"""A grading run that is killed in the middle, and its gradebook beside that of an undisturbed one.

    python bench/interruption.py 200

Grades so many submissions of week 1 twice. One of the two runs gets a SIGKILL when half of them are marked, and the
same command again. Status 1 where the two gradebooks differ in any row that says something about learners.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cohorts import Works, course_folder, students
from rich.console import Console

from tests.cohort.kit import dump

WEEK = "week1"
COMMAND = [sys.executable, "-m", "grader.cli", "cohort", "grade", WEEK, "--jobs", "2"]

out = Console()


def marked(folder: Path) -> int:
    """How many submissions have marks that are kept."""
    return len(list((folder / ".course" / "marks").rglob("*.json")))


def grade(folder: Path) -> str:
    """Run the command to its end; the last line it says."""
    done = subprocess.run(COMMAND, cwd=folder, capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"It ended with status {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout.strip().splitlines()[-1]


def grade_killed(folder: Path, at: int) -> str:
    """The same, killed when `at` submissions are marked, and again."""
    process = subprocess.Popen(COMMAND, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and marked(folder) < at:
        time.sleep(0.05)  # between two looks
    process.send_signal(signal.SIGKILL)
    process.wait()
    out.print(f"Killed when {marked(folder)} were marked.")
    return grade(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("submissions", type=int, nargs="?", default=200)
    count = parser.parse_args().submissions
    with tempfile.TemporaryDirectory(prefix="course-bench-") as temporary:
        top = Path(temporary)
        works = Works([WEEK], top / "solved")
        undisturbed, killed = (course_folder(top / name, [WEEK]) for name in ("undisturbed", "killed"))
        for each in students(count):
            works.hand_in(each, undisturbed / "submitted")
        shutil.copytree(undisturbed / "submitted", killed / "submitted")
        out.print(grade(undisturbed))
        out.print(grade_killed(killed, count // 2))
        one, other = dump(undisturbed), dump(killed)
    out.print({name: f"{len(rows)} rows" for name, rows in one.items()})
    out.print("The gradebooks are the same." if one == other else "The gradebooks DIFFER.")
    return 0 if one == other else 1


if __name__ == "__main__":
    sys.exit(main())
