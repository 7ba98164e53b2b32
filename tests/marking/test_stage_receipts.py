"""Receipts of a server's stages: what they say, that they are made again, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from available import lacking
from typer.testing import CliRunner

from grader.checks import catalog
from grader.checks.session import Promise
from grader.cli.app import app
from grader.marking.marks import Marks
from grader.marking.receipts import make_key, read_receipt, receipt_of, seed_of_stage, to_text
from grader.marking.result import ExerciseResult
from grader.marking.sandbox import SandboxMissing, choose
from grader.marking.verify import Verifier

ROOT = Path(__file__).resolve().parents[2]


def run(*words: object) -> tuple[int, str]:
    ended = CliRunner().invoke(app, [str(word) for word in words])
    return ended.exit_code, " ".join(ended.output.split())


def test_a_receipt_of_stages_is_made_again_and_one_that_was_changed_is_refused(tmp_path: Path) -> None:
    try:
        choose("bubblewrap")
    except SandboxMissing as missing:
        lacking("sandbox", str(missing))
    handed_in, key = tmp_path / "ann", tmp_path / "course.key"
    shutil.copytree(ROOT / "solutions/miniredis", handed_in / "miniredis", ignore=shutil.ignore_patterns("__pycache__"))
    connection = handed_in / "miniredis" / "commands" / "connection.py"
    connection.write_text(connection.read_text().replace("return args[1]", "return args[1].upper()"))
    make_key(key)
    # A stage that is not open yet is skipped, and no reason not to verify the rest.
    status, told = run(
        "grade", handed_in, "ping", "echo", "replicaof", "--stages", "--key", key, "--out", tmp_path / "out"
    )
    assert status == 1, told
    file = tmp_path / "out" / "receipt.json"
    receipt = read_receipt(file)
    assert {r["slug"]: r["status"] for r in receipt["results"]} == {
        "mini.ping": "solved", "mini.echo": "wrong", "mini.replicaof": "skipped",
    }  # fmt: skip
    seeds = {r["seed"] for r in receipt["results"]}
    assert seeds == {seed_of_stage(receipt["seed"], slug) for slug in ("mini.ping", "mini.echo", "mini.replicaof")}
    assert len(seeds) == 3
    status, told = run("verify", file, "--submission", handed_in, "--key", key)
    assert (status, "Marked again, it agrees: 1 of 2 points in 3 stages." in told) == (0, True), told
    (handed_in / "miniredis" / "more.py").write_text("x = 1\n")
    status, told = run("verify", file, "--submission", handed_in, "--key", key)
    assert (status, "its digest differs" in told) == (1, True), told
    receipt["results"][1]["status"] = "solved"
    file.write_text(to_text(receipt))
    status, told = run("verify", file, "--submission", handed_in, "--key", key)
    assert (status, "changed after it was signed" in told) == (1, True), told


def marks() -> Marks:
    kept = [Promise("ping", "Read a command, answer PING", "kept")]
    return Marks("ann", "0" * 64, [ExerciseResult("mini.ping", "Read a command, answer PING", "solved", 1.0, 1, kept)])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda r: r["results"][0].update(seed=1), "The seed of mini.ping is not the one"),
        (lambda r: r["results"][0].pop("seed"), "The seed of mini.ping is not the one"),
        (lambda r: r["results"][0].update(points=5, earned="5"), "mini.ping with 5 points is no exercise"),
        (lambda r: r["results"][0].update(slug="mini.pong"), "mini.pong"),
        (
            lambda r: r["results"].append({**r["results"][0], "slug": "week1.page-views"}),
            "exercises and stages together",
        ),
    ],
)
def test_a_receipt_of_stages_may_not_contradict_itself_though_nobody_signed_it(
    change: Callable[[dict[str, Any]], object], sentence: str
) -> None:
    receipt = json.loads(to_text(receipt_of(marks(), key=b"", files=1)))
    with Verifier(catalog(), b"", lambda *_: []) as verifier:
        assert verifier.verify(json.dumps(receipt).encode()).outcome == "unchecked"
        change(receipt)
        verdict = verifier.verify(json.dumps(receipt).encode())
    assert (verdict.outcome, sentence in verdict.sentence) == ("refused", True), verdict.sentence
