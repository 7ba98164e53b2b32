"""Submissions through the whole marker: honest ones get what they earned, and what is the grader's fault is no zero."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from available import lacking

from grader.authoring.build import expand_sources, flatten_start
from grader.checks import catalog
from grader.checks.chance import chance, seeded
from grader.inside.answer import Answer
from grader.marking.marker import Marker
from grader.marking.marks import Marks
from grader.marking.receipts import seed_of
from grader.marking.run import run_exercise
from grader.marking.sandbox import choose
from grader.marking.submission import Submission
from grader.servers import Server

ROOT = Path(__file__).resolve().parents[2]
STRINGS = "week1/02-strings-and-counters"
WIRE = "week1/04-the-wire"


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """The course's own solutions as a submission's files."""
    folder = tmp_path_factory.mktemp("solved")
    expand_sources(ROOT, folder / "all", catalog(), with_start=True)
    flatten_start(folder / "all")
    found = (p for p in (folder / "all").rglob("*") if p.suffix in {".ipynb", ".py"})
    return {p.relative_to(folder / "all").as_posix(): p.read_bytes() for p in found}


@pytest.fixture(scope="module")
def released() -> Mapping[str, bytes]:
    folder = ROOT / "notebooks"
    found = [*folder.glob("*.ipynb"), *folder.glob("week*/*.ipynb"), *folder.glob("week*/*.py")]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


@pytest.fixture(scope="module")
def marker() -> Iterator[Marker]:
    if choose().name == "none":
        lacking("sandbox", "there is no sandbox on this machine")
    with Marker(catalog(), key=b"secret", release=ROOT / "notebooks") as made:
        yield made


def _answered(files: Mapping[str, bytes], notebook: str, answers: Mapping[str, str]) -> dict[str, bytes]:
    """`files` with other answers in one notebook: cell id -> source."""
    data: dict[str, Any] = json.loads(files[f"{notebook}.ipynb"])
    for cell in data["cells"]:
        if cell["id"] in answers:
            cell["source"] = answers[cell["id"]]
    return {**files, f"{notebook}.ipynb": json.dumps(data).encode()}


def _of(marks: Marks, slug: str) -> Any:
    return next(r for r in marks.results if r.slug == slug)


def test_the_courses_own_solutions_get_every_point(marker: Marker, solved: Mapping[str, bytes]) -> None:
    marks = marker.mark(Submission("ada", solved))
    assert [(r.slug, r.status, r.note) for r in marks.results if r.status not in {"solved", "skipped"}] == []
    assert marks.earned == marks.possible > 200
    assert (marks.sandbox, marks.advisory, marks.repairs) == (marker.sandbox.name, False, {})
    assert marks.redis.startswith(("7.", "8."))


def test_what_was_handed_out_earns_nothing_and_is_not_even_run(
    marker: Marker, released: Mapping[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(channel: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(marker._workers, "start", start)
    marks = marker.mark(Submission("ada", released))
    assert {r.status for r in marks.results} == {"todo"}
    assert marks.earned == 0
    assert marks.possible == sum(e.points for e in catalog())


def test_a_submission_without_files_is_a_submission(marker: Marker) -> None:
    marks = marker.mark(Submission("ada", {}))
    assert (marks.earned, {r.status for r in marks.results}) == (0, {"todo"})
    assert all("was not handed in" in r.promises[0].happened for r in marks.results)


def test_one_wrong_answer_costs_its_own_points_and_names_the_misconception(
    marker: Marker, solved: Mapping[str, bytes]
) -> None:
    wrong = (ROOT / "solutions/week1/wrong/page-views/returns-text.py").read_text(encoding="utf-8")
    e = catalog()["week1.page-views"]
    marks = marker.mark(
        Submission("ada", _answered(solved, STRINGS, {e.cell_id: wrong})), catalog().of_notebook(STRINGS)
    )
    assert {r.slug for r in marks.results if r.status != "solved"} == {e.slug}
    assert _of(marks, e.slug).misconception == "returns-text"


def test_partial_credit_counts_the_promises_in_front_of_the_first_broken_one(
    marker: Marker, solved: Mapping[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    e = catalog()["week1.page-views"]
    one_key = "def page_view(r, page):\n    return r.incr('views')"
    submission = Submission("ada", _answered(solved, STRINGS, {e.cell_id: one_key}))
    monkeypatch.setattr(marker, "_partial", True)
    result = marker.mark(submission, [e]).results[0]
    statuses = [p.status for p in result.promises]
    first = statuses.index("broken")
    assert first > 0
    assert result.earned == int(2 * e.points * first / len(statuses)) / 2 < e.points
    monkeypatch.setattr(marker, "_partial", False)
    assert marker.mark(submission, [e]).results[0].earned == 0


def test_a_failure_of_the_grader_is_told_after_a_second_try_and_is_no_zero(
    marker: Marker, solved: Mapping[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def fails(*args: object) -> None:
        tries.append(args)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(marker, "_server", fails)
    e = catalog()["week1.page-views"]
    marks = marker.mark(Submission("ada", solved), [e])
    assert (marks.results[0].status, marks.results[0].earned, len(tries)) == (
        "error",
        0,
        2 * len(marks.results[0].promises),
    )
    assert "No space left on device" in marks.results[0].promises[0].happened
    assert (marks.possible, marks.uncertain) == (0, e.points)


def test_an_answer_that_was_late_once_is_asked_again(
    marker: Marker, solved: Mapping[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may have been a busy machine's fault is checked once more, and that counts."""
    e = catalog()["week1.page-views"]
    late = "def page_view(r, page):\n    while not r.exists('never'): pass"
    calls = []
    real = marker._checked

    def once(*args: Any) -> Any:
        calls.append(args)
        return real(*args)

    monkeypatch.setattr(marker, "_checked", once)
    marks = marker.mark(Submission("ada", _answered(solved, STRINGS, {e.cell_id: late})), [e])
    assert (marks.results[0].status, marks.results[0].promises[0].kind, len(calls)) == ("wrong", "deadline", 2)


@pytest.mark.parametrize(
    "harm",
    [
        "r.shutdown(nosave=True)",
        "r.config_set('maxmemory', 1)",
        "r.execute_command('ACL', 'SETUSER', 'default', 'off')",
        "r.execute_command('REPLICAOF', '127.0.0.1', 1)",
        "r.client_pause(10**9)",
    ],
)
def test_harm_done_to_redis_is_the_answers_and_nobody_elses(
    marker: Marker, solved: Mapping[str, bytes], harm: str
) -> None:
    e, beside = catalog()["week1.page-views"], catalog()["week1.bulk-read"]
    answer = f"def page_view(r, page):\n    n = r.incr(page)\n    {harm}\n    return n"
    marks = marker.mark(Submission("eve", _answered(solved, STRINGS, {e.cell_id: answer})), [e, beside])
    assert [r.status for r in marks.results] == ["wrong", "solved"]


def test_the_inputs_that_are_drawn_differ_from_learner_to_learner_and_can_be_drawn_again() -> None:
    def draw(seed: str) -> list[int]:
        with seeded(seed):
            return [chance(1604).getrandbits(64), chance(1605).getrandbits(64)]

    ada, bob = seed_of(b"key", "ada", "00"), seed_of(b"key", "bob", "00")
    assert draw(ada) == draw(ada)
    assert len({*draw(ada), *draw(bob), *draw("")}) == 6
    assert draw("") == [random.Random(1604).getrandbits(64), random.Random(1605).getrandbits(64)]


def test_an_answer_that_knows_the_inputs_at_the_desk_does_not_know_those_of_the_marker(
    marker: Marker, solved: Mapping[str, bytes]
) -> None:
    """An answer that was made to fit what the course's own copy of the check draws, and nothing else."""
    e = catalog()["week1.encode-command"]
    dice = chance(1604)
    first = dice.getrandbits(32)
    assert first == random.Random(1604).getrandbits(32)
    seen: list[str] = []

    def spy(number: int) -> random.Random:
        made = chance(number)
        seen.append(repr(made.getstate()[1][:3]))
        return made

    from grader.checks.week1 import test_the_wire as checks

    original: Callable[[int], random.Random] = checks.chance
    checks.chance = spy
    try:
        for learner in ("ada", "bob"):
            marks = marker.mark(Submission(learner, solved), [e])
            assert marks.results[0].status == "solved"
    finally:
        checks.chance = original
    assert len(seen) == len(set(seen)) >= 2


def test_what_pytest_itself_asserts_is_no_verdict_about_an_answer() -> None:
    class Strange:
        version = (8, 2, 3)

        def reset(self) -> None:
            raise AssertionError("previous item was not torn down properly")

    e = catalog()["week1.page-views"]
    result = run_exercise(e, Answer({"page_view": lambda r, page: 1}, e.slug), cast(Server, Strange()))
    assert (result.status, result.earned) == ("error", 0)


def test_what_is_noticed_about_a_notebook_names_it(marker: Marker, solved: Mapping[str, bytes]) -> None:
    cut = solved[f"{STRINGS}.ipynb"]
    files = {**solved, f"{STRINGS}.ipynb": cut[: len(cut) * 2 // 3]}
    exercise = catalog()["week1.page-views"]
    noticed = marker.mark(Submission("dan", files), [exercise]).notes
    assert [note.partition(":")[0] for note in noticed] == [f"{STRINGS.partition('/')[2]}.ipynb"]
    assert "JSON is broken" in noticed[0]
