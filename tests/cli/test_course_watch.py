"""`course watch` on a terminal: a save is checked, single keys work, and the terminal is given back as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml

from tests.cli.conftest import NOTEBOOK, RIGHT, WRONG, Terminal


def test_from_a_wrong_answer_to_a_solved_one_with_single_keys(
    course: Path, answer: Callable[..., None], terminal: Callable[..., Terminal]
) -> None:
    watch = terminal("watch", "page-views", "lost-update")
    before = watch.modes
    watch.see("0 of 2 solved")
    watch.see("Now: week1.page-views")
    watch.send("h")
    watch.see("Hint 1 of")
    answer(WRONG)
    watch.see("read-modify-write:")
    watch.see("shows hint 2 of")
    answer(RIGHT)
    watch.see("1 of 2 solved")
    watch.see("Solved. n goes on to week1.lost-update.")
    watch.send("l")
    watch.see("> ✔ week1.page-views")
    watch.see("· week1.lost-update")
    watch.send("n")
    watch.see("Now: week1.lost-update")
    watch.send("a")
    watch.see("Now: week1.lost-update")
    watch.send("q")
    assert watch.ended() == 0
    assert watch.modes == before
    remembered = yaml.safe_load((course / ".course" / "progress.yml").read_text())
    assert set(remembered) == {"week1.page-views"}, "a save is a try of the exercise that was edited, of no other"
    assert {**remembered["week1.page-views"], "solved": ""} == {
        "status": "solved", "tries": 2, "hints": 1, "solved": "",
    }  # fmt: skip


def test_ctrl_c_ends_it_and_gives_the_terminal_back(terminal: Callable[..., Terminal]) -> None:
    watch = terminal("watch", "page-views", columns=60)
    before = watch.modes
    watch.see("0 of 1 solved")
    watch.see("quit")
    assert watch.modes != before, "keys are read one by one while it watches"
    watch.send("\x03")
    assert watch.ended() == 0
    assert watch.modes == before
    assert "Traceback" not in watch.text


def test_a_notebook_that_breaks_while_it_is_watched_is_a_sentence(
    course: Path, answer: Callable[..., None], terminal: Callable[..., Terminal]
) -> None:
    watch = terminal("watch", "page-views", NO_COLOR="1")
    watch.see("Now: week1.page-views")
    path = course / "notebooks" / f"{NOTEBOOK}.ipynb"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    watch.see("is not a notebook any more")
    path.write_bytes(whole)
    watch.see("is not written yet")
    watch.send("\x04")
    assert watch.ended() == 0
    assert "\x1b[3" not in watch.raw, "NO_COLOR asks for no colours"
