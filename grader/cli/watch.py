"""`course watch`: check again whenever a notebook (or the file beside it) is saved; single keys in between.

On a terminal the screen shows one thing at a time: the exercise at hand, and below it how far the learner is. In a pipe
everything is appended.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from rich.status import Status
from rich.text import Text

from grader.checks import Exercise
from grader.cli.screen import bar, out, print_card, print_hint, result_line, slug_width
from grader.marking import ExerciseResult
from grader.marking.extract import NotebookError, read_notebook
from grader.marking.terminal import check_notebooks
from grader.notebook.progress import Progress
from grader.notebook.reset import released_path, untouched

LOOK_SECONDS = 0.2
_BAR = 30
_KEYS = (("a", "all again"), ("h", "hint"), ("n", "next"), ("l", "list"), ("q", "quit"))
_ENDED = "\x04"
_Keys = Callable[[float], str]


class Watching(Protocol):
    """Something that is watched: `look_seconds` is the pause between two looks."""

    look_seconds: float

    def start(self) -> None:
        """Check once and draw the screen."""

    def poll(self) -> bool:
        """Check what was saved since the last look; whether anything was."""

    def press(self, key: str) -> None:
        """React to a key."""

    def show(self) -> None:
        """Draw the screen again."""

    def close(self) -> None:
        """End what it has started."""


def run(watching: Watching) -> int:
    """Watch until `q` or Ctrl-C."""
    try:
        with _interrupts() as interrupted, _single_keys(watching.show) as key_within:
            watching.start()
            while (key := key_within(watching.look_seconds)) not in {"q", _ENDED} and not interrupted():
                if key:
                    watching.press(key)
                else:
                    watching.poll()
    finally:
        watching.close()
    out().print()
    return 0


@contextlib.contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """A function that tells whether Ctrl-C was pressed in the block, which it ends as well.

    An exception may get lost where it is raised (in a callback of the garbage collector, say); the answer does not.
    """
    import signal

    pressed = False

    def interrupt(number: int, frame: object) -> None:
        nonlocal pressed
        pressed = True
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, interrupt)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


class WatchBoth:
    """A watch on the notebooks that turns to the learner's server when one of its files is saved, and back.

    Args:
        notebooks: what is shown first.
        server: makes the other one, when it is needed.
        saved: whether a file of the server was saved since it was asked last.
    """

    look_seconds = LOOK_SECONDS

    def __init__(self, notebooks: Watching, server: Callable[[], Watching], saved: Callable[[], bool]) -> None:
        self._notebooks = notebooks
        self._make = server
        self._saved = saved
        self._server: Watching | None = None
        self._active = notebooks

    def start(self) -> None:
        """Check the notebooks; the server's turn comes with its first save."""
        self._notebooks.start()

    def poll(self) -> bool:
        """Check what was saved; what it was is shown from then on."""
        if self._notebooks.poll():
            self._active = self._notebooks
            return True
        if self._server is None:
            if not self._saved():
                return False
            self._server = self._make()
            self._server.start()
        elif not self._server.poll():
            return False
        self._active = self._server
        return True

    def press(self, key: str) -> None:
        """A key means what it means for what is shown."""
        self._active.press(key)

    def show(self) -> None:
        """Draw the screen again."""
        self._active.show()

    def close(self) -> None:
        """End both."""
        self._notebooks.close()
        if self._server is not None:
            self._server.close()


def server_saved(folder: Path) -> Callable[[], bool]:
    """A function that tells whether a file of the learner's server has changed since the last call."""
    package = folder / "notebooks" / "miniredis"

    def look() -> dict[Path, tuple[int, int]]:
        return {path: stamp(path) for path in package.rglob("*.py")}

    before = look()

    def saved() -> bool:
        nonlocal before
        before, old = look(), before
        return before != old

    return saved


class Watch:
    """The state of a watch: the files and their texts as last checked, the results, and the exercise at hand."""

    look_seconds = LOOK_SECONDS

    def __init__(self, folder: Path, wanted: list[Exercise]) -> None:
        self.folder = folder
        self.wanted = wanted
        self.progress = Progress(folder)
        self.results: dict[str, ExerciseResult] = {}
        self.current: Exercise | None = None
        self._file = {e.slug: folder / released_path(e) for e in wanted}
        self._files = sorted(set(self._file.values()))
        self._checked = {path: stamp(path) for path in self._files}
        self._looked = dict(self._checked)
        self._texts = {e.slug: self._text(e) for e in wanted}
        self._starters: set[str] = set()
        self._hint = 1
        self._trouble = ""
        self._show: Callable[[], None] = self._show_current

    # What happens

    def start(self) -> None:
        """Check everything once; the exercise at hand is the first wrong one, else the first unsolved one."""
        self._check(self.wanted)
        first = [e for e in self.wanted if self._is_wrong(e)] or self._unsolved()
        self.current = first[0] if first else None
        self.show()

    def poll(self) -> bool:
        """Check what was saved; whether anything was."""
        changed = self.changed()
        if changed:
            self.check_saved(changed)
        return bool(changed)

    def close(self) -> None:
        """Nothing of it outlasts a check."""

    def changed(self) -> list[Exercise]:
        """The exercises whose file was saved since it was checked, once it has stopped changing."""
        now = {path: stamp(path) for path in self._files}
        settled = [path for path in self._files if now[path] == self._looked[path] != self._checked[path]]
        self._looked = now
        for path in settled:
            self._checked[path] = now[path]
        return [e for e in self.wanted if self._file[e.slug] in settled]

    def check_saved(self, exercises: list[Exercise]) -> None:
        """Check `exercises`, those first whose own text is new: they are what the learner is at, and tries."""
        texts = {e.slug: self._text(e) for e in exercises}
        edited = [e for e in exercises if texts[e.slug] != self._texts[e.slug]]
        self._texts.update(texts)
        self._check([*edited, *(e for e in exercises if e not in edited)], tries=edited)
        still_wrong = [e for e in edited if self._status(e) != "solved"]
        if edited:
            self.current = (still_wrong or edited)[0]
        self._show = self._show_current
        self.show()

    def press(self, key: str) -> None:
        """React to a key; one without a meaning does nothing."""
        if key == "a":
            self._check(self.wanted)
            self._show = self._show_current
        elif key == "l":
            self._show = self._show_list
        elif key == "n":
            self.current = self._next()
            self._show = self._show_current
        elif key == "h" and self.current is not None:
            entry = self.progress.read().get(self.current.slug)
            self._hint = min((entry.hints if entry else 0) + 1, len(self.current.hints))
            self.progress.hinted(self.current.slug, self._hint)
            self._show = self._show_hint
        else:
            return
        self.show()

    def _check(self, exercises: list[Exercise], tries: list[Exercise] | None = None) -> None:
        known = Progress(self.folder)
        before = {slug for slug, entry in known.read().items() if entry.status == "solved"}
        self._starters = untouched(self.folder, self.wanted)
        with out().status("") as status:
            count = 0

            def tell(result: ExerciseResult) -> None:
                nonlocal count
                count += 1
                self.results[result.slug] = result
                _say(status, count, len(exercises))

            _say(status, 0, len(exercises))
            check_notebooks(exercises, self.folder / "notebooks", tell)
        for e in exercises:
            solved = self._status(e) == "solved"
            if (solved and e.slug not in before) or (tries is not None and e in tries and self._is_answered(e)):
                known.tried(e.slug, solved)
        self._trouble = known.trouble

    # What is so

    def _text(self, e: Exercise) -> str | None:
        """The text of an answer; None while it is not to be had."""
        path = self._file[e.slug]
        try:
            if e.file is not None:
                return path.read_text(encoding="utf-8", errors="replace")
            cell = read_notebook(path).cell(e.cell_id)
        except (NotebookError, OSError):
            return None
        return cell.source if cell is not None else None

    def _status(self, e: Exercise) -> str:
        return self.results[e.slug].status if e.slug in self.results else "todo"

    def _is_wrong(self, e: Exercise) -> bool:
        """Whether it is wrong by the learner's own doing, or by ours."""
        return self._status(e) == "error" or (self._status(e) == "wrong" and e.slug not in self._starters)

    def _is_answered(self, e: Exercise) -> bool:
        return self._status(e) == "solved" or (self._status(e) == "wrong" and e.slug not in self._starters)

    def _unsolved(self) -> list[Exercise]:
        return [e for e in self.wanted if self._status(e) not in {"solved", "skipped"}]

    def _next(self) -> Exercise | None:
        """The unsolved exercise behind the one at hand, in the order of the course, around its end."""
        at = self.wanted.index(self.current) + 1 if self.current in self.wanted else 0
        return next((e for e in self.wanted[at:] + self.wanted[:at] if e in self._unsolved()), None)

    # What is shown

    def show(self) -> None:
        """Draw the screen, or, in a pipe, go on."""
        if out().is_terminal:
            out().clear()
        self._show()
        out().print()
        self._footer()

    def _show_current(self) -> None:
        if self.current is None:
            out().print(Text("Everything here is solved.", "bold green"))
        elif self.current.slug in self.results:
            entry = self.progress.read().get(self.current.slug)
            print_card(self.current, self.results[self.current.slug], entry.hints if entry else 0)

    def _show_list(self) -> None:
        column = slug_width(self.wanted) + 2
        for e in self.wanted:
            if e.slug in self.results:
                line = result_line(self.results[e.slug], column, e.slug in self._starters)
                out().print(Text.assemble((">" if e == self.current else " ", "bold cyan"), line))

    def _show_hint(self) -> None:
        if self.current is not None:
            print_hint(self.current, self._hint)

    def _footer(self) -> None:
        """A bar, how far, where the exercise at hand is, what is next, the keys."""
        solved = sum(self._status(e) == "solved" for e in self.wanted)
        out().print(Text.assemble(bar(solved, len(self.wanted), _BAR), f"  {solved} of {len(self.wanted)} solved"))
        if self.current is not None:
            if self._status(self.current) == "solved":
                following = self._next()
                told = f"n goes on to {following.slug}." if following else "That was the last one."
                out().print(Text.assemble(("Solved. ", "bold green"), told))
            else:
                place = self._file[self.current.slug].relative_to(self.folder)
                out().print(Text.assemble(("Now: ", "bold"), f"{self.current.slug} in {place}"))
        if self._trouble:
            out().print(Text(self._trouble, "yellow"))
        if out().is_terminal:
            keys = Text.assemble(*(part for key, word in _KEYS for part in ((key, "bold"), f" {word}   ")))
            out().print(keys, Text("Save a notebook to check it.", "dim"))


def _say(status: Status, count: int, of: int) -> None:
    status.update(f"Checking … {count} of {of}")


def stamp(path: Path) -> tuple[int, int]:
    """When a file was last changed and its size; (0, 0) while it is missing (editors replace files)."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


@contextlib.contextmanager
def _single_keys(redraw: Callable[[], None]) -> Iterator[_Keys]:
    """A function that waits some seconds for a key and returns it, or ""; _ENDED when there will be no more.

    Typed characters are not echoed while the block runs; however it ends, the terminal is as it was. Without a terminal
    the function only waits.
    """
    if not sys.stdin.isatty() or not out().is_terminal:
        yield _no_keys
        return
    import signal
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    waiting: deque[str] = deque()
    stale = False

    def again(_signum: int, _frame: object) -> None:
        nonlocal stale
        stale = True

    def key(seconds: float) -> str:
        nonlocal stale
        if stale:
            # Back from Ctrl-Z, where the shell set the terminal to its own ways; or the window has another size.
            stale = False
            tty.setcbreak(descriptor)
            redraw()
        if not waiting and select.select([descriptor], [], [], seconds)[0]:
            try:
                typed = os.read(descriptor, 1024)
            except OSError:
                typed = b""
            if not typed:
                return _ENDED  # the terminal is gone
            if not typed.startswith(b"\x1b"):  # an arrow or function key
                waiting.extend(typed.decode(errors="replace"))
        return waiting.popleft() if waiting else ""

    handlers = {number: signal.signal(number, again) for number in (signal.SIGCONT, signal.SIGWINCH)}
    tty.setcbreak(descriptor)
    try:
        yield key
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _no_keys(seconds: float) -> str:
    time.sleep(seconds)  # the pause between two looks at the files
    return ""
