"""The faces of the wire in a real JupyterLab: readable in both themes, in a wide window and in a narrow one.

The pictures taken on the way stay in build/screenshots/ for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from available import lacking
from browser.faces import PICTURES, write_faces
from browser.test_course_in_browser import CONTRAST
from browser.window import Window, chromium, copy_of_the_course, opened_course, window_on
from playwright.sync_api import expect

SHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
NOTEBOOK = "notebooks/week1/faces.ipynb"
# Texts of cards that run out of their card at the right, or out of their own box.
SPILLED = """() => [...document.querySelectorAll('.rc-card')].flatMap(card => {
  const edge = card.getBoundingClientRect().right;
  return [...card.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > edge + 1)
    .map(e => e.textContent.slice(0, 40));
})"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """The notebook with the faces, run from top to bottom."""
    if chromium() is None:
        lacking("browser", "no chromium or google-chrome on PATH (Debian and Ubuntu: apt install chromium)")
    SHOTS.mkdir(parents=True, exist_ok=True)
    folder = tmp_path_factory.mktemp("faces") / "course"
    folder.mkdir()
    copy_of_the_course(folder)
    write_faces(folder / NOTEBOOK)
    with opened_course(folder) as url, window_on(url, width=1280) as window:
        window.start()
        window.open(NOTEBOOK)
        window.run_all()
        yield window


def test_every_face_is_there(window: Window) -> None:
    cards = window.notebook.locator(".rc-card")
    expect(cards).to_have_count(7)
    titles = [card.locator(".rc-head b").inner_text() for card in cards.all()]
    assert titles == [
        "On the wire",
        "Cost",
        "✘ This order breaks it",
        "✘ Dying here breaks it",
        "✔ Held in every order that matters",
        "On the wire",
        "On the wire",
    ]
    assert window.notebook.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0


def test_a_pipeline_has_one_bracket_as_high_as_its_commands(window: Window) -> None:
    trip = window.notebook.locator(".rw-trip").nth(2)
    expect(trip.locator(".rw-said")).to_have_count(4)
    bracket, said = trip.locator(".rw-bracket").bounding_box(), trip.locator(".rw-said").last.bounding_box()
    assert bracket is not None
    assert said is not None
    assert bracket["y"] + bracket["height"] > said["y"]


def test_actors_stand_in_columns_and_time_runs_down(window: Window) -> None:
    race = window.notebook.locator(".rc-card").nth(2)
    steps = [step.bounding_box() for step in race.locator(".rw-on").all()]
    places = [(round(box["x"]), round(box["y"])) for box in steps if box is not None]
    assert len(places) == 4
    assert len({x for x, _ in places}) == 2
    assert [y for _, y in places] == sorted({y for _, y in places})
    expect(race.locator(".rw-new")).to_have_text(["stock:tea = 0", "stock:tea = -1"])


@pytest.mark.parametrize("theme", ["Light", "Dark"])
@pytest.mark.parametrize("width", [1280, 900])
def test_every_text_can_be_read(window: Window, theme: str, width: int) -> None:
    window.theme(theme)
    window.page.set_viewport_size({"width": width, "height": 900})
    for name, source in PICTURES.items():
        cell = window.cell(source.splitlines()[1])
        cell.scroll_into_view_if_needed()
        cell.screenshot(path=SHOTS / f"{name}-{theme.lower()}-{width}.png")
    least, text = window.page.evaluate(CONTRAST)
    assert least >= 4.5, f"{text!r} can hardly be read in the {theme} theme: contrast {least:.1f}"
    assert window.page.evaluate(SPILLED) == []
