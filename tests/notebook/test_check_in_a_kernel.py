"""check() and hint() as a learner meets them: in a real kernel, with everything that can be wrong with a cell."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

ROOT = Path(__file__).resolve().parents[2]
RIGHT = 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")'
CHECK = 'check("week1.page-views")'


@dataclass
class Shown:
    """What a cell showed: the card's HTML and text, and the error's lines if it raised."""

    html: str = ""
    text: str = ""
    printed: str = ""
    error: list[str] = field(default_factory=list)

    @property
    def everything(self) -> str:
        return "\n".join([self.text, self.printed, *self.error])


Cell = Callable[..., Shown]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course")
    (folder / "modules").mkdir()
    (folder / "notebooks" / "week1").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def kernel(course: Path) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    environment = {k: v for k, v in os.environ.items() if k != "REDIS_URL"}
    manager, client = start_new_kernel(cwd=str(course / "notebooks" / "week1"), env=environment)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def cell(kernel: tuple[KernelManager, BlockingKernelClient], course: Path) -> Cell:
    """Run a cell and return what it showed; each test starts with the course imported and no progress."""
    _, client = kernel

    def run(source: str, cell_id: str | None = None, seconds: float = 30) -> Shown:
        shown = Shown()

        def hear(message: dict[str, object]) -> None:
            content: dict = message["content"]  # type: ignore[type-arg, assignment]
            match message["header"]["msg_type"]:  # type: ignore[index]
                case "display_data" | "execute_result":
                    shown.html += content["data"].get("text/html", "")
                    shown.text += content["data"].get("text/plain", "") + "\n"
                case "stream":
                    shown.printed += content["text"]
                case "error":
                    shown.error += content["traceback"]

        content = {
            "code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": False,
        }  # fmt: skip
        message = client.session.msg("execute_request", content, metadata={"cellId": cell_id} if cell_id else None)
        client.shell_channel.send(message)
        while True:
            heard = client.get_iopub_msg(timeout=seconds)
            if heard["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            hear(heard)
            if heard["header"]["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
                return shown

    (course / ".course" / "progress.yml").unlink(missing_ok=True)
    run("from grader.notebook import check, connect, hint")
    run("for name in ('page_view', 'page_views'): globals().pop(name, None)")
    return run


def no_traceback_of_ours(shown: Shown) -> bool:
    return not any(word in shown.everything for word in ("Traceback", "site-packages", "grader/", "_pytest"))


def test_a_right_answer_is_green_and_does_not_raise(cell: Cell) -> None:
    cell(RIGHT)
    shown = cell(CHECK)
    assert shown.error == []
    assert 'data-status="solved"' in shown.html
    assert "2 of 2 points" in shown.text


def test_a_wrong_answer_shows_what_was_sent_the_misconception_and_the_next_hint(cell: Cell) -> None:
    cell((ROOT / "solutions/week1/wrong/page-views/read-modify-write.py").read_text(encoding="utf-8"))
    shown = cell(CHECK)
    assert shown.error, "Validate and nbgrader see a red check by its error"
    assert "read-modify-write" in shown.text
    assert "SET page:home:views" in shown.text
    assert "`hint()` shows hint 1 of 3" in shown.text
    assert no_traceback_of_ours(shown)


def test_the_ladder_of_hints_is_climbed_and_remembered_in_a_text_file(cell: Cell, course: Path) -> None:
    cell(RIGHT, "week1-page-views")
    assert "Hint 1 of 3" in cell("hint()").text
    assert "Hint 2 of 3" in cell("hint()").text
    assert "hints: 2" in (course / ".course" / "progress.yml").read_text()
    assert "Hint 1 of 3" in cell("hint(number=1)").text


def test_a_bare_check_means_the_answer_that_ran_last(cell: Cell) -> None:
    cell(RIGHT)
    assert "week1.page-views" in cell("check()").text


def test_a_bare_check_in_the_cell_of_an_exercise_means_that_one(cell: Cell) -> None:
    cell("def hello(r):\n    r.set('greeting', 'hello, redis')")
    cell(RIGHT)
    assert "week1.hello" in cell("check()", "week1-hello-check").text


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("def page_view(r, page):\n    raise NotImplementedError", "`page_view` is not written yet"),
        ("def page_view(r, page:\n    return 1", "did not run: Python cannot read it, line 1"),
        ("def page_view(r, page):\n    while True: pass", "had not ended after 2 s (line 2 was running)"),
        ("def page_view(r, page):\n    r.blpop('nothing', 0)", "had not ended after 2 s (line 2 was running)"),
        ("def page_views(r, page):\n    return 1", "there is `page_views`. Was it renamed?"),
        ("pass", "There is no `page_view` here"),
        ("def page_view(r, page):\n    return 1 / 0", "ZeroDivisionError: division by zero"),
        ("def page_view(r, page):\n    r.shutdown(nosave=True)\n    return r.incr(page)", "lost its Redis"),
        ("def page_view(r, page):\n    raise SystemExit", "tried to end Python"),
    ],
)
def test_each_way_of_going_wrong_gets_its_own_sentence(cell: Cell, answer: str, sentence: str) -> None:
    cell(answer, "week1-page-views")
    shown = cell(CHECK, "week1-page-views-check")
    assert sentence in " ".join(shown.text.split())
    assert no_traceback_of_ours(shown)
    assert shown.error


def test_after_the_answer_stopped_the_checks_redis_the_next_check_has_one_again(cell: Cell) -> None:
    cell("def page_view(r, page):\n    r.shutdown(nosave=True)")
    cell(CHECK)
    cell(RIGHT)
    assert "2 of 2 points" in cell(CHECK).text


def test_a_syntax_error_is_forgotten_once_the_cell_runs(cell: Cell) -> None:
    cell("def page_view(r, page:", "week1-page-views")
    cell(RIGHT, "week1-page-views")
    assert "2 of 2 points" in cell(CHECK).text


def test_the_check_leaves_the_learners_own_keys_alone(cell: Cell) -> None:
    cell("r = connect()\nr.flushdb()\nr.set('mine', 'precious')")
    cell(RIGHT)
    cell(CHECK)
    assert cell("r.keys('*')").text.strip() == "['mine']"


def test_a_redis_that_is_not_there_is_one_sentence(cell: Cell) -> None:
    shown = cell("connect('redis://127.0.0.1:1/0')")
    assert "No Redis answers at" in "".join(shown.error)
    assert no_traceback_of_ours(shown)


def test_an_unknown_exercise_gets_the_nearest_name(cell: Cell) -> None:
    shown = cell('check("week1.pageviews")')
    assert "Did you mean week1.page-views" in "".join(shown.error)
    assert no_traceback_of_ours(shown)


def test_what_the_answer_prints_is_kept_short_and_in_the_card(cell: Cell) -> None:
    cell(RIGHT + "\n", "week1-page-views")
    cell(RIGHT.replace("return", "print('x' * 100_000)\n    return"))
    shown = cell(CHECK)
    assert shown.printed == ""
    assert "and more" in shown.text
    assert len(shown.html) < 20_000
