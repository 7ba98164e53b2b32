"""`course watch`: check again whenever a notebook (or the file beside it) is saved; single keys in between."""

from __future__ import annotations

import contextlib
import select
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.text import Text

from grader.checks import Exercise
from grader.cli.screen import out, print_card, result_line, slug_width
from grader.marking import ExerciseResult
from grader.marking.terminal import check_notebooks
from grader.notebook.card import HintCard
from grader.notebook.progress import Progress

_Keys = Callable[[float], str]
LOOK_SECONDS = 0.2
_KEYS = "[bold]a[/] all  [bold]h[/] hint  [bold]n[/] next  [bold]l[/] list  [bold]q[/] quit"


def run(folder: Path, wanted: list[Exercise]) -> int:
    """Watch the notebooks of `wanted` in the course `folder` until `q` or Ctrl-C."""
    watching = Watch(folder, wanted)
    out().print(f"Watching {len(watching.files)} files below {folder.name}/notebooks. Save one to check it.")
    watching.check_changed(wanted)
    with _single_keys() as keys:
        watching.footer()
        while True:
            key = keys(LOOK_SECONDS)
            if key in {"q", "\x04"}:
                return 0
            if key:
                watching.press(key)
            elif changed := watching.changed():
                watching.check_changed(changed)
                watching.footer()


class Watch:
    """The state of a watch: which files, when each was last seen changed, and the exercise at hand."""

    def __init__(self, folder: Path, wanted: list[Exercise]) -> None:
        self.folder = folder
        self.wanted = wanted
        self.files = sorted({self._file(e) for e in wanted})
        self.progress = Progress(folder)
        self.results: dict[str, ExerciseResult] = {}
        self.current: Exercise | None = None
        self._seen = {path: _stamp(path) for path in self.files}

    def _file(self, exercise: Exercise) -> Path:
        notebook = self.folder / "notebooks" / f"{exercise.notebook}.ipynb"
        return notebook if exercise.file is None else notebook.with_name(exercise.file)

    def changed(self) -> list[Exercise]:
        """The exercises whose file was saved since the last look."""
        now = {path: _stamp(path) for path in self.files}
        changed = [path for path in self.files if now[path] != self._seen[path]]
        self._seen = now
        return [e for e in self.wanted if self._file(e) in changed]

    def check_changed(self, exercises: list[Exercise]) -> None:
        """Check `exercises`; show what is new: newly solved ones in a line, the first wrong one in full."""
        before = dict(self.results)
        for result in check_notebooks(exercises, self.folder / "notebooks"):
            self.results[result.slug] = result
            if result.status in {"solved", "wrong"}:
                self.progress.tried(result.slug, result.status == "solved")
        width = slug_width(self.wanted)
        for e in exercises:
            result = self.results[e.slug]
            if result.status == "solved" and (e.slug not in before or before[e.slug].status != "solved"):
                out().print(result_line(result, width))
        wrong = [e for e in exercises if self.results[e.slug].status in {"wrong", "error"}]
        todo = [e for e in self.wanted if self._status(e) == "todo"]
        # The one whose text was just changed: it was something else before, or it is the first that is wrong.
        fresh = [e for e in wrong if e.slug in before and before[e.slug].to_dict() != self.results[e.slug].to_dict()]
        self.current = next(iter([*fresh, *wrong, *todo]), None)
        if self.current is not None and self._status(self.current) != "todo":
            out().print()
            self._card(self.current)

    def _status(self, e: Exercise) -> str:
        return self.results[e.slug].status if e.slug in self.results else "todo"

    def _card(self, e: Exercise) -> None:
        entry = self.progress.read().get(e.slug)
        print_card(e, self.results[e.slug], entry.hints if entry else 0)

    def press(self, key: str) -> None:
        """React to a key."""
        if key == "a":
            self.check_changed(self.wanted)
        elif key == "l":
            width = slug_width(self.wanted)
            for e in self.wanted:
                if e.slug in self.results:
                    out().print(result_line(self.results[e.slug], width))
        elif key == "n":
            unsolved = [e for e in self.wanted if self._status(e) != "solved"]
            if self.current in unsolved:
                at = unsolved.index(self.current)
                unsolved = unsolved[at + 1 :] + unsolved[: at + 1]
            self.current = unsolved[0] if unsolved else None
            if self.current is not None and self.current.slug in self.results:
                self._card(self.current)
        elif key == "h" and self.current is not None:
            entry = self.progress.read().get(self.current.slug)
            number = min((entry.hints if entry else 0) + 1, len(self.current.hints))
            self.progress.hinted(self.current.slug, number)
            out().print(Text(repr(HintCard(self.current, number))))
        self.footer()

    def footer(self) -> None:
        """One line: a bar, how far, what is at hand, the keys."""
        solved = sum(self._status(e) == "solved" for e in self.wanted)
        filled = round(20 * solved / max(len(self.wanted), 1))
        line = Text.assemble(
            ("━" * filled, "green"), ("━" * (20 - filled), "bright_black"), f" {solved}/{len(self.wanted)}"
        )
        at_hand = "all solved" if solved == len(self.wanted) else self.current.slug if self.current else ""
        out().print()
        out().print(line, f" {at_hand}   {_KEYS}")


def _stamp(path: Path) -> tuple[int, int]:
    """When a file was last changed and its size; (0, 0) while it is missing (editors replace files)."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


@contextlib.contextmanager
def _single_keys() -> Iterator[_Keys]:
    """A function that waits some seconds for a key and returns it, or "". Without a terminal it only waits."""
    if not sys.stdin.isatty():
        yield _no_keys
        return
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)

    def key(seconds: float) -> str:
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        return sys.stdin.read(1) if ready else ""

    try:
        yield key
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _no_keys(seconds: float) -> str:
    time.sleep(seconds)  # the pause between two looks at the files
    return ""
