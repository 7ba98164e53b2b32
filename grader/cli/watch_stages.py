"""`course watch stages`: on every save below ``notebooks/miniredis/`` the learner's server starts anew and is checked
from the first unfinished stage to the first red one. The real Redis beside it stays, so that a save costs one start.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from grader.checks.stages.catalog import Stage
from grader.cli.screen import bar, out, print_hint
from grader.cli.stages import print_card, print_map, remember, stage_line, the_map
from grader.cli.watch import stamp
from grader.marking.stages import StageOutcome, StageRun, check_own
from grader.notebook.progress import Progress

_BAR = 30
_KEYS = (("a", "all again"), ("h", "hint"), ("l", "map"), ("q", "quit"))


class StageWatch:
    """The state of a watch on the learner's server.

    Args:
        folder: the course folder.
        wanted: the stages to look at; those that are unfinished at the time if none are named.
    """

    look_seconds = 0.1

    def __init__(self, folder: Path, wanted: Sequence[Stage] = ()) -> None:
        self.folder = folder
        self.wanted = list(wanted)
        self.run = StageRun(folder / "notebooks")
        self.current: tuple[Stage, StageOutcome] | None = None
        self.passed: list[StageOutcome] = []
        self._checked = self._look()
        self._seen = self._checked
        self._shows = "card"

    def start(self) -> None:
        """Check once."""
        self.check(self.wanted or the_map(self.folder).unfinished())

    def close(self) -> None:
        """End the servers."""
        self.run.close()

    def poll(self) -> bool:
        """Check again if a file was saved and has stopped changing; whether it did."""
        now = self._look()
        settled = now == self._seen and now != self._checked
        self._seen = now
        if settled:
            self._checked = now
            self.check(self.wanted or the_map(self.folder).unfinished())
        return settled

    def check(self, stages: Sequence[Stage]) -> None:
        """Check `stages` up to the first red one, on a server started anew."""
        self.run.fresh()
        self.passed, self.current, self._shows = [], None, "card"
        if out().is_terminal:
            out().clear()
        column = max((len(s.slug) for s in stages), default=0)
        for place, stage in enumerate(stages):
            with out().status(f"Checking {stage.slug} …"):
                outcome = check_own(self.run, self.folder, stage)
            remember(self.folder, [outcome])
            if not outcome.green or place + 1 == len(stages):
                self.current = stage, outcome
                following = stages[place + 1] if place + 1 < len(stages) else None
                print_card(self.folder, stage, outcome, self.run, following)
                break
            self.passed.append(outcome)
            out().print(stage_line(outcome, column))
        self._footer()

    def press(self, key: str) -> None:
        """React to a key; one without a meaning does nothing."""
        if key == "a":
            found = the_map(self.folder)
            self.check([s for s in found.catalog if found.states[s.slug] not in {"locked", "open"}])
        elif key == "l":
            self._shows = "map"
            self.show()
        elif key == "h" and self.current is not None and self.current[0].hints:
            stage = self.current[0]
            known = Progress(self.folder)
            entry = known.read().get(stage.slug)
            known.hinted(stage.slug, min((entry.hints if entry else 0) + 1, len(stage.hints)))
            self._shows = "hint"
            self.show()

    def show(self) -> None:
        """Draw the screen again, or, in a pipe, go on."""
        if out().is_terminal:
            out().clear()
        if self._shows == "map":
            print_map(the_map(self.folder))
        elif self._shows == "hint" and self.current is not None:
            entry = Progress(self.folder).read().get(self.current[0].slug)
            print_hint(self.current[0], entry.hints if entry else 1)
        elif self.current is not None:
            print_card(self.folder, *self.current)
        self._footer()

    def _footer(self) -> None:
        count = the_map(self.folder).count()
        done = count.done + count.borrowed
        out().print()
        out().print(Text.assemble(bar(done, count.open, _BAR), f"  {count.sentence()}"))
        if self.current is None:
            out().print(Text("Every stage there is stands.", "bold green"))
        elif note := self.run.note():
            out().print(Text(note, "yellow"))
        if out().is_terminal:
            keys = Text.assemble(*(part for key, word in _KEYS for part in ((key, "bold"), f" {word}   ")))
            out().print(keys, Text("Save a file of miniredis to check it.", "dim"))

    def _look(self) -> dict[Path, tuple[int, int]]:
        """The Python files of the server with their times."""
        folder = self.folder / "notebooks" / "miniredis"
        return {path: stamp(path) for path in folder.rglob("*.py") if ".ipynb_checkpoints" not in path.parts}
