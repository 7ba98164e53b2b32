"""The list of stages: the learner's way through their own Redis, read from ``week1/…yml`` … ``week8/…yml``.

Everybody above asks here what a stage is called, why it is there, what it makes work and in which order they come. How
a stage is checked stands in the modules beside this one; what a learner writes for it, in `solutions/miniredis/`
between markers that name it (`grader.checks.stages.regions`).
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from grader import quick_yaml
from grader.checks.catalog import CatalogError

_HERE = Path(__file__).resolve().parent
SLUG = re.compile(r"mini\.[a-z0-9]+(-[a-z0-9]+)*")
LEAST_HINTS = 3
FAMILIES = (
    "codec", "server", "connection", "strings", "keys", "lists", "blocking", "sets", "hashes", "sorted-sets",
    "transactions", "bitmaps", "hyperloglog", "geo", "streams", "persistence", "eviction", "replication", "cluster",
    "users", "pubsub", "client", "scripts",
)  # fmt: skip
_ENTRIES = {
    "slug", "title", "family", "files", "needs", "commands", "why", "exchange", "hints", "learnt", "misconceptions",
    "locked", "redis", "kills-nothing",
}  # fmt: skip


class UnknownStageError(LookupError):
    """No stage, week or family of stages goes by that name; the message offers the nearest ones."""

    def __init__(self, word: str, near: list[str]) -> None:
        hint = f" Did you mean {' or '.join(near)}?" if near else " `course stages` lists them all."
        super().__init__(f"There is no stage called {word!r}.{hint}")
        self.word = word
        self.near = near


@dataclass(frozen=True, slots=True)
class Stage:
    """One step on the way, as its authors describe it.

    `slug` never changes (``mini.append``). `week` is ``week1`` …; `family` one of `FAMILIES`; `files` are those a
    learner edits, below ``miniredis/``; `needs` the stages it cannot do without; `commands` those it makes work, in
    Redis's own upper case; `exchange` what has to be supported, as redis-cli shows it or as bytes; `hints` go from the
    idea to nearly the code; `learnt` is said when it is green; `misconceptions` wrong server -> one sentence; `redis`
    the least version whose exchange this is. A stage of a later part has a sentence in `locked`, and no check.
    `kills_nothing` says why no wrong server fails here, where none does. `markers` are the comments before the
    exchange (``<!-- … -->``) that say which of its lines differ each time, as in a lesson.
    """

    slug: str
    title: str
    week: str
    family: str
    files: tuple[str, ...]
    needs: tuple[str, ...]
    commands: tuple[str, ...]
    why: str
    exchange: str
    hints: tuple[str, ...]
    learnt: str
    misconceptions: Mapping[str, str]
    path: Path
    locked: str = ""
    redis: str = ""
    kills_nothing: str = ""
    markers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``append`` of ``mini.append``."""
        return self.slug.partition(".")[2]

    @property
    def wire(self) -> bool:
        """Whether the exchange is written as bytes (``C:`` and ``S:``) and not as redis-cli shows it."""
        return self.exchange.startswith(("C:", "S:"))


@dataclass(frozen=True)
class Stages:
    """All stages, in the order of the course."""

    by_slug: Mapping[str, Stage]

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.by_slug.values())

    def __len__(self) -> int:
        return len(self.by_slug)

    @property
    def weeks(self) -> list[str]:
        """The weeks that have stages, in order."""
        return list(dict.fromkeys(s.week for s in self))

    @property
    def open(self) -> list[Stage]:
        """Those that can be built now: all but the locked ones."""
        return [s for s in self if not s.locked]

    def __getitem__(self, slug: str) -> Stage:
        """The stage called `slug`; what stands behind its dot is enough.

        Raises:
            UnknownStageError: with the nearest names.
        """
        found = self.by_slug.get(slug) or self.by_slug.get(f"mini.{slug}")
        if found is not None:
            return found
        names = {s.name: s.slug for s in self}
        near = difflib.get_close_matches(slug.removeprefix("mini."), names, n=2, cutoff=0.5)
        raise UnknownStageError(slug, [names[n] for n in near])

    def select(self, words: Iterable[str]) -> list[Stage]:
        """The stages that `words` name (slugs, weeks, families, files) in the order of the course; all for no words.

        Raises:
            UnknownStageError: for the first word that names nothing.
        """
        words = list(words)
        if not words:
            return list(self)
        chosen = {s.slug for word in words for s in self._named(word)}
        return [s for s in self if s.slug in chosen]

    def before(self, stage: Stage) -> list[Stage]:
        """The stages in front of `stage`."""
        order = list(self)
        return order[: order.index(stage)]

    def under(self, stage: Stage) -> list[Stage]:
        """The stages that `stage` needs, and those that these need, in the order of the course."""
        found: set[str] = set()
        left = list(stage.needs)
        while left:
            slug = left.pop()
            if slug not in found and slug in self.by_slug:
                found.add(slug)
                left += self.by_slug[slug].needs
        return [s for s in self if s.slug in found]

    def commands_before(self, stage: Stage) -> frozenset[str]:
        """The commands that the stages in front of `stage`, and itself, make work."""
        return frozenset(c for s in [*self.before(stage), stage] for c in s.commands)

    def _named(self, word: str) -> list[Stage]:
        week = f"week{word}" if word.isdigit() else word
        if week in self.weeks:
            return [s for s in self if s.week == week]
        if word in FAMILIES:
            return [s for s in self if s.family == word]
        if word.endswith(".py"):
            tail = word.partition("miniredis/")[2] or word
            if of_file := [s for s in self if any(f == tail or Path(f).name == tail for f in s.files)]:
                return of_file
        return [self[word]]


def read(folder: Path) -> Stages:
    """Read every ``week*/*.yml`` in `folder`, a file a family, in the order of their names.

    Raises:
        CatalogError: naming the file and the stage, for one that cannot be used.
    """
    by_slug: dict[str, Stage] = {}
    for path in sorted(folder.glob("week*/*.yml"), key=lambda p: (int(p.parent.name.removeprefix("week")), p.name)):
        for stage in _read_family(path):
            if stage.slug in by_slug:
                raise CatalogError(f"{_shown(path)}: {stage.slug} is described twice")
            by_slug[stage.slug] = stage
    return Stages(by_slug)


def faults(catalog: Stages) -> list[tuple[Stage, str]]:
    """What does not fit together between stages: needs that are missing, come later or are locked."""
    order = {slug: place for place, slug in enumerate(catalog.by_slug)}
    found = []
    for stage in catalog:
        for needed in stage.needs:
            if needed not in order:
                found.append((stage, f"{stage.slug} needs {needed}, which is no stage"))
            elif order[needed] >= order[stage.slug]:
                found.append((stage, f"{stage.slug} needs {needed}, which comes later"))
            elif catalog.by_slug[needed].locked and not stage.locked:
                found.append((stage, f"{stage.slug} needs {needed}, which is locked"))
    return found


def _shown(path: Path) -> str:
    return f"stages/{path.parent.name}/{path.name}"


def _read_family(path: Path) -> list[Stage]:
    try:
        data = quick_yaml.load(path.read_text(encoding="utf-8")) or []
    except quick_yaml.YAMLError as error:
        raise CatalogError(f"{_shown(path)} is not YAML: {error}") from None
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise CatalogError(f"{_shown(path)} has to be a list of stages, each beginning with `- slug: mini.…`")
    return [_read_stage(entry, path) for entry in data]


def _read_stage(entry: dict[str, Any], path: Path) -> Stage:
    slug = str(entry.get("slug", ""))
    label = f"{_shown(path)}: {slug or 'a stage without a slug'}"
    if not SLUG.fullmatch(slug):
        raise CatalogError(f"{label}: a slug is `mini.` and lower-case words joined by hyphens")
    if unknown := sorted(set(entry) - _ENTRIES):
        raise CatalogError(f"{label}: unknown entries {unknown}; known are {sorted(_ENTRIES)}")
    needed = {"title", "family", "why"} if entry.get("locked") else _ENTRIES - {
        "needs", "commands", "misconceptions", "locked", "redis", "kills-nothing",
    }  # fmt: skip
    if missing := sorted(name for name in needed if not entry.get(name)):
        raise CatalogError(f"{label}: {', '.join(missing)} is missing")
    if entry["family"] not in FAMILIES:
        raise CatalogError(f"{label}: family {entry['family']!r} is none of {', '.join(FAMILIES)}")
    for name in ("files", "needs", "commands", "hints"):
        if not isinstance(entry.get(name) or [], list):
            raise CatalogError(f"{label}: {name} has to be a list")
    hints = _texts(entry, "hints")
    if len(hints) < LEAST_HINTS and not entry.get("locked"):
        raise CatalogError(f"{label} has {len(hints)} hints, {LEAST_HINTS} are the least: idea, approach, nearly code")
    misconceptions = entry.get("misconceptions") or {}
    if not isinstance(misconceptions, dict):
        raise CatalogError(f"{label}: misconceptions has to map the name of a wrong server to a sentence")
    lines = _text(entry, "exchange").splitlines()
    markers = tuple(itertools.takewhile(lambda line: line.startswith("<!--"), lines))
    return Stage(
        slug=slug,
        title=_text(entry, "title"),
        week=path.parent.name,
        family=str(entry["family"]),
        files=_texts(entry, "files"),
        needs=_texts(entry, "needs"),
        commands=tuple(c.upper() for c in _texts(entry, "commands")),
        why=_text(entry, "why"),
        exchange="\n".join(lines[len(markers) :]),
        hints=hints,
        learnt=_text(entry, "learnt"),
        misconceptions={str(k): str(v).strip() for k, v in misconceptions.items()},
        path=path,
        locked=_text(entry, "locked"),
        redis=_text(entry, "redis"),
        kills_nothing=_text(entry, "kills-nothing"),
        markers=markers,
    )


def _text(entry: dict[str, Any], name: str) -> str:
    return str(entry.get(name) or "").strip()


def _texts(entry: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(text).strip() for text in entry.get(name) or ())


@lru_cache(maxsize=1)
def stages() -> Stages:
    """The course's own stages, read once a process."""
    return read(_HERE)
