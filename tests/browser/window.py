"""A browser window on the course as `make learn` leaves it, for the browser tests and for the README's pictures."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30_000  # milliseconds
_QUIET = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-sandbox",
)  # fmt: skip


def chromium() -> str | None:
    """The path of a Chromium or Chrome on this machine, None without one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


def copy_of_the_course(folder: Path) -> Path:
    """Copy what a learner has into `folder`: no environment, no build, no progress."""
    for name in ("modules", "notebooks", "solutions"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__"))
    for name in ("README.md", "syllabus.md", "nbgrader_config.py"):
        shutil.copyfile(ROOT / name, folder / name)
    return folder


@contextlib.contextmanager
def opened_course(folder: Path) -> Iterator[str]:
    """Run `course learn` in `folder`, as for a learner without Jupyter settings; yields the URL it shows."""
    with tempfile.TemporaryDirectory(prefix="jupyter-") as own:
        places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
        kept = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "COURSE_FOLDER"}}
        process = subprocess.Popen(
            # What it shows of itself in the browser lets a test call JupyterLab's commands by name.
            [sys.executable, "-m", "grader.cli", "learn", "--no-browser", "--", "--LabApp.expose_app_in_browser=True"],
            cwd=folder,
            env={**kept, **{name: f"{own}/{place}" for name, place in places.items()}, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if found := re.search(r"http://127\.0\.0\.1:\S+", line):
                    yield found[0]
                    return
            raise AssertionError(f"course learn did not say where JupyterLab is: {said}")
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


class Window:
    """One page of a browser that shows the course; `requests` holds every URL it has asked for."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.requests: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.set_default_timeout(PATIENCE)

    @property
    def notebook(self) -> Locator:
        """The notebook in front."""
        return self.page.locator(".jp-NotebookPanel:visible")

    def tab(self) -> Window:
        """Another tab of the same browser."""
        return Window(self.page.context.new_page(), self.url)

    def start(self) -> None:
        """Go to the address that `course learn` shows, as a browser that opens it for the first time does."""
        self.page.goto(f"{self.url}&reset")
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        self.page.evaluate("() => window.jupyterapp.restored")
        self._settle()

    def command(self, name: str, **arguments: object) -> None:
        """Run one of JupyterLab's own commands, such as ``notebook:run-all-cells``."""
        self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args) }", [name, arguments]
        )

    def open(self, path: str) -> None:
        """Open a file as a double click in the file browser does."""
        self.command("docmanager:open", path=path)
        if path.endswith(".ipynb"):
            self.notebook.locator(".jp-Cell").first.wait_for()
            # A kernel has to be there, or running a cell asks for one.
            self.page.wait_for_function(
                "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
            )

    def run_all(self) -> None:
        """Run every cell and wait until each has a number."""
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(
            """() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell')].every(
                cell => /\\[\\d+\\]/.test(cell.querySelector('.jp-InputPrompt').textContent))"""
        )

    def cell(self, containing: str) -> Locator:
        """The first code cell whose text contains a word."""
        return self.notebook.locator(
            ".jp-CodeCell", has=self.page.locator(f".cm-content:has-text({containing!r})")
        ).first

    def card(self, slug: str) -> Locator:
        """The card below the check of an exercise."""
        return self.notebook.locator(f".rc-card:has-text({slug!r})").first

    def show(self, place: Locator) -> None:
        """Scroll so that a place is at the top."""
        place.evaluate("element => element.scrollIntoView({block: 'start'})")

    def type_into(self, cell: Locator, text: str) -> None:
        """Replace what a cell holds by typing."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(text)

    def run(self, cell: Locator) -> None:
        """Run one cell with Shift-Enter and wait until it has ended."""
        cell.locator(".cm-content").click()
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            """([prompt, before]) =>
                /\\[\\d+\\]/.test(prompt.textContent) && prompt.textContent.trim() !== before.trim()""",
            arg=[prompt.element_handle(), before],
        )

    def theme(self, name: str) -> None:
        """Switch to "Light" or "Dark"."""
        self.command("apputils:change-theme", theme=f"JupyterLab {name}")
        self.page.wait_for_function(f"() => document.body.dataset.jpThemeName === 'JupyterLab {name}'")
        self._settle()

    def _settle(self) -> None:
        """Wait until JupyterLab's splash has faded away."""
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")


@contextlib.contextmanager
def window_on(url: str, width: int = 1400, height: int = 900) -> Iterator[Window]:
    """A headless Chromium of its own with one window on `url`; sizes in pixels."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium(),
            headless=True,
            viewport={"width": width, "height": height},
            args=list(_QUIET),
        )
        try:
            yield Window(context.pages[0], url)
        finally:
            context.close()
