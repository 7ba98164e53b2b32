"""The list of exercises: their titles, points, hints and misconceptions, read from the YAML beside the checks.

Everybody above asks here what an exercise is called, where it lives and what it is worth.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from grader import quick_yaml

_HERE = Path(__file__).resolve().parent
SLUG = re.compile(r"week\d+\.[a-z0-9]+(-[a-z0-9]+)*")
KINDS = ("predict", "measure", "build", "break", "repair", "design")


class CatalogError(ValueError):
    """An exercise's description is not usable; the message names the file and what is wrong."""


class UnknownExerciseError(LookupError):
    """No exercise, week or notebook goes by that name; the message offers the nearest ones."""

    def __init__(self, word: str, near: list[str]) -> None:
        hint = f" Did you mean {' or '.join(near)}?" if near else " `course progress` lists them all."
        super().__init__(f"There is no week, notebook or exercise called {word!r}.{hint}")
        self.word = word
        self.near = near


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise as its authors describe it.

    `slug` never changes (``week1.page-views``); `points` is what a right answer earns; `minutes` an estimate;
    `kind` one of `KINDS`; `notebook` the path below ``notebooks/`` without its ending; `names` what the
    learner's answer must define; `hints` from idea to nearly the code; `misconceptions` name -> one sentence that
    says what the learner believes and what is so; `learnt` and `onward` are said when it is solved; `file` names
    the `.py` file beside the notebook when the answer is a file; `needs` is the least Redis version, or None.
    """

    slug: str
    title: str
    points: int
    minutes: int
    kind: str
    notebook: str
    lesson: str
    names: tuple[str, ...]
    hints: tuple[str, ...]
    misconceptions: dict[str, str]
    learnt: str
    onward: str
    check: Path
    stretch: bool = False
    file: str | None = None
    needs: str | None = None

    @property
    def week(self) -> str:
        """``week1`` of ``week1.page-views``."""
        return self.slug.partition(".")[0]

    @property
    def name(self) -> str:
        """``page-views`` of ``week1.page-views``."""
        return self.slug.partition(".")[2]

    @property
    def cell_id(self) -> str:
        """The id of the cell that holds the answer; ids of cells allow no dot."""
        return self.slug.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Notebook:
    """One notebook of exercises: its path below ``notebooks/``, title and lesson."""

    path: str
    title: str
    lesson: str
    exercises: tuple[Exercise, ...]


@dataclass(frozen=True)
class Catalog:
    """All exercises, in the order of the course."""

    notebooks: tuple[Notebook, ...]
    by_slug: dict[str, Exercise] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Exercise]:
        return iter(self.by_slug.values())

    @property
    def weeks(self) -> list[str]:
        """The weeks that have exercises, in order."""
        return list(dict.fromkeys(e.week for e in self))

    def __getitem__(self, slug: str) -> Exercise:
        """The exercise called `slug`; its last part alone is enough where it is unique.

        Raises:
            UnknownExerciseError: with the nearest names.
        """
        if slug in self.by_slug:
            return self.by_slug[slug]
        short = [e for e in self if e.name == slug]
        if len(short) == 1:
            return short[0]
        words = [*self.by_slug, *(e.name for e in self)]
        near = difflib.get_close_matches(slug, words, n=2, cutoff=0.5)
        raise UnknownExerciseError(
            slug, list(dict.fromkeys(self[n].slug if n not in self.by_slug else n for n in near))
        )

    def by_cell(self, cell_id: str) -> Exercise | None:
        """The exercise whose answer or check cell has this id, if any."""
        stem = cell_id.removesuffix("-check")
        return next((e for e in self if e.cell_id == stem), None)

    def of_notebook(self, path: str) -> list[Exercise]:
        """The exercises of the notebook ``week1/02-strings-and-counters``."""
        return [e for e in self if e.notebook == path]

    def select(self, words: Iterable[str]) -> list[Exercise]:
        """The exercises that `words` name: weeks, slugs, notebook files or names; all of them for no words.

        Raises:
            UnknownExerciseError: for the first word that names nothing.
        """
        words = list(words)
        if not words:
            return list(self)
        chosen: dict[str, Exercise] = {}
        for word in words:
            for found in self._named(word):
                chosen[found.slug] = found
        return [e for e in self if e.slug in chosen]

    def _named(self, word: str) -> list[Exercise]:
        if word in self.weeks:
            return [e for e in self if e.week == word]
        if re.fullmatch(r"\d+", word) and f"week{word}" in self.weeks:
            return [e for e in self if e.week == f"week{word}"]
        stem = Path(word).name.removesuffix(".ipynb").removesuffix(".md")
        in_notebook = [e for e in self if Path(e.notebook).name == stem]
        if in_notebook:
            return in_notebook
        by_file = [e for e in self if e.file is not None and Path(word).name == e.file]
        if by_file:
            return by_file
        try:
            return [self[word]]
        except UnknownExerciseError as unknown:
            names = [*self.weeks, *(Path(n.path).name for n in self.notebooks)]
            begun = [name for name in names if len(word) > 2 and name.startswith(word)]
            near = begun[:1] or difflib.get_close_matches(word, names, n=1)
            raise UnknownExerciseError(word, [*near, *unknown.near][:3]) from None


def read(folder: Path) -> Catalog:
    """Read every ``week*/*.yml`` below `folder`.

    Raises:
        CatalogError: naming the file, for one that cannot be used.
    """
    notebooks: list[Notebook] = []
    for path in folder.glob("week*/*.yml"):
        notebooks.append(_read_notebook(path))
    notebooks.sort(key=lambda n: (_week_number(n), Path(n.path).name != "start-here", n.path))
    by_slug: dict[str, Exercise] = {}
    for notebook in notebooks:
        for found in notebook.exercises:
            if found.slug in by_slug:
                raise CatalogError(f"{found.slug} is described twice")
            by_slug[found.slug] = found
    return Catalog(tuple(notebooks), by_slug)


def _week_number(notebook: Notebook) -> int:
    match = re.match(r"week(\d+)", notebook.exercises[0].week) if notebook.exercises else None
    return int(match.group(1)) if match else 99


def _read_notebook(path: Path) -> Notebook:
    label = f"{path.parent.name}/{path.name}"
    try:
        data = quick_yaml.load(path.read_text(encoding="utf-8"))
    except quick_yaml.YAMLError as error:
        raise CatalogError(f"{label} is not YAML: {error}") from None
    try:
        lesson, notebook = str(data["lesson"]), str(data["notebook"])
        check = path.with_name(f"test_{path.stem}.py")
        exercises = tuple(
            _read_exercise(f"{path.parent.name}.{name}", entry, notebook, lesson, check, label)
            for name, entry in (data.get("exercises") or {}).items()
        )
        return Notebook(notebook, str(data["title"]), lesson, exercises)
    except (KeyError, TypeError) as error:
        raise CatalogError(f"{label}: {type(error).__name__}: {error}") from None


_KNOWN = {
    "title", "points", "minutes", "kind", "lesson", "names", "hints", "misconceptions",
    "learnt", "onward", "stretch", "file", "needs",
}  # fmt: skip


def _read_exercise(slug: str, entry: dict[str, Any], notebook: str, lesson: str, check: Path, label: str) -> Exercise:
    if not SLUG.fullmatch(slug):
        raise CatalogError(f"{label}: {slug!r} is not a slug: lower-case words joined by hyphens")
    if unknown := set(entry) - _KNOWN:
        raise CatalogError(f"{label}: {slug}: unknown entries {sorted(unknown)}; known are {sorted(_KNOWN)}")
    if entry["kind"] not in KINDS:
        raise CatalogError(f"{label}: {slug}: kind {entry['kind']!r} is none of {', '.join(KINDS)}")
    return Exercise(
        slug=slug,
        title=str(entry["title"]),
        points=int(entry["points"]),
        minutes=int(entry["minutes"]),
        kind=str(entry["kind"]),
        notebook=notebook,
        lesson=str(entry.get("lesson", lesson)),
        names=tuple(entry["names"]),
        hints=tuple(str(h).strip() for h in entry["hints"]),
        misconceptions={str(k): str(v).strip() for k, v in entry["misconceptions"].items()},
        learnt=str(entry["learnt"]).strip(),
        onward=str(entry["onward"]).strip(),
        check=check,
        stretch=bool(entry.get("stretch", False)),
        file=entry.get("file"),
        needs=str(entry["needs"]) if entry.get("needs") else None,
    )


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    """The course's own catalog, read once a process."""
    return read(_HERE)
