"""The course in a real browser as `make learn` leaves it: start page, lesson, red, a typed answer, green.

The pictures taken on the way stay in build/screenshots/ for a person to look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from available import lacking
from browser.window import PATIENCE, Window, chromium, copy_of_the_course, opened_course, window_on
from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "screenshots"
RIGHT = 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")'
# The smallest contrast of text to what is behind it, over all texts of the cards; WCAG asks for 4.5.
CONTRAST = """() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const over = (top, below) => { const a = top[3] ?? 1; return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a)); };
  const behind = element => element === null ? [255, 255, 255]
    : over(parse(getComputedStyle(element).backgroundColor), behind(element.parentElement));
  const light = colour => {
    const [r, g, b] = colour.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const texts = [...document.querySelectorAll('.rc-card *')].filter(
    e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.tagName !== 'STYLE');
  return texts.map(e => {
    const below = behind(e), [a, b] = [light(over(parse(getComputedStyle(e).color), below)), light(below)];
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.textContent.trim().slice(0, 40)];
  }).sort((x, y) => x[0] - y[0])[0];
}"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def at_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """A browser on a copy of the course, for all tests here."""
    if chromium() is None:
        lacking("browser", "no chromium or google-chrome on PATH (Debian and Ubuntu: apt install chromium)")
    PICTURES.mkdir(parents=True, exist_ok=True)
    folder = tmp_path_factory.mktemp("browser") / "course"
    folder.mkdir()
    with opened_course(copy_of_the_course(folder)) as url, window_on(url) as window:
        yield window


@pytest.fixture
def window(at_home: Window) -> Iterator[Window]:
    """A fresh tab on the start page; nothing it does may leave this machine."""
    tab = at_home.tab()
    tab.start()
    yield tab
    tab.page.close()
    abroad = {url for url in tab.requests if urlsplit(url).scheme not in {"data", "blob"}}
    assert {urlsplit(url).hostname for url in abroad} == {"127.0.0.1"}, abroad


def picture(window: Window, name: str) -> None:
    window.page.screenshot(path=PICTURES / f"{name}.png")


def test_the_start_page_comes_first_and_nothing_is_in_its_way(window: Window) -> None:
    page = window.page
    expect(page).to_have_title(re.compile("start-here.*The Redis course"))
    expect(window.notebook.locator("h1")).to_contain_text("Start here")
    expect(window.notebook.locator(".jp-RenderedMermaid img, .jp-RenderedMermaid svg").first).to_be_visible()
    expect(page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader")).to_be_visible()
    expect(page.get_by_role("button", name="Validate")).to_be_visible()
    expect(page.locator(".jp-DirListing-itemText", has_text="week1")).to_be_visible()
    picture(window, "start-page")
    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
    window.theme("Dark")
    picture(window, "start-page-dark")
    window.theme("Light")


def test_a_link_to_a_lesson_opens_it_as_a_page_with_its_diagram_drawn(window: Window) -> None:
    link = window.notebook.locator("a[href*='modules/week1-fundamentals/1.']").first
    link.click()
    lesson = window.page.locator(".jp-MarkdownViewer:visible")
    expect(lesson.locator("h1")).to_contain_text(re.compile(r"^1\.\d "))
    expect(lesson.locator(".jp-RenderedMermaid img, .jp-RenderedMermaid svg").first).to_be_visible()
    assert window.page.locator(".jp-FileEditor, .jp-RenderedMermaid.jp-mod-warning").count() == 0
    picture(window, "lesson")
    # And from the lesson to its notebook.
    lesson.locator("a[href*='.ipynb']").first.click()
    expect(window.notebook.locator(".jp-Cell").first).to_be_visible()


def test_red_at_first_then_green_for_a_typed_answer_and_validate_lists_what_is_left(window: Window) -> None:
    window.open("notebooks/week1/02-strings-and-counters.ipynb")
    checks = window.notebook.locator(".jp-CodeCell .cm-content", has_text="check(").count()
    window.run_all()
    cards = window.notebook.locator(".rc-card")
    expect(cards).to_have_count(checks)  # a red check does not stop the run
    assert {card.get_attribute("data-status") for card in cards.all()} <= {"todo", "wrong"}

    card = window.card("week1.page-views")
    expect(card).to_contain_text("page_view is not written yet")
    line = window.cell('check("week1.page-views")').locator("[data-mime-type='application/vnd.jupyter.stderr']")
    expect(line).to_be_hidden()  # it would say the card again
    window.show(card)
    picture(window, "red")

    answer = window.cell("def page_view(")
    window.type_into(answer, (ROOT / "solutions/week1/wrong/page-views/read-modify-write.py").read_text().strip())
    window.run(answer)
    window.run(window.cell('check("week1.page-views")'))
    expect(card).to_have_attribute("data-status", "wrong")
    expect(card.locator(".rc-why")).to_contain_text("read-modify-write")
    for theme in ("Dark", "Light"):
        window.theme(theme)
        window.show(answer)
        picture(window, f"wrong-{theme.lower()}")
        least, text = window.page.evaluate(CONTRAST)
        assert least >= 4.5, f"{text!r} can hardly be read in the {theme} theme: contrast {least:.1f}"

    window.type_into(answer, RIGHT)
    window.run(answer)
    window.run(window.cell('check("week1.page-views")'))
    expect(card).to_have_attribute("data-status", "solved")
    window.show(answer)
    picture(window, "green")

    window.page.get_by_role("button", name="Validate").click()
    dialog = window.page.locator(".jp-Dialog", has_text="Validation Results")
    # nbgrader runs the whole notebook in a kernel of its own.
    expect(dialog).to_contain_text('check("week1.bulk-read")', timeout=PATIENCE)
    assert 'check("week1.page-views")' not in dialog.inner_text()
    picture(window, "validate")
    dialog.get_by_role("button").first.click()
