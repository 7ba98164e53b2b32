"""nbgrader's own formgrader and feedback page in a browser: our verdicts, a person's points, no learner's script."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from available import lacking
from browser.window import chromium, window_on
from nbgrader.api import Gradebook
from playwright.sync_api import expect

from grader.checks import Exercise
from grader.cohort.feedback import feedback
from grader.cohort.grading import grade
from grader.marking.result import ExerciseResult
from tests.cohort.kit import NOTEBOOK, PAGE_VIEWS, SLUGS, WEEK, points, result, room, say, submit

pytestmark = pytest.mark.browser

ATTACK = "</pre></code><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
CHECK = "week1-page-views-check"


@contextlib.contextmanager
def formgrader(course: Path, home: Path, until: Callable[..., None]) -> Iterator[str]:
    """A Jupyter server on the course, as its instructor starts it; yields its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    places = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
         "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=",
         f"--ServerApp.root_dir={course}"],
        cwd=course,
        env={**os.environ, **places},
        stdout=subprocess.DEVNULL,
        stderr=(home / "log").open("wb"),
        start_new_session=True,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert server.poll() is None, (home / "log").read_text(encoding="utf-8")
        try:
            return bool(urllib.request.urlopen(f"{url}/formgrader/api/assignments", timeout=5).status == 200)
        except OSError:
            return False

    try:
        until(answers, 60)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def verdict(_: str, e: Exercise) -> ExerciseResult:
    """Wrong in one exercise, with everything a learner can put words into."""
    if e.slug != PAGE_VIEWS:
        return result(e, "solved")
    found = result(e, "wrong", note=f"Broken by {ATTACK}")
    found.printed = ATTACK
    return found


def hand_in(course: Path) -> Path:
    """A submission whose every text is an attack on the page that shows it."""
    folder = submit(course, "O'Brien", {PAGE_VIEWS: f"# {ATTACK}", "week1-written-choice": ATTACK})
    for path in folder.glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["metadata"]["title"] = ATTACK
        own = {"metadata": {}, "source": ATTACK}
        notebook["cells"] += [
            {**own, "cell_type": "markdown", "id": "m"},
            {**own, "cell_type": "raw", "id": "r"},
            {**own, "cell_type": "markdown", "id": "s", "source": f"```\n{ATTACK}\n```\n{ATTACK}"},
            {**own, "cell_type": "code", "id": "c", "execution_count": 1, "outputs": [
                {"output_type": "display_data", "metadata": {}, "data": {"text/html": ATTACK}}]},
        ]  # fmt: skip
        path.write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def test_formgrader_shows_our_verdicts_and_what_is_entered_there_survives(
    course: Path, tmp_path: Path, until: Callable[..., None]
) -> None:
    if chromium() is None:
        lacking("browser", "no chromium or google-chrome on PATH (Debian and Ubuntu: apt install chromium)")
    submitted = hand_in(course)
    grade(room(course), [WEEK], say(verdict))
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "redis") as book:
        shown = {
            name: book.find_submission_notebook(name, WEEK, "O'Brien").id
            for name in (NOTEBOOK, "01-is-redis-the-right-tool")
        }
    (tmp_path / "home").mkdir()
    with formgrader(course, tmp_path / "home", until) as url, window_on(url) as window:
        page = window.page
        page.goto(f"{url}/formgrader/gradebook/{WEEK}/{NOTEBOOK}")
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator("tbody .score")).to_contain_text(f"{points(SLUGS[1])}")
        for name, submission in shown.items():
            page.goto(f"{url}/formgrader/submissions/{submission}/")
            expect(page.locator(".course-card").first).to_be_visible()
            assert page.evaluate("window.hacked") is None, name
        page.goto(f"{url}/formgrader/submissions/{shown[NOTEBOOK]}/")
        card = page.locator(f'.course-card[data-slug="{PAGE_VIEWS}"]')
        expect(card).to_contain_text("0 of 2 points")
        expect(card).to_contain_text("<script>window.hacked = 1</script>")
        expect(page.locator(f"input.score#{CHECK}")).to_have_attribute("placeholder", "0")
        with page.expect_response(lambda r: "/api/grade/" in r.url and r.request.method == "PUT"):
            page.locator(f"input.score#{CHECK}").fill("1.5")
            page.locator(f"input.score#{CHECK}").blur()
        with page.expect_response(lambda r: "/api/comment/" in r.url and r.request.method == "PUT"):
            page.locator("textarea#week1-page-views-comment").fill("Nearly: see lesson 1.4.")
            page.locator("textarea#week1-page-views-comment").blur()
        (submitted / "tinyclient.py").write_text("another = 1\n", encoding="utf-8")
        grade(room(course), [WEEK], say(verdict))
        page.goto(f"{url}/formgrader/submissions/{shown[NOTEBOOK]}/")
        expect(page.locator(f"input.score#{CHECK}")).to_have_value("1.5")
        expect(page.locator("textarea#week1-page-views-comment")).to_have_value("Nearly: see lesson 1.4.")
        assert feedback(room(course), [WEEK]) == 1
        page.goto((course / "feedback" / "O'Brien" / WEEK / f"{NOTEBOOK}.html").as_uri())
        expect(page.locator(f'.course-card[data-slug="{PAGE_VIEWS}"]')).to_be_visible()
        expect(page.locator("body")).to_contain_text("Nearly: see lesson 1.4.")
        expect(page.locator("h4")).to_contain_text(f"Score: {1.5 + points(SLUGS[1])}")
        assert page.evaluate("window.hacked") is None
