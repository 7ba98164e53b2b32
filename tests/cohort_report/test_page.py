"""The page in a browser: it asks nobody for anything, runs nothing of a learner's, and can be used with keys alone."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from available import lacking
from browser.test_course_in_browser import CONTRAST
from browser.window import chromium
from cohort_report.cohort import HOSTILE, ROOT, answers, make
from cohort_report.small import course, exercise, marks
from playwright.sync_api import Browser, Page, expect, sync_playwright

from grader.checks import catalog
from grader.cohort.report import report
from grader.cohort.report.answers import handed_out
from grader.cohort.report.map import FACTS_BYTES

BIGGEST = 9_000_000
"""Bytes that a page about 1,000 learners and 88 exercises may have."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium() is None:
        lacking("browser", "no chromium or google-chrome on PATH (Debian and Ubuntu: apt install chromium)")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        started = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield started
        started.close()


class Opened:
    """A page in a browser, and everything that must not happen to it."""

    def __init__(self, browser: Browser, html: str, folder: Path, width: int = 1280, scheme: str = "light") -> None:
        self.file = folder / "report.html"
        self.file.write_text(html, encoding="utf-8")
        self.alarms: list[str] = []
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
        )
        self.page.on("dialog", lambda dialog: (self.alarms.append(dialog.message), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.alarms.append(str(error)))
        self.page.on("console", lambda said: self.alarms.append(said.text))
        self.page.route("**/*", self._only_the_file)
        self.page.goto(self.file.as_uri())

    def _only_the_file(self, route) -> None:  # type: ignore[no-untyped-def]
        if route.request.url.partition("#")[0] == self.file.as_uri():
            route.continue_()
        else:
            self.alarms.append(route.request.url)
            route.abort()


@pytest.fixture(scope="module")
def hostile() -> str:
    """A page whose names, texts, notes, repairs and answers are attacks."""
    given = make(catalog(), 14, hostile=True)
    handed = answers(given, copies=2)
    return report(given, catalog(), handed, title=HOSTILE[0], warnings=[HOSTILE[4]])


@pytest.mark.browser
def test_nothing_is_asked_for_and_nothing_of_a_learners_runs(browser: Browser, hostile: str, tmp_path: Path) -> None:
    opened = Opened(browser, hostile, tmp_path)
    page = opened.page
    for details in page.locator("details").all():
        details.evaluate("each => { each.open = true; }")
    # Every cell of the hostile rows is shown once; then once more as it is held.
    page.evaluate("""() => { for (const cell of document.querySelectorAll('#rows i'))
        cell.dispatchEvent(new MouseEvent('mouseover', {bubbles: true})); }""")
    page.locator("#rows i.w").first.click()
    assert page.locator("script").count() == 2, "the page's own: its data and its script"
    assert page.locator("img, iframe, object, embed, link, form, base").count() == 0
    assert page.locator("body *[onclick], body *[onerror], body *[onmouseover], body *[style]").count() == 0
    assert opened.alarms == []


@pytest.mark.browser
def test_the_policy_would_stop_what_slipped_through(browser: Browser, hostile: str, tmp_path: Path) -> None:
    """With markup put past our escaping by force, the browser itself refuses to run it or to ask for anything."""
    slipped = "<script>alert(1)</script><img src='https://example.org/x.png' onerror='alert(2)'>"
    opened = Opened(browser, hostile.replace("</header>", f"{slipped}</header>"), tmp_path)
    expect(opened.page.locator("#rows i").first).to_be_visible()
    assert opened.alarms, "the browser says what it refused"
    assert all("Content Security Policy" in alarm for alarm in opened.alarms), opened.alarms


def test_invisible_and_directing_characters_are_written_out(hostile: str) -> None:
    for unseen in ("\u202e", "\u202c", "\x1b", "\ud800"):
        assert unseen not in hostile
    assert "\\u202egnp.exe" in hostile
    hostile.encode("utf-8")
    assert "N" * 800 not in hostile, "a name of ten thousand characters is cut"


def test_a_script_address_is_no_place_for_lessons() -> None:
    with pytest.raises(ValueError, match="http"):
        report([], catalog(), lessons="javascript:alert(1)//")


@pytest.mark.browser
def test_the_map_is_walked_with_keys(browser: Browser, tmp_path: Path) -> None:
    three = [exercise("a", 1), exercise("b", 2), exercise("c", 3, week=2)]
    given = [marks("ann", three, "sss"), marks("bob", three, "sxs"), marks("zoe", three, "tty")]
    opened = Opened(browser, report(given, course(*three)), tmp_path)
    page, told = opened.page, opened.page.locator("#told")
    page.get_by_label("find").focus()
    page.keyboard.press("Tab")
    focused = page.locator("#rows i:focus")
    expect(focused).to_have_accessible_name("Title of a, ann: solved")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(focused).to_have_accessible_name("Title of b, bob: wrong")
    for words in ("bob", "It gave 6.", "Some believe x of b.", "> GET k"):
        expect(told).to_contain_text(words)
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    expect(told).to_contain_text("It gave 6.")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    expect(told).to_contain_text("Some believe y.")
    assert opened.alarms == []


@pytest.mark.browser
def test_the_map_is_sorted_filtered_and_cut_to_a_week(browser: Browser, tmp_path: Path) -> None:
    two = [exercise("a", 1), exercise("c", 3, week=2)]
    given = [marks("cleo", two, "ss"), marks("ann", two, "sy"), marks("Bob", two, "tt")]
    opened = Opened(browser, report(given, course(*two)), tmp_path)
    page = opened.page

    def names() -> list[str]:
        return [name for name in page.locator("#rows b:visible").all_inner_texts() if name]

    assert names() == ["cleo", "ann", "Bob"]
    page.get_by_role("button", name="name", exact=True).click()
    assert names() == ["ann", "Bob", "cleo"]
    page.get_by_label("find").fill("BO")
    assert names() == ["Bob"]
    page.get_by_label("find").fill("")
    page.get_by_role("button", name="Week 2").click()
    assert page.locator("#rows > div").first.locator("i:visible").count() == 1
    page.locator("#rows i:visible").first.hover()
    expect(page.locator("#told")).to_contain_text("Title of c")
    page.get_by_role("button", name="exercise", exact=True).click()
    page.get_by_role("button", name="exercise", exact=True).click()
    assert page.locator(".sortable tbody th").all_inner_texts() == ["Title of c", "Title of a"]
    assert opened.alarms == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 1280, 1600])
def test_it_can_be_read_at_every_width(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    opened = Opened(browser, report(make(catalog(), 30), catalog()), tmp_path, width, scheme)
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page itself never scrolls sideways"
    for part in ("main > section:not(#map) *", "#map .controls *", "#told *"):
        least, text = page.evaluate(CONTRAST.replace(".rc-card *", part)) or (21, "")
        assert least >= 4.5, f"{text!r} has a contrast of {least:.1f}"
    cards = page.locator("#monday li h3")
    assert cards.count() == 3
    below = max(box["y"] + box["height"] for box in (c.bounding_box() for c in cards.all()) if box)
    assert below < 900, "the three things for Monday are on the first screen"


def test_the_same_marks_are_the_same_page_in_any_order() -> None:
    given = make(catalog(), 40, hostile=True)
    other = list(given)
    random.Random(3).shuffle(other)
    assert report(given, catalog()) == report(other, catalog())


def test_a_thousand_learners_are_a_page_of_bounded_size_within_seconds() -> None:
    given = make(catalog(), 1000)
    began = time.process_time()
    page = report(given, catalog())
    spent = time.process_time() - began
    assert spent < 5.0
    assert len(page.encode()) < BIGGEST


def test_three_hundred_loud_learners_are_a_bounded_page_too() -> None:
    loud = make(catalog(), 300)
    for i, m in enumerate(loud):
        for r in m.results:
            for p in r.promises:
                p.happened = f"{i} {r.slug} " + "\u202e\x1b" * 2_000
    began = time.process_time()
    page = report(loud, catalog())
    assert time.process_time() - began < 10.0
    facts = re.search(r'id="facts">(.*?)</script>', page, re.S)
    assert facts is not None
    assert len(facts[1]) < 4 * FACTS_BYTES
    assert len(page.encode()) < 2 * BIGGEST


@pytest.mark.browser
def test_a_page_about_a_thousand_learners_opens_and_sorts(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, report(make(catalog(), 1000), catalog()), tmp_path)
    assert opened.page.locator("#rows > div").count() == 1000
    opened.page.get_by_role("button", name="name", exact=True).click()
    expect(opened.page.locator("#rows b").first).to_have_text("Ada Adler")
    assert opened.alarms == []


@pytest.mark.browser
def test_answers_side_by_side_are_text(browser: Browser, tmp_path: Path) -> None:
    given = make(catalog(), 12)
    handed = answers(given, copies=2)
    for name, submission in handed.items():
        files = {
            k: v.replace(b"return x", b"return '</pre><script>alert(7)</script>'") for k, v in submission.files.items()
        }
        handed[name] = type(submission)(name, files)
    opened = Opened(browser, report(given, catalog(), handed, release=handed_out(ROOT / "notebooks")), tmp_path)
    pair = opened.page.locator(".pair").first
    pair.locator("summary").click()
    expect(pair.locator("pre").first).to_be_visible()
    expect(pair.get_by_text("<script>alert(7)</script>").first).to_be_attached()
    assert pair.locator("mark").count() > 0
    assert opened.alarms == []


@pytest.mark.browser
def test_it_prints_every_row_on_paper(browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser, report(make(catalog(), 60), catalog()), tmp_path)
    opened.page.emulate_media(media="print")
    assert not opened.page.locator("nav").is_visible()
    box = opened.page.locator(".scroll").bounding_box()
    rows = opened.page.locator("#rows").bounding_box()
    assert box is not None
    assert rows is not None
    assert rows["height"] <= box["height"], "nothing of the map is behind a scroll bar"
    assert opened.page.pdf().startswith(b"%PDF")
