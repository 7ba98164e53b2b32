"""Grading a folder: what it finds, what it counts, and the reports that other programs read."""

from __future__ import annotations

import io
import json
import os
import random
import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from grader.checks import Exercise, catalog
from grader.checks.session import Promise
from grader.marking import ExerciseResult
from grader.marking.answer_lines import AnswerLines, Place
from grader.marking.claims import read_claim
from grader.marking.github import annotation_commands, check_run, command
from grader.marking.grade import NothingToGradeError, grade, submission_of, submission_root
from grader.marking.marks import Marks
from grader.marking.printable import printable
from grader.marking.reports import GradeReport, as_json, as_junit, reason, totals
from grader.marking.summary import as_markdown, fenced
from grader.marking.untrusted import MOST_BYTES, UntrustedError

RIGHT = 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")'


@pytest.fixture
def page_views() -> Exercise:
    return catalog()["week1.page-views"]


@pytest.fixture
def submit(tmp_path: Path, page_views: Exercise) -> Callable[..., Path]:
    """Make a repository with an answer to page-views in it."""

    def write(text: str = RIGHT) -> Path:
        path = tmp_path / "repository" / "notebooks" / f"{page_views.notebook}.ipynb"
        path.parent.mkdir(parents=True)
        cell = {"cell_type": "code", "id": page_views.cell_id, "metadata": {}, "source": text, "outputs": []}
        path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return tmp_path / "repository"

    return write


HOSTILE = (
    "```\n</pre><script>alert(1)</script> <img src=x onerror=y> @octocat #1 https://evil.example [a](javascript:b)\n"
    "::add-mask::a\n \t::set-output name=earned::99\n\u2003::warning::b\r::error::c\n##[error]d\n%0A::error::e\n"
    "~~~~\n````````\n| a | b |\n\x1b[2J\x1b]0;title\x07\x9b31m\u202eba\u2066\u200b\ufeff\ud800\x00\x85\u2028\U000e0041"
)


def result(status: str, slug: str = "week1.page-views", **more: object) -> ExerciseResult:
    found = catalog()[slug]
    earned = float(found.points * (status == "solved"))
    if status == "solved":
        more = {"promises": [Promise("test_a", "It counts.", "kept")], **more}
    return ExerciseResult(slug, found.title, status, earned, found.points, **more)  # type: ignore[arg-type]


def reported(*results: ExerciseResult, **more: object) -> GradeReport:
    marks = Marks("ada", "0" * 64, list(results), **{"redis": "7.0.15, 8.2.3", **more})  # type: ignore[arg-type]
    places = {r.slug: Place(f"notebooks/{catalog()[r.slug].notebook}.ipynb", 7) for r in results}
    return GradeReport(marks, places, "c" * 40)


def hostile() -> GradeReport:
    """A report in which everything that a learner can write is hostile."""
    broken = Promise(
        "test_a", "It counts.", "broken", "wrong", HOSTILE, HOSTILE, "read-modify-write", [HOSTILE], [HOSTILE]
    )  # fmt: skip
    wrong = result("wrong", promises=[broken], note=HOSTILE, printed=HOSTILE)
    return reported(wrong, notes=[HOSTILE], repairs={wrong.slug: [HOSTILE]})


def runner_commands(text: str) -> list[str]:
    """The lines that a runner takes for commands, as its ActionCommand.TryParseV2 and TryParse do."""
    return [line for line in re.split(r"\r\n|\r|\n", text) if line.lstrip().startswith("::") or "##[" in line]


@pytest.mark.parametrize("below", ["", "notebooks", "notebooks/week1", "notebooks/{}.ipynb"])
def test_a_repository_a_folder_a_week_and_a_notebook_are_found(
    submit: Callable[..., Path], page_views: Exercise, below: str
) -> None:
    repository = submit()
    assert submission_root(repository / below.format(page_views.notebook), [page_views]) == repository / "notebooks"


def test_a_folder_without_notebooks_says_what_was_looked_for(tmp_path: Path, page_views: Exercise) -> None:
    with pytest.raises(NothingToGradeError, match=r"looked for week1/.*\.ipynb there, in its notebooks/ and beside it"):
        submission_root(tmp_path, [page_views])
    with pytest.raises(NothingToGradeError, match="does not exist"):
        submission_root(tmp_path / "nowhere", [page_views])
    other = tmp_path / "essay.ipynb"
    other.write_text("{}")
    with pytest.raises(NothingToGradeError, match="none of the notebooks of the course"):
        submission_root(other, [page_views])


def test_a_right_answer_earns_its_points(submit: Callable[..., Path], page_views: Exercise) -> None:
    told: list[str] = []
    report = grade(submit(), catalog(), [page_views], lambda r: told.append(r.slug))
    assert (report.marks.earned, report.marks.possible, report.uncertain) == (page_views.points, page_views.points, 0)
    assert told == [page_views.slug]
    assert (report.receipt or {})["submission"]["files"] == 1


def test_a_notebook_is_graded_for_its_own_exercises_only(submit: Callable[..., Path], page_views: Exercise) -> None:
    notebook = submit() / "notebooks" / f"{page_views.notebook}.ipynb"
    report = grade(notebook, catalog())
    assert {r.slug for r in report.results} == {e.slug for e in catalog().of_notebook(page_views.notebook)}


def test_what_is_missing_in_a_repository_counts_as_not_solved(submit: Callable[..., Path]) -> None:
    wanted = [catalog()["week1.page-views"], next(e for e in catalog() if e.notebook == "start-here")]
    report = grade(submit(), catalog(), wanted)
    assert [r.status for r in report.results].count("solved") == 1
    assert all(r.status in {"solved", "todo"} for r in report.results)


def test_an_answer_that_never_ends_is_stopped_and_told_so(submit: Callable[..., Path], page_views: Exercise) -> None:
    (found,) = grade(submit("def page_view(r, page):\n    while True: pass"), catalog(), [page_views]).results
    assert "had not ended after" in reason(found)


def test_an_archive_and_a_commit_hold_the_same_submission_as_their_folder(
    submit: Callable[..., Path], tmp_path: Path
) -> None:
    repository = submit()
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as archive:
        for path in repository.rglob("*.ipynb"):
            archive.write(path, f"ada/{path.relative_to(repository)}")
    git = ["git", "-C", str(repository), "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *words], check=True)
    folder, archived, committed = (
        submission_of(repository, catalog()),
        submission_of(tmp_path / "ada.zip", catalog()),
        submission_of(repository, catalog(), commit="main"),
    )
    assert folder.files
    assert folder.digest() == archived.digest() == committed.digest()


@pytest.mark.parametrize("commit", ["nowhere", "--help", "0" * 40, "HEAD; id"])
def test_a_commit_that_is_not_there_is_a_sentence(submit: Callable[..., Path], commit: str) -> None:
    repository = submit()
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    with pytest.raises(NothingToGradeError, match="There is no notebook of the course in commit"):
        submission_of(repository, catalog(), commit=commit)


def test_marks_that_nothing_vouches_for_say_so() -> None:
    assert "Advisory" in as_markdown(reported(result("solved"), advisory=True, sandbox="none"), catalog())
    assert "Advisory" not in as_markdown(reported(result("solved"), advisory=False, sandbox="bubblewrap"), catalog())


def test_a_failure_of_the_grader_is_uncertain_not_a_zero() -> None:
    slugs = ["week1.page-views", "week1.bulk-read", "week1.lost-update"]
    marks = reported(*(result(s, slug) for s, slug in zip(["error", "solved", "skipped"], slugs, strict=True))).marks
    assert (marks.earned, marks.possible, marks.uncertain) == (2, 2, 2)


def test_an_annotation_stands_on_the_learners_own_line_in_the_notebooks_json(submit: Callable[..., Path]) -> None:
    repository = submit(
        "def helper(r, page):\n    return r.gte(page)\n\ndef page_view(r, page):\n    return helper(r, page)"
    )
    notebook = next((repository / "notebooks").rglob("*.ipynb"))
    data = json.loads(notebook.read_text())
    data["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": ["a\n", "b"]})
    data["cells"][1]["source"] = data["cells"][1]["source"].splitlines(keepends=True)
    for indent in (1, 4):
        notebook.write_text(json.dumps(data, indent=indent))
        report = grade(notebook, catalog(), [catalog()["week1.page-views"]])
        place = report.place(report.results[0])
        assert notebook.read_text().splitlines()[place.line - 1].strip() == '"    return r.gte(page)\\n",'


@pytest.mark.parametrize("text", ["{", '{"cells": [{"cell_type": "code"', "[" * 10_000, '{"cells": 5}', "\\" * 50])
def test_a_notebook_that_cannot_be_followed_is_annotated_on_its_first_line(
    submit: Callable[..., Path], text: str
) -> None:
    notebook = next((submit() / "notebooks").rglob("*.ipynb"))
    notebook.write_text(text)
    report = grade(notebook, catalog(), [catalog()["week1.page-views"]])
    assert report.place(report.results[0]) == Place(notebook.name, 1)


@pytest.mark.parametrize(
    ("kind", "happened", "where", "line"),
    [
        ("raised", "It raised.", ["line 2: helper(r)", "line 3: return 1 / 0"], 4),
        ("raised", "It raised.", ["line 9: return 1 / 0"], 2),
        ("syntax", "Python cannot read the answer, line 3: invalid syntax.", ["return 1 / 0"], 4),
        ("deadline", "It had not ended after 5 s (line 3 was running). Is there a loop?", [], 4),
        ("wrong", "It returned 5.", [], 2),
    ],
)
def test_what_a_traceback_a_syntax_error_and_a_loop_name_is_the_line(
    kind: str, happened: str, where: list[str], line: int
) -> None:
    source = ["def page_view(r, page):\n", "    helper(r)\n", "    return 1 / 0\n"]
    cell = {"cell_type": "code", "id": "week1-page-views", "source": source}
    text = "[1,\n" + json.dumps(source[0]) + ",\n" + json.dumps(source[1]) + ",\n" + json.dumps(source[2]) + "]"
    whole = json.dumps({"cells": [cell]}).replace(json.dumps(source), text.replace("[1,", "["))
    broken = Promise("test_a", "It counts.", "broken", kind, happened=happened, where=where)
    found = AnswerLines({"week1/02-strings-and-counters.ipynb": whole.encode()}).place(
        result("wrong", promises=[broken]), catalog()["week1.page-views"]
    )
    assert found == Place("week1/02-strings-and-counters.ipynb", line)


def test_an_answer_in_a_file_is_annotated_in_that_file() -> None:
    broken = Promise("test_a", "It sends.", "broken", "raised", where=["line 2: return 1 / 0"])
    lines = AnswerLines({"week1/tinyclient.py": b"def command():\n    return 1 / 0\n"})
    tiny = catalog()["week1.tiny-client"]
    assert lines.place(result("wrong", tiny.slug, promises=[broken]), tiny) == Place("week1/tinyclient.py", 2)


# Hostile text


def test_what_is_made_printable_is_visible_whatever_it_was() -> None:
    chance = random.Random(5)
    text = "".join(chr(chance.randrange(0x110000)) for _ in range(20_000)) + HOSTILE + "a" + "\u0301" * 50
    shown = printable(text)
    assert all(c in "\n\t" or c.isprintable() for c in shown)
    assert "\u0301" * 5 not in shown
    assert not runner_commands(shown)
    assert shown.encode("utf-8")


def test_honest_text_stays_as_it_is() -> None:
    honest = 'naïve café, 日本語, Ω ≠ ω, 🙂, x[::2] "%d" % 5 and #1 [a](b)\n\tdef f(): pass'
    assert printable(honest) == honest


def test_no_line_that_is_printed_for_github_is_a_command_of_the_learners() -> None:
    report = hostile()
    (line,) = annotation_commands(report)
    assert runner_commands(line) == [line]
    assert line.startswith("::error file=notebooks/week1/02-strings-and-counters.ipynb,line=7,title=")
    for text in (as_json(report), as_junit(report).decode(), as_markdown(report, catalog())):
        assert not runner_commands(text)


def test_properties_of_an_annotation_cannot_add_others() -> None:
    line = command("error", "a%b\nc", file="a,line=9:b%.ipynb", title="x::y\r\n::z")
    assert line == r"::error file=a%2Cline=9%3Ab%25.ipynb,title=x%3A%3Ay\x0d%0A\x3a%3Az::a%25b%0Ac"


def test_markdown_holds_a_learners_text_in_fences_only() -> None:
    text = as_markdown(hostile(), catalog())
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    inline = [child for t in tokens for child in t.children or []]
    assert not {t.type for t in [*tokens, *inline]} & {"html_block", "html_inline", "link_open", "image"}
    assert any("octocat" in t.content for t in tokens if t.type == "fence")
    assert not any("octocat" in t.content or "evil" in t.content for t in tokens if t.type != "fence")


@pytest.mark.parametrize("text", ["```", "a\n```\n# b", "`" * 40, "~~~\n````", "", "    \n"])
def test_nothing_leaves_its_fence(text: str) -> None:
    (only,) = MarkdownIt("commonmark").parse(fenced(text))
    assert only.type == "fence"
    assert only.content == text + "\n"


def test_the_summary_has_a_bounded_size_and_says_what_was_left_out() -> None:
    long = Promise("test_a", "It counts.", "broken", "wrong", "1", "ä" * 2000, None, ["b" * 400] * 20, ["c"] * 100)
    report = reported(*(result("wrong", e.slug, promises=[long]) for e in catalog()))
    text = as_markdown(report, catalog(), 20_000)
    assert len(text.encode()) <= 20_000
    assert "more did not fit; grade.json has them all" in text
    body = check_run(report, catalog(), "Redis course", success=False)
    assert len(body["output"]["summary"]) <= 65_535
    assert len(body["output"]["annotations"]) == 50


def test_junit_has_a_suite_a_week_and_a_case_an_exercise() -> None:
    broken = Promise(
        "test_a", "It counts.", "broken", "wrong", "5", "it returned \x1b[31m6 <&>", "off-by-one",
        ["line 2: return 6"], ["INCR a"],
    )  # fmt: skip
    report = reported(
        result("wrong", promises=[broken]),
        result("solved", "week1.bulk-read"),
        result("error", "week1.lost-update", note="no Redis"),
        result("skipped", "week1.claim-username"),
    )
    suite = ElementTree.fromstring(as_junit(report))[0]
    assert {k: suite.get(k) for k in ("name", "tests", "failures", "errors", "skipped")} == {
        "name": "week1", "tests": "4", "failures": "1", "errors": "1", "skipped": "1",
    }  # fmt: skip
    wrong, solved, error, skipped = suite
    assert (wrong.get("file"), wrong.get("line")) == ("notebooks/week1/02-strings-and-counters.ipynb", "7")
    assert wrong[0].tag == "failure"
    assert wrong[0].get("message") == r"It counts. expected 5; it returned \x1b[31m6 <&> [off-by-one]"
    assert wrong[0].text == "line 2: return 6\nINCR a"
    assert len(solved) == 0
    assert (error[0].tag, skipped[0].tag) == ("error", "skipped")


# Claims: reports of jobs that are not trusted


@pytest.fixture
def claim(tmp_path: Path) -> Callable[..., Path]:
    """Write a report as an untrusted job hands it on, changed by `change`."""

    def write(
        change: Callable[[dict[str, object]], object] = lambda claim: None, report: GradeReport | None = None
    ) -> Path:
        data = json.loads(as_json(report or reported(result("solved"), result("wrong", "week1.bulk-read"))))
        change(data)
        path = tmp_path / "grade.json"
        path.write_text(json.dumps(data))
        return path

    return write


WANTED = ["week1.page-views", "week1.bulk-read"]


def read(path: Path, commit: str = "c" * 40) -> GradeReport:
    return read_claim(path, catalog(), catalog().select(WANTED), commit)


def test_an_honest_report_is_read_as_it_was_written(claim: Callable[..., Path]) -> None:
    assert totals(read(claim())) == "2 of 4 points, 1 of 2 exercises solved"
    both = reported(*hostile().results, result("todo", "week1.bulk-read"))
    assert reason(read(claim(report=both)).results[0]) == reason(both.results[0])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: c.update(earned=4), "sum of points earned"),
        (lambda c: c["results"][1].update(earned=99), "cannot be wrong and earn 99"),
        (lambda c: c["results"][1].update(status="solved", earned=2), "promises that were not kept"),
        (lambda c: c["results"][1].update(points=1), "worth 2 points, not 1"),
        (lambda c: c["results"][1].update(slug="week1.lost-update"), "does not hold each exercise"),
        (lambda c: c["results"].append(c["results"][0]), "does not hold each exercise"),
        (lambda c: c["results"][0].update(file="../../etc/passwd"), "does not fit the schema"),
        (lambda c: c["results"][0].update(file="notebooks/other.ipynb"), "is not in such a file"),
        (lambda c: c["results"][0].update(misconception="@octocat"), "does not fit the schema"),
        (lambda c: c["results"][0]["promises"][0].update(misconception="check-then-act"), "no misconception of that"),
        (lambda c: c["results"][0].update(line=10**9), "does not fit the schema"),
        (lambda c: c["results"][0].update(earned="2"), "does not fit the schema"),
        (lambda c: c["results"][0].update(extra="x"), "does not fit the schema"),
        (lambda c: c["results"][0].update(note="\x1b[2J" * 5000), "does not fit the schema"),
        (lambda c: c["submission"].update(commit="d" * 40), "another commit"),
        (lambda c: c["course"].update(digest="0" * 64), "made with other checks"),
        (lambda c: c.clear(), "does not fit the schema"),
    ],
)
def test_a_report_that_cannot_be_true_is_refused(
    claim: Callable[..., Path], change: Callable[[dict[str, object]], object], sentence: str
) -> None:
    with pytest.raises(UntrustedError, match=sentence) as refused:
        read(claim(change))
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 50_000, "nested too deeply"),
        (b'{"kind": 1, "kind": 2}', "the same key twice"),
        (b'{"earned": NaN}', "NaN is not JSON"),
        (b'{"earned": ' + b"9" * 5000 + b"}", "too many digits"),
        (b" " * (MOST_BYTES + 1), "larger than"),
    ],
)
def test_a_file_that_is_no_report_is_refused_before_it_is_read_far(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "grade.json"
    path.write_bytes(data)
    with pytest.raises(UntrustedError, match=sentence):
        read(path)


def test_links_and_fifos_are_no_reports(tmp_path: Path, claim: Callable[..., Path]) -> None:
    (tmp_path / "link").symlink_to(claim())
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name in ("link", "fifo", "folder", "nowhere"):
        with pytest.raises(UntrustedError, match=r"plain file"):
            read(tmp_path / name)


def test_an_archive_is_read_in_memory_and_nothing_of_it_is_unpacked(tmp_path: Path, claim: Callable[..., Path]) -> None:
    honest = claim().read_bytes()

    def archive(*members: tuple[str, bytes]) -> Path:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in members:
                made.writestr(name, data)
        (tmp_path / "artifact.zip").write_bytes(buffer.getvalue())
        return tmp_path / "artifact.zip"

    before = [*tmp_path.rglob("*"), tmp_path / "artifact.zip"]
    slipping = archive(("grade.json", honest), ("../../slipped", b"x"), ("/slipped", b"x"))
    assert totals(read(slipping)) == "2 of 4 points, 1 of 2 exercises solved"
    for members, sentence in [
        ([("../grade.json", honest)], "0 members called grade.json"),
        ([("grade.json", b" " * 50_000_000)], "larger than"),
        ([(f"{n}", b"") for n in range(100)], "100 members"),
    ]:
        with pytest.raises(UntrustedError, match=sentence):
            read(archive(*members))
    (tmp_path / "artifact.zip").write_bytes(b"PK\x05\x06 and no archive")
    with pytest.raises(UntrustedError, match="The archive is refused"):
        read(tmp_path / "artifact.zip")
    assert sorted(tmp_path.rglob("*")) == sorted(before)
