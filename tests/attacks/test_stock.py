"""The record of what stock nbgrader does to the same attacks: complete, the one that the page shows, and still true."""

from __future__ import annotations

import json
import shutil

from available import lacking

from tests.attacks import table
from tests.attacks.attack import collection
from tests.attacks.stock import RECORD, run

# One that takes seconds; all of them take most of an hour (`python -m tests.attacks.stock`).
SAMPLE = ("asserts-removed",)


def test_stock_nbgrader_still_gives_the_points_that_the_record_says() -> None:
    if shutil.which("bwrap") is None:
        lacking("sandbox", "stock nbgrader is run in a jail of bubblewrap, which is not here")
    rows = json.loads(RECORD.read_text(encoding="utf-8"))["attacks"]
    found = {name: row for _, name, row in run(SAMPLE, kinds=("asserts",))}
    for name in SAMPLE:
        assert found[name]["score"] == rows[name]["asserts"]["score"] > found[name]["deserved"]
        assert found[name]["honest"]


def test_every_attack_that_can_be_run_in_stock_nbgrader_was() -> None:
    rows = json.loads(RECORD.read_text(encoding="utf-8"))["attacks"]
    meant = {
        a.name: {"check"} | ({"asserts"} if a.plain is not None else set()) for a in collection().values() if a.stock
    }
    assert {name: set(row) for name, row in rows.items()} == meant


def test_the_page_shows_the_record_and_the_collection() -> None:
    assert table.PAGE.read_text(encoding="utf-8") == table.page()
