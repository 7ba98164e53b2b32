"""Partial credit: what a wrong answer earns for, that nothing comes of nothing, and that receipts and claims say so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from available import lacking
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from grader.checks import catalog
from grader.checks.session import Promise
from grader.cli.app import app
from grader.marking.claims import read_claim
from grader.marking.marker import Marker
from grader.marking.receipts import receipt_of, to_text
from grader.marking.reports import GradeReport, as_json, caveats
from grader.marking.result import credit
from grader.marking.sandbox import choose
from grader.marking.submission import Submission
from grader.marking.untrusted import UntrustedError, schema_text
from grader.marking.verify import Verifier

ROOT = Path(__file__).resolve().parents[2]
KEY = b"0123456789abcdef0123456789abcdef"
PAGE_VIEWS = catalog()["week1.page-views"]
# Two functions that take a client, a repair of code that races, a prediction, and one that is answered in pieces.
SEVERAL = ["week1.page-views", "week1.bulk-read", "week1.lost-update", "week1.claim-username", "week1.predict-strings"]


@pytest.fixture(scope="module")
def marker() -> Iterator[Marker]:
    if choose().name == "none":
        lacking("sandbox", "there is no sandbox on this machine")
    with Marker(catalog(), key=KEY, release=ROOT / "notebooks", partial_credit=True) as made:
        yield made


def submission(answers: dict[str, str], learner: str = "ada") -> Submission:
    """Week 1's notebook of strings as it was handed out, but for `answers`, slug -> text."""
    name = f"{PAGE_VIEWS.notebook}.ipynb"
    notebook = json.loads((ROOT / "notebooks" / name).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = answers.get(cell["id"].replace("week1-", "week1."), cell["source"])
    return Submission(learner, {name: json.dumps(notebook).encode()})


def wrong(name: str) -> Submission:
    """A page_view with a misconception that the course knows."""
    path = ROOT / "solutions/week1/wrong/page-views" / f"{name}.py"
    return submission({PAGE_VIEWS.slug: path.read_text(encoding="utf-8")})


@pytest.mark.parametrize(
    ("statuses", "points", "earned"),
    [
        ("kkkbb", 2, 1.0),  # 1.2
        ("kkbkb", 2, 0.5),  # 0.8: what is kept behind the broken one counts for nothing
        ("kbkkk", 2, 0.0),  # 0.4
        ("bkkkk", 4, 0.0),
        ("kkkkkkkkkb", 3, 2.5),  # 2.7: all but the last is not all
        ("kskb", 3, 2.0),  # what this Redis cannot show is not counted
        ("kuuu", 4, 1.0),
        ("", 4, 0.0),
        ("kkb", 0, 0.0),
    ],
)
def test_the_share_of_the_promises_in_front_of_the_first_broken_one_in_half_points(
    statuses: str, points: int, earned: float
) -> None:
    words = {"k": "kept", "b": "broken", "s": "skipped", "u": "untried"}
    assert credit([Promise("p", "It holds.", words[letter]) for letter in statuses], points) == earned


@pytest.mark.parametrize(
    "body",
    ["return None", "return 0", "return 1", "return True", "return []", "return {}", "return a[-1]", "raise OSError"],
)
def test_an_answer_that_does_nothing_earns_nothing_though_it_keeps_promises(marker: Marker, body: str) -> None:
    answers = {}
    for e in map(catalog().__getitem__, SEVERAL):
        if e.kind == "predict":
            value = "None" if "a[" in body or "raise" in body else body.removeprefix("return ")
            answers[e.slug] = f"{e.names[0]} = {value}"
        else:
            answers[e.slug] = "\n".join(f"def {name}(*a, **k):\n    {body}" for name in e.names)
    marks = marker.mark(submission(answers), catalog().select(SEVERAL))
    assert [(r.slug, r.earned) for r in marks.results if r.earned] == []
    assert {r.status for r in marks.results} == {"wrong"}
    if body == "return None":
        assert any(p.status == "kept" for r in marks.results for p in r.promises)


def test_untouched_empty_and_unreadable_answers_earn_nothing(marker: Marker) -> None:
    for text in (None, "", "def page_view(r, page):", "page_view = 5"):
        given = submission({} if text is None else {PAGE_VIEWS.slug: text})
        assert marker.mark(given, [PAGE_VIEWS]).earned == 0, text


def test_a_receipt_says_that_there_was_partial_credit_and_is_made_again_with_it(marker: Marker) -> None:
    given = wrong("python-variable")
    marks = marker.mark(given, [PAGE_VIEWS])
    assert (marks.partial, marks.earned) == (True, 0.5)
    receipt = receipt_of(marks, key=KEY, files=1)
    assert (receipt["partial"], receipt["earned"], receipt["results"][0]["earned"]) == (True, "0.5", "0.5")

    def verdict(changed: dict[str, object], key: bytes = KEY) -> tuple[str, str]:
        with Verifier(catalog(), key, lambda *_: [given], release=ROOT / "notebooks") as verifier:
            found = verifier.verify(to_text(changed).encode())
            return found.outcome, " ".join([found.sentence, *found.differences])

    outcome, told = verdict(receipt)
    assert outcome == "agrees"
    assert told.endswith("0.5 of 2 points in 1 exercise, with partial credit.")
    assert verdict({**receipt, "partial": False})[0] == "refused"
    # Without a signature anybody can change it; it still may not contradict itself.
    unsigned = receipt_of(replace(marks, seed=""), key=b"", files=1)
    assert "there was no partial credit" in verdict({**unsigned, "partial": False}, b"")[1]
    # Whoever has the key can sign what is not so: marked again without, it differs.
    lied = replace(marks, partial=False, results=[replace(marks.results[0], earned=0.0)])
    assert verdict(receipt_of(lied, key=KEY, files=1))[0] == "agrees"
    lied.partial = True
    outcome, told = verdict(receipt_of(lied, key=KEY, files=1))
    assert (outcome, "with 0 of 2 points, now it is wrong with 0.5" in told) == ("differs", True)


def test_a_claim_with_partial_credit_is_believed_where_it_was_asked_for_and_only_what_its_promises_give(
    marker: Marker, tmp_path: Path
) -> None:
    report = GradeReport(marker.mark(wrong("python-variable"), [PAGE_VIEWS]))
    assert any("With partial credit" in each for each in caveats(report))
    path = tmp_path / "grade.json"
    claim = json.loads(as_json(report))
    claim["results"][0].update(file=f"{PAGE_VIEWS.notebook}.ipynb", line=1)

    def read(change: dict[str, object], partial: bool) -> float:
        changed = json.loads(json.dumps(claim))
        changed["results"][0].update(change)
        changed["earned"] = changed["results"][0]["earned"]
        path.write_text(json.dumps(changed))
        return read_claim(path, catalog(), [PAGE_VIEWS], partial=partial).marks.earned

    assert read({}, True) == 0.5
    with pytest.raises(UntrustedError, match="nobody asked for that"):
        read({}, False)
    with pytest.raises(UntrustedError, match=r"cannot be wrong and earn 1\.5 points"):
        read({"earned": 1.5}, True)


def test_the_command_gives_partial_credit_when_asked_to_and_none_for_stages(tmp_path: Path) -> None:
    for name, data in wrong("python-variable").files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    earned = {}
    for more in ((), ("--partial",)):
        ended = CliRunner().invoke(app, ["grade", str(tmp_path), "page-views", "--json", *more])
        assert ended.exit_code == 1, ended.output
        found = json.loads(ended.stdout)
        Draft202012Validator(json.loads(schema_text("grade-1"))).validate(found)
        earned[found["partial"]] = found["earned"]
    assert earned == {False: 0, True: 0.5}
    ended = CliRunner().invoke(app, ["grade", str(tmp_path), "--stages", "--partial"])
    assert (ended.exit_code, "a stage is done or it is not" in " ".join(ended.output.split())) == (2, True)
