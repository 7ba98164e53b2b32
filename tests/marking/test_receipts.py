"""Receipts: what is signed, what is refused, and that marking again gives the same or says where not."""

from __future__ import annotations

import copy
import json
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from grader.checks import catalog
from grader.checks.session import Promise
from grader.marking import ExerciseResult
from grader.marking.grade import grade
from grader.marking.marks import Marks
from grader.marking.receipts import (
    KeyProblemError,
    canonical,
    course_key,
    decimal,
    fingerprint,
    make_key,
    read_receipt,
    receipt_of,
    seed_of,
    to_text,
)
from grader.marking.submission import Submission
from grader.marking.untrusted import UntrustedError, schema_text
from grader.marking.verify import Verifier, compare

KEY = b"0123456789abcdef0123456789abcdef"
RIGHT = 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")'
WANTED = ["week1.page-views", "week1.bulk-read"]
NOTEBOOK = f"{catalog()['week1.page-views'].notebook}.ipynb"


def submission(source: str = RIGHT, learner: str = "ada") -> Submission:
    cell = {"cell_type": "code", "id": "week1-page-views", "metadata": {}, "source": source, "outputs": []}
    notebook = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    return Submission(learner, {NOTEBOOK: notebook.encode()})


def marks(**more: Any) -> Marks:
    page_views, bulk_read = (catalog()[slug] for slug in WANTED)
    kept = Promise("test_counts", "It counts.", "kept")
    broken = Promise("test_reads", "It reads.", "broken", "wrong", misconception=next(iter(bulk_read.misconceptions)))
    results = [
        ExerciseResult(page_views.slug, page_views.title, "solved", 2.0, 2, [kept], 0.25),
        ExerciseResult(bulk_read.slug, bulk_read.title, "wrong", 1 / 3, 2, [kept, broken], 0.125),
    ]
    given = submission()
    defaults: dict[str, Any] = {
        "sandbox": "bubblewrap",
        "advisory": False,
        "partial": True,
        "python": "3.12.1",
        "redis": "7.0.15, 8.2.3",
    }
    return Marks(given.learner, given.digest(), results, **{**defaults, **more})


def signed(key: bytes = KEY, **more: Any) -> dict[str, Any]:
    return receipt_of(marks(**more), key=key, files=1)


@pytest.fixture
def verify() -> Iterator[Callable[..., Any]]:
    """Verify a receipt against a submission (none is marked again unless it is given)."""
    opened: list[Verifier] = []

    def call(receipt: dict[str, Any] | bytes, given: Submission | None = None, key: bytes = KEY) -> Any:
        opened.append(Verifier(catalog(), key, lambda learner, slugs: [given] if given else []))
        return opened[-1].verify(receipt if isinstance(receipt, bytes) else json.dumps(receipt).encode())

    yield call
    for each in opened:
        each.close()


def test_a_receipt_fits_its_schema_and_comes_back_as_it_was() -> None:
    made = signed()
    assert read_receipt(to_text(made).encode()) == made
    assert [r["earned"] for r in made["results"]] == ["2", "0.333333"]
    assert made["earned"] == "2.333333"


@pytest.mark.parametrize("name", ["receipt-1", "grade-1"])
def test_the_schemas_are_schemas_and_allow_nothing_they_do_not_name(name: str) -> None:
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)

    def objects(part: Any) -> Iterator[dict[str, Any]]:
        if isinstance(part, dict):
            if part.get("type") == "object":
                yield part
            part = list(part.values())
        for each in part if isinstance(part, list) else []:
            yield from objects(each)

    found = list(objects(schema))
    assert len(found) >= 4
    assert all(each["additionalProperties"] is False for each in found)


def test_the_same_receipt_has_one_canonical_form() -> None:
    made = signed()
    shuffled = dict(reversed(list(made.items())))
    assert canonical(json.loads(json.dumps(shuffled, indent=7))) == canonical(made)
    assert canonical({"b": 1, "a": "é", "signature": {}}) == b'{"a":"\\u00e9","b":1}'


@pytest.mark.parametrize(
    ("points", "text"), [(2.0, "2"), (0.1 + 0.2, "0.3"), (1 / 3, "0.333333"), (0.0, "0"), (-0.0, "0"), (10.5, "10.5")]
)
def test_points_are_decimal_text(points: float, text: str) -> None:
    assert decimal(points) == text


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value in the receipt that is no list and no object."""
    if isinstance(value, dict | list):
        for name in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value[name], (*path, name))
    else:
        yield path


def other(value: Any) -> Any:
    """A value of the same kind that the schema may well allow."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value is None:
        return "read-modify-write"
    for old, new in (("solved", "wrong"), ("wrong", "solved"), ("kept", "broken"), ("broken", "kept")):
        if value == old:
            return new
    if not value:
        return "todo"
    return value[:-1] + ("1" if value[-1] != "1" else "2")


def test_a_receipt_in_which_any_field_was_changed_is_refused(verify: Callable[..., Any]) -> None:
    made = signed(notes=["a note"], repairs={WANTED[0]: ["a repair"]})
    paths = list(leaves(made))
    assert len(paths) > 40
    for path in paths:
        changed = copy.deepcopy(made)
        at = changed
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = other(at[path[-1]])
        assert changed != made
        verdict = verify(changed)
        assert verdict.outcome == "refused", path
        assert verdict.sentence.endswith(".") or verdict.sentence.endswith(")")
    for removed in (r for r in range(2)):
        changed = copy.deepcopy(made)
        del changed["results"][removed]
        assert "changed after it was signed" in verify(changed).sentence


def test_a_receipt_without_its_signature_is_not_taken_for_a_signed_one(verify: Callable[..., Any]) -> None:
    stripped = {**signed(), "signature": None}
    # Its seed came from the key, and says so.
    assert "seed is not the one" in verify(stripped).sentence
    unsigned = signed(b"")
    assert unsigned["advisory"] is True
    assert "anybody may have written it" in verify(unsigned).sentence


def test_the_wrong_key_and_no_key_are_told_apart(verify: Callable[..., Any]) -> None:
    made = signed()
    assert "another course key" in verify(made, key=b"f" * 32).sentence
    assert (verify(made, key=b"").outcome, verify(made).outcome) == ("unchecked", "unchecked")
    assert "no course key" in verify(made, key=b"").sentence
    assert "--submission" in verify(made).sentence


def test_a_receipt_of_another_version_of_the_course_says_so(
    verify: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("grader.marking.receipts.course_digest", lambda: "ab" * 32)
        older = signed(course="0.0.9")
    verdict = verify(older, submission())
    assert verdict.outcome == "unchecked"
    assert "another version of the course: 0.0.9 with the checks abababababab" in verdict.sentence


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"{}", "does not fit the schema"),
        (b'{"kind": "course-receipt-1", "milliseconds": 1.0}', "no fractions"),
        (b'{"milliseconds": 1e3}', "no fractions"),
        (b"[" * 5000, "nested too deeply"),
        (b'{"a": 1, "a": 1}', "same key twice"),
    ],
)
def test_what_is_no_receipt_is_refused_with_a_sentence(verify: Callable[..., Any], data: bytes, sentence: str) -> None:
    with pytest.raises(UntrustedError, match=sentence):
        read_receipt(data)
    assert verify(data).outcome == "refused"


def test_marking_again_agrees_or_says_where_not(verify: Callable[..., Any], tmp_path: Path) -> None:
    given = submission()
    for name, data in given.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    receipt = grade(tmp_path, catalog(), catalog().select(WANTED), key=KEY, learner="ada").receipt
    assert receipt is not None
    agreed = verify(receipt, given)
    assert (agreed.outcome, agreed.differences) == ("agrees", [])
    assert "2 of 4 points in 2 exercises" in agreed.sentence
    assert "its digest differs" in verify(receipt, submission(RIGHT + "\n# and more")).sentence
    # Whoever holds the key can sign what is not so; marking again finds it.
    lied = marks()
    lied.digest = given.digest()
    differs = verify(receipt_of(lied, key=KEY, files=1), given)
    assert differs.outcome == "differs"
    assert any(
        line.startswith("week1.bulk-read: it was wrong with 0.333333 of 2 points") for line in differs.differences
    )
    assert any(line.startswith("week1.page-views, test_") for line in differs.differences)
    assert not any(line.startswith("week1.page-views:") for line in differs.differences)


def test_a_failure_of_the_grader_now_is_no_disagreement_about_the_answer() -> None:
    then, now = signed(), marks()
    now.results[0] = replace(now.results[0], status="error", earned=0.0, note="no Redis")
    lines, failed = compare(then, now)
    assert (lines, failed) == (["week1.page-views: it was solved; now the grader failed: no Redis"], 1)


# Keys and seeds


def test_seeds_depend_on_key_learner_and_content_and_on_nothing_else() -> None:
    digest = submission().digest()
    seed = seed_of(KEY, "ada", digest)
    assert len(bytes.fromhex(seed)) == 32
    assert seed == seed_of(KEY, "ada", digest)
    others = [(b"k" * 32, "ada", digest), (KEY, "adam", digest), (KEY, "ada", "0" * 64), (KEY, "ad", "a" + digest)]
    assert len({seed, *(seed_of(*each) for each in others)}) == 5


def test_a_key_that_was_made_is_only_ours_and_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COURSE_KEY", raising=False)
    file = tmp_path / "new" / "course.key"
    make_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    made = course_key(file)
    assert len(bytes.fromhex(made.decode())) == 32
    with pytest.raises(KeyProblemError, match="exists already"):
        make_key(file)
    assert course_key(file) == made
    assert made.decode() not in fingerprint(made)
    file.chmod(0o640)
    with pytest.raises(KeyProblemError, match="chmod 600"):
        course_key(file)


def test_the_key_of_the_environment_is_not_handed_to_what_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.marking.receipts._taken", [])
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("COURSE_KEY_FILE", raising=False)
    assert course_key() == b""
    monkeypatch.setenv("COURSE_KEY", KEY.decode() + "\n")
    assert course_key() == KEY
    assert "COURSE_KEY" not in os.environ
    assert course_key() == KEY
    monkeypatch.setenv("COURSE_KEY", "short")
    with pytest.raises(KeyProblemError, match="shorter than 16"):
        course_key()
