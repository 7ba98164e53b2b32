"""The reference server's files, region by region: what the starter is cut from, and what fills a stub again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.checks.stages.regions import Region, begun, clear, regions

PACKAGE = "miniredis"


class NoReferenceError(LookupError):
    """This copy of the course has no reference server; the message says what that means."""


@dataclass(frozen=True)
class Reference:
    """The Python files of ``solutions/miniredis/``: path below it -> text."""

    texts: Mapping[str, str]

    @classmethod
    def read(cls, root: Path) -> Reference:
        """The reference of the course in `root`.

        Raises:
            NoReferenceError: when there is none.
        """
        folder = root / "solutions" / PACKAGE
        if not folder.is_dir():
            raise NoReferenceError(
                f"{folder} is missing: this copy of the course has no reference server to take code from. "
                "A fresh clone has it."
            )
        paths = sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)
        return cls({p.relative_to(folder).as_posix(): p.read_text(encoding="utf-8") for p in paths})

    @cached_property
    def regions(self) -> dict[str, list[tuple[str, Region]]]:
        """stage -> its regions with their files, in the order of files and lines.

        Raises:
            RegionError: for markers that make no sense.
        """
        found: dict[str, list[tuple[str, Region]]] = {}
        for path, text in self.texts.items():
            for region in regions(text, f"{PACKAGE}/{path}"):
                found.setdefault(region.stage, []).append((path, region))
        return found

    @cached_property
    def placed(self) -> frozenset[str]:
        """The stages that have code of their own here; the others follow from it."""
        return frozenset(slug for text in self.texts.values() for slug in begun(text))

    def starter(self, path: str) -> str:
        """What a learner finds in the file `path`.

        Raises:
            RegionError: for markers that make no sense.
        """
        return clear(self.texts[path], f"{PACKAGE}/{path}")
