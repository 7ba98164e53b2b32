"""The learner's progress: a small YAML file they may read and edit, ``.course/progress.yml``.

Kernels and terminals write it at the same time, so each change is made under a lock and lands as a whole.
"""

from __future__ import annotations

import datetime
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from grader import quick_yaml

_HEAD = """\
# Your progress, one entry an exercise, and one a stage of your server (mini.…). You may edit this file:
# delete an entry to begin it afresh, set `hints: 0` to be shown the first hint again.
"""


@dataclass(slots=True)
class Entry:
    """What is remembered of one exercise or stage: `status` is ``solved`` or ``tried``, or ``borrowed`` for a stage
    that `course catchup` filled in; `solved` is the day it was, or None."""

    status: str = "tried"
    tries: int = 0
    hints: int = 0
    solved: str | None = None


class Progress:
    """The progress file of one course folder. Nothing here raises for a file that is missing, broken or read-only:
    losing a count must not stand between a learner and a check; `trouble` says what went wrong."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".course" / "progress.yml"
        self.trouble = ""

    def read(self) -> dict[str, Entry]:
        """All entries, slug -> entry."""
        try:
            data = quick_yaml.load(self.path.read_text(encoding="utf-8")) or {}
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, quick_yaml.YAMLError) as error:
            self.trouble = f"{self.path} cannot be read ({type(error).__name__}); progress starts afresh beside it."
            return {}
        if not isinstance(data, dict):
            return {}
        return {str(slug): _entry(raw) for slug, raw in data.items() if isinstance(raw, dict)}

    def tried(self, slug: str, solved: bool) -> Entry:
        """Count one try; returns the new entry."""

        def change(entry: Entry) -> None:
            entry.tries += 1
            if solved and entry.status not in {"solved", "borrowed"}:
                entry.status = "solved"
                entry.solved = datetime.date.today().isoformat()

        return self._change(slug, change)

    def hinted(self, slug: str, count: int) -> Entry:
        """Remember that `count` hints have been shown."""

        def change(entry: Entry) -> None:
            entry.hints = max(entry.hints, count)

        return self._change(slug, change)

    def borrowed(self, slug: str) -> Entry:
        """Remember that a stage was filled in from the reference."""

        def change(entry: Entry) -> None:
            entry.status, entry.solved = "borrowed", None

        return self._change(slug, change)

    def forget(self, slug: str) -> None:
        """Remove the entry of `slug`."""
        self._change(slug, None)

    def _change(self, slug: str, change: Callable[[Entry], None] | None) -> Entry:
        entry = Entry()
        try:
            self.path.parent.mkdir(exist_ok=True)
            with FileLock(f"{self.path}.lock", timeout=2):
                self.trouble = ""
                entries = self.read()
                if self.trouble and self.path.exists():
                    self.path.replace(self.path.with_suffix(".broken.yml"))
                entry = entries.setdefault(slug, entry)
                if change is None:
                    del entries[slug]
                else:
                    change(entry)
                _write(self.path, entries)
        except (OSError, Timeout) as error:
            if change is not None and entry == Entry():
                change(entry)
            self.trouble = f"{self.path} cannot be written ({error}); this try is not remembered."
        return entry


def _entry(raw: dict[str, Any]) -> Entry:
    def number(name: str) -> int:
        value = raw.get(name, 0)
        return value if isinstance(value, int) and value >= 0 else 0

    solved = raw.get("solved")
    return Entry(
        status if (status := raw.get("status")) in {"solved", "borrowed"} else "tried",
        number("tries"),
        number("hints"),
        str(solved) if solved else None,
    )


def _write(path: Path, entries: dict[str, Entry]) -> None:
    plain = {slug: {k: v for k, v in asdict(e).items() if v is not None} for slug, e in sorted(entries.items())}
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".progress-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_HEAD + quick_yaml.dump(plain))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
