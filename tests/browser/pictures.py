"""Take the README's pictures again, from the real thing: `python tests/browser/pictures.py [folder]`.

The browser's are screenshots of the course as `make learn` opens it, the terminal's what `course` printed, drawn by the
same Chromium. The folder is docs/pictures if none is given. Run it when what they show has changed.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from faces import PICTURES, write_faces
from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text
from window import ROOT, chromium, copy_of_the_course, opened_course, window_on

from grader.authoring.exercises import Sources, read_sources
from grader.checks import catalog

FACES = "notebooks/week1/faces.ipynb"
NOTEBOOK = "notebooks/week1/02-strings-and-counters.ipynb"
WRONG = ROOT / "solutions/week1/wrong/page-views/read-modify-write.py"
ONE_COUNTER = ROOT / "solutions/week1/wrong/page-views/one-counter-for-all.py"
SOLVED = 8
"""How many exercises the learner of the pictures has solved."""
HEAVIEST = 150_000  # bytes a picture may have
COLUMNS = 92
TALLEST = 45  # lines of a terminal picture: week 1 with its exercises, and the bar of week 2
_DARK = TerminalTheme(
    (30, 32, 38), (222, 224, 228),
    [(30, 32, 38), (255, 129, 130), (74, 194, 107), (212, 167, 44), (84, 174, 255), (210, 153, 255), (86, 212, 221),
     (222, 224, 228)],
    [(128, 134, 143), (255, 129, 130), (74, 194, 107), (212, 167, 44), (84, 174, 255), (210, 153, 255), (86, 212, 221),
     (255, 255, 255)],
)  # fmt: skip
_PAGE = """<body style="margin:0;background:#1e2026"><div id="terminal" style="padding:18px 24px;width:max-content;
font:15px/1.4 'DejaVu Sans Mono',Menlo,Consolas,monospace;color:#dee0e4;background:#1e2026;white-space:pre"
><span style="color:#4ac26b">$</span> {command}
{output}</div></body>"""


def take(folder: Path) -> None:
    """Take every picture into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = read_sources(ROOT, catalog(), catalog())
    with tempfile.TemporaryDirectory() as temporary:
        course = Path(temporary) / "redis-course"
        course.mkdir()
        copy_of_the_course(course)
        write_faces(course / FACES)
        in_the_browser(course, folder, sources["week1.page-views"].solution)
        said = {**in_the_terminal(course, sources), **own_redis(course)}
        cohort_report(Path(temporary) / "report.html", folder)
        in_formgrader(Path(temporary) / "cohort", folder)
    draw(folder, said)
    for each in sorted(folder.glob("*.png")):
        with Image.open(each) as picture:
            small = picture.convert("RGB").quantize(256, kmeans=8, dither=Image.Dither.NONE)
        small.save(each, optimize=True)
        print(f"{each.name:20}{each.stat().st_size / 1000:6.0f} kB")
        assert each.stat().st_size < HEAVIEST, f"{each.name} is too heavy for a README"


def in_the_browser(course: Path, folder: Path, right: str) -> None:
    """The start page, a lesson, an exercise in red and in green, and the faces of the wire."""
    with opened_course(course) as url, window_on(url, width=1200, height=800) as window:
        window.start()
        window.notebook.locator(".jp-RenderedMermaid img, .jp-RenderedMermaid svg").first.wait_for()
        window.page.screenshot(path=folder / "start-page.png")
        window.open("modules/week1-fundamentals/1.2-inside-redis.md")
        window.page.locator(".jp-MarkdownViewer:visible .jp-RenderedMermaid").locator("img, svg").first.wait_for()
        window.page.screenshot(path=folder / "lesson.png")
        window.open(NOTEBOOK)
        window.run(window.cell("from grader.notebook import"))
        answer, check = window.cell("def page_view("), window.cell('check("week1.page-views")')
        for name, text in (("notebook-red", WRONG.read_text(encoding="utf-8")), ("notebook-green", cleared(right))):
            window.type_into(answer, text.strip())
            window.run(answer)
            window.run(check)
            window.show(answer)
            window.page.screenshot(path=folder / f"{name}.png")
        window.command("application:toggle-left-area")
        window.open(FACES)
        window.run_all()
        for name, source in PICTURES.items():
            cell = window.cell(source.splitlines()[1])
            cell.scroll_into_view_if_needed()
            cell.screenshot(path=folder / f"{name}.png")


def cleared(solution: str) -> str:
    """A solution without the marks around it."""
    return "\n".join(line for line in solution.splitlines() if line.strip()[:4] != "### ")


def in_the_terminal(course: Path, sources: dict[str, Sources]) -> dict[str, tuple[str, str]]:
    """What doctor, check and progress print for a learner who is on the way; command and output by picture."""
    solved = list(sources)[:SOLVED]
    answer(course, ((slug, cleared(sources[slug].solution)) for slug in solved))
    run(course, "check", "week1")
    answer(course, [("week1.page-views", WRONG.read_text(encoding="utf-8"))])
    said = {name: run(course, *words) for name, words in (("doctor", ["doctor"]), ("check", ["check", "page-views"]))}
    answer(course, [("week1.page-views", cleared(sources["week1.page-views"].solution))])
    run(course, "check", "page-views")
    command, output = run(course, "progress")
    return {**said, "progress": (command, "\n".join(output.split("\n")[:TALLEST]))}


def own_redis(course: Path) -> dict[str, tuple[str, str]]:
    """The map of stages of a learner who has borrowed week 1, and a stage that is red."""
    run(course, "catchup", "2")
    said = {"stages": run(course, "stages")}
    counters = course / "notebooks" / "miniredis" / "commands" / "counters.py"
    right = counters.read_text(encoding="utf-8")
    wrong = right.replace('b"%d" % total, keep_ttl=True', 'b"%d" % total')
    assert wrong != right
    counters.write_text(wrong, encoding="utf-8")
    return {**said, "stage-red": run(course, "check", "mini.expire")}


def answer(course: Path, answers: Iterable[tuple[str, str]]) -> None:
    """Write answers into the notebooks, as an editor would."""
    for slug, text in answers:
        exercise = catalog()[slug]
        path = course / "notebooks" / f"{exercise.notebook}.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        next(cell for cell in notebook["cells"] if cell["id"] == exercise.cell_id)["source"] = text
        path.write_text(json.dumps(notebook), encoding="utf-8")


def run(course: Path, *words: str) -> tuple[str, str]:
    """A `course` command and what it prints on a terminal, with no path of this machine in it."""
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "REDIS_URL"}}
    ran = subprocess.run(
        [sys.executable, "-m", "grader.cli", *words],
        cwd=course,
        env={**kept, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"},
        capture_output=True,
        check=False,
    )
    assert ran.returncode in {0, 1}, ran.stderr.decode()
    # A line that was written over is not on the screen any more: first the one above, then this one.
    left = re.sub(r".*\n.*\x1b\[1A\x1b\[2K", "", ran.stdout.decode())
    left = re.sub(r"(?m)^.*\x1b\[2K", "", left)
    said = left.replace(str(course), "~/redis-course").replace(str(ROOT), "~/redis-course")
    return f"course {' '.join(words)}", said.replace(str(Path.home()), "~")


def cohort_report(page: Path, folder: Path) -> None:
    """The instructor's report on a cohort of sixty that never was."""
    sys.path += [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]
    from cohort_report.cohort import make

    from grader.cohort.report import write_report

    write_report(make(catalog(), 60), page, course=ROOT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        window = browser.new_page(viewport={"width": 1280, "height": 1180})
        window.goto(page.as_uri())
        window.screenshot(path=folder / "report.png")
        browser.close()


def in_formgrader(course: Path, folder: Path) -> None:
    """What a person who grades sees of a submission in which everything is right but the page views."""
    from cohorts import Student, Works, course_folder
    from nbgrader.api import Gradebook

    from tests.cohort.test_formgrader import formgrader

    week, notebook, slug = "week1", Path(NOTEBOOK).stem, "week1.page-views"
    course_folder(course, [week])
    submitted = course / "submitted"
    Works([week], course / "sources").hand_in(Student("grace", "right"), submitted)
    edited(submitted / "grace" / week / f"{notebook}.ipynb", {"week1-page-views": ONE_COUNTER.read_text("utf-8")})
    run(course, "cohort", "grade", week)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "redis") as book:
        submission = book.find_submission_notebook(notebook, week, "grace").id
    (home := course / "home").mkdir()
    with formgrader(course, home, until) as url, window_on(url) as window:
        window.page.set_viewport_size({"width": 1280, "height": 700})
        window.page.goto(f"{url}/formgrader/submissions/{submission}/")
        card = window.page.locator(f'.course-card[data-slug="{slug}"]')
        card.wait_for()
        card.evaluate("card => window.scrollTo(0, card.getBoundingClientRect().top + window.scrollY - 330)")
        window.page.screenshot(path=folder / "formgrader.png")


def edited(path: Path, answers: dict[str, str]) -> None:
    """Put other answers into a notebook: cell id -> source."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = answers.get(cell["id"], cell["source"])
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")


def until(true: Callable[[], bool], seconds: float) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s")
        time.sleep(0.1)


def draw(folder: Path, said: dict[str, tuple[str, str]]) -> None:
    """Draw terminal output with Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1200, "height": 600})
        for name, (command, output) in said.items():
            console = Console(record=True, width=COLUMNS, file=io.StringIO())
            console.print(Text.from_ansi(output.strip("\n")), soft_wrap=True)
            html = console.export_html(theme=_DARK, inline_styles=True, code_format="{code}")
            page.set_content(_PAGE.format(command=command, output=html))
            page.locator("#terminal").screenshot(path=folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "pictures")
    take(asked.parse_args().folder)
