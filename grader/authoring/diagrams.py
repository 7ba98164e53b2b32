"""Every Mermaid picture of the course parses. Called by `course lint` and the tests.

The parser is `mmdr`, a Rust port of Mermaid and a development dependency only; where it is missing the answer
is a problem that says "not checked", never silence.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from pathlib import Path

from grader.authoring.lessons import read_lesson
from grader.authoring.problems import Problem


def check_diagrams(paths: Iterable[Path]) -> list[Problem]:
    """Parse each ```mermaid block of the Markdown files `paths`; what does not parse, in order.

    Without `mmdr` there is one problem, at the first picture. Raises OSError for a file that cannot be read.
    """
    problems: list[Problem] = []
    parse: Callable[[str], str | None] | None = None
    for path in paths:
        for block in read_lesson(path).blocks:
            if block.kind != "mermaid" or block.markers.not_run is not None:
                continue
            if parse is None:
                try:
                    parse = _parser()
                except ImportError as error:
                    message = f"not checked: {error}; install the development dependencies (mmdr)"
                    return [Problem(path, block.line, "diagram", message)]
            said = parse(block.text)
            if said is not None:
                problems.append(Problem(path, block.line, "diagram", said))
    return problems


def count_diagrams(paths: Iterable[Path]) -> int:
    """How many ```mermaid blocks the files hold."""
    return sum(block.kind == "mermaid" for path in paths for block in read_lesson(path).blocks)


def _parser() -> Callable[[str], str | None]:
    """A function that says what is wrong with a diagram's source, or None. Raises ImportError without mmdr."""
    # Only "merman", mmdr's default, is strict: the other backend draws many a diagram that Mermaid refuses.
    mmdr = importlib.import_module("mmdr")

    def parse(source: str) -> str | None:
        try:
            mmdr.render(source, backend="merman").svg()
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as error:  # a panic in Rust is no Exception
            return str(error) or type(error).__name__
        return None

    return parse
