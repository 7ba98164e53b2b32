"""A picture that Mermaid would refuse to draw is a problem; so is not being able to tell."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.authoring.diagrams import check_diagrams, count_diagrams

pytest.importorskip("mmdr", reason="mmdr, a development dependency, is not installed")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "1.9-lesson.md"


def write(page: Path, *diagrams: str) -> Path:
    page.write_text("# T\n\n" + "\n".join(f"```mermaid\n{diagram}\n```\n" for diagram in diagrams))
    return page


@pytest.mark.parametrize(
    "diagram",
    [
        'flowchart LR\n    a["one (1)"] --> b(["two"])\n    b -- no --> a',
        "sequenceDiagram\n    participant A as Ada\n    A->>R: INCR hits\n    R-->>A: 1\n    Note over A,R: one",
        "stateDiagram-v2\n    [*] --> absent\n    absent --> held: SET key value NX",
        "gantt\n    dateFormat X\n    section a\n    lease: 0, 10",
    ],
)
def test_a_diagram_that_mermaid_draws_passes(page: Path, diagram: str) -> None:
    assert check_diagrams([write(page, diagram)]) == []


@pytest.mark.parametrize(
    "diagram",
    [
        "flowchart LR\n    a --> ",
        "flowchart LR\n    a[one (1)] --> b",
        "flowchart LR\n    subgraph x\n    a --> b",
        "sequenceDiagram\n    A->>R: SET a 1; GET b",
        "flowchrt LR\n    a --> b",
        "",
    ],
)
def test_a_diagram_that_mermaid_refuses_is_told_at_its_fence(page: Path, diagram: str) -> None:
    (problem,) = check_diagrams([write(page, "flowchart LR\n    a --> b", diagram)])
    assert (problem.path, problem.line, problem.kind) == (page, 8, "diagram")
    assert problem.message


def test_every_diagram_is_counted_and_each_bad_one_told(page: Path) -> None:
    write(page, "flowchart LR\n a --> b", "nothing", "flowchart LR\n a -->")
    assert count_diagrams([page]) == 3
    assert len(check_diagrams([page])) == 2


def test_without_the_parser_the_answer_is_not_checked(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mmdr", None)
    (problem,) = check_diagrams([write(page, "flowchart LR\n a --> b", "x")])
    assert problem.message.startswith("not checked: ")
    assert check_diagrams([write(page)]) == []
