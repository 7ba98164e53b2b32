"""What the marks of a cohort say, as numbers: who stands where, which exercises are hard, what is misunderstood.

The page, the terminal summary and the exported rows are all written from one `Cohort`. Nothing here is measured anew
or guessed: how long a learner worked is not in the marks, so it is nowhere.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from grader.checks.catalog import Catalog, Exercise
from grader.marking.marks import Marks
from grader.marking.result import ExerciseResult

_NO_POINTS = frozenset({"skipped", "error"})
ENOUGH = 10
"""Learners an item needs before its discrimination means anything."""
STUCK = 3
"""Wrong answers in a row at the end of what a learner touched."""
HARD_STRETCH = 5
"""Wrong answers in a row anywhere."""
STOPPED = 5
"""Untouched exercises behind the last touched one, up to where the cohort is."""
_FRONT = 0.25  # of those who began have touched an exercise that the cohort has reached


@dataclass(frozen=True)
class Learner:
    """One learner and what they were marked on: all weeks together, exercise by exercise.

    `exercises` are those the cohort was marked on. Where this learner has no result for one, nothing was handed in.
    """

    name: str
    """As it was handed in: not safe to show, see `grader.cohort.report.text.name`."""
    exercises: tuple[Exercise, ...]
    results: Mapping[str, ExerciseResult]
    repairs: Mapping[str, list[str]]
    notes: tuple[str, ...]
    advisory: bool

    def status(self, slug: str) -> str:
        """``solved``, ``wrong``, ``todo``, ``skipped``, ``error``, or ``missing`` where nothing was handed in."""
        result = self.results.get(slug)
        return "missing" if result is None else result.status

    def points(self, exercise: Exercise) -> tuple[float, int]:
        """Points earned and points that could be: none where the grader failed or this Redis cannot do it."""
        result = self.results.get(exercise.slug)
        if result is None:
            return 0.0, exercise.points
        return (0.0, 0) if result.status in _NO_POINTS else (result.earned, result.points)

    @cached_property
    def earned(self) -> float:
        """Points earned."""
        return sum(self.points(e)[0] for e in self.exercises)

    @cached_property
    def possible(self) -> int:
        """Points that could be earned: skipped exercises and grader errors are left out."""
        return sum(self.points(e)[1] for e in self.exercises)

    @cached_property
    def score(self) -> float | None:
        """Earned of possible, 0 to 1; None where nothing could be judged."""
        return self.earned / self.possible if self.possible else None

    @cached_property
    def begun(self) -> bool:
        """Whether anything was written: an answer that is solved or wrong."""
        return any(r.status in {"solved", "wrong"} for r in self.results.values())

    def rest(self, exercise: Exercise) -> float | None:
        """The score without `exercise`, 0 to 1; None where nothing else could be judged."""
        earned, possible = self.points(exercise)
        left = self.possible - possible
        return (self.earned - earned) / left if left else None


@dataclass(frozen=True)
class Item:
    """How one exercise went. Learners who have not begun at all are not counted in any of it.

    What was not handed in is `todo`. `discrimination` is the point-biserial correlation of solved with the score on all
    other exercises; None together with a `reason` where it would mean nothing. `judged` is n.
    """

    exercise: Exercise
    solved: int = 0
    wrong: int = 0
    todo: int = 0
    skipped: int = 0
    errors: int = 0
    discrimination: float | None = None
    reason: str = ""
    misconception: str | None = None

    @property
    def judged(self) -> int:
        """How many learners the numbers are about."""
        return self.solved + self.wrong + self.todo

    @property
    def difficulty(self) -> float | None:
        """The share that solved it, 0 to 1."""
        return self.solved / self.judged if self.judged else None


@dataclass
class Misconception:
    """A misconception by name: who has it, exercise by exercise (slugs in the order of the course)."""

    name: str
    holders: dict[str, list[Learner]] = field(default_factory=dict)

    @cached_property
    def learners(self) -> list[Learner]:
        """Everybody who has it somewhere, once."""
        return sorted({who.name: who for held in self.holders.values() for who in held}.values(), key=by_name)

    @property
    def commonest(self) -> str:
        """The slug of the exercise where most have it."""
        return max(self.holders, key=lambda slug: len(self.holders[slug]))


@dataclass(frozen=True)
class Trouble:
    """Somebody who does not get on. `kind` is ``stuck``, ``stretch``, ``stopped`` or ``untouched``.

    `first` and `last` are the exercises between which `length` answers are wrong (stuck, stretch); `last` is the last
    one touched and `length` how many are untouched behind it (stopped).
    """

    learner: Learner
    kind: str
    length: int
    first: Exercise | None = None
    last: Exercise | None = None


@dataclass(frozen=True)
class Failure:
    """A grader error: an exercise of a learner that a person must look at."""

    learner: Learner
    exercise: Exercise
    sentence: str


@dataclass(frozen=True)
class Cohort:
    """Everything the report tells; see `read_cohort`. So many submissions were marked `with_credit` for answers that
    are partly right, and so many `without_credit`."""

    learners: tuple[Learner, ...]
    exercises: tuple[Exercise, ...]
    items: Mapping[str, Item]
    misconceptions: tuple[Misconception, ...]
    troubles: tuple[Trouble, ...]
    failures: tuple[Failure, ...]
    unknown: tuple[str, ...]
    with_credit: int = 0
    without_credit: int = 0

    @cached_property
    def scores(self) -> list[float]:
        """The scores of those who have one, 0 to 1, lowest first."""
        return sorted(who.score for who in self.learners if who.score is not None)

    @property
    def median(self) -> float | None:
        """The median score."""
        return statistics.median(self.scores) if self.scores else None

    @property
    def begun(self) -> int:
        """How many have written anything."""
        return sum(who.begun for who in self.learners)

    @property
    def advisory(self) -> int:
        """How many were marked without a sandbox."""
        return sum(who.advisory for who in self.learners)

    @property
    def credit(self) -> str:
        """Whether there was partial credit, in words; empty where there was none."""
        if not self.with_credit:
            return ""
        if not self.without_credit:
            return "With partial credit: a wrong answer earns for the promises it keeps before the first broken one."
        return (
            f"Marks with partial credit: {self.with_credit:,}, without: {self.without_credit:,}. "
            "Their points cannot be compared: mark all in one way."
        )

    def of_kind(self, *kinds: str) -> list[Trouble]:
        """Those in trouble of these kinds, worst first."""
        return [t for t in self.troubles if t.kind in kinds]


def by_name(learner: Learner) -> tuple[str, str]:
    """A key that sorts as a class list does, the same on every machine."""
    return (learner.name.casefold(), learner.name)


def by_score(learner: Learner) -> tuple[float, tuple[str, str]]:
    """A key: best first, equals by name."""
    return (-(learner.score if learner.score is not None else -1.0), by_name(learner))


def read_cohort(marks: Sequence[Marks], catalog: Catalog) -> Cohort:
    """Count and correlate.

    Args:
        marks: one for each submission, in any order. Several of one learner (one a week) are put together; of two
            results for the same exercise the later one counts.
        catalog: the exercises; those that nobody was marked on are left out.
    """
    met = {result.slug for each in marks for result in each.results}
    exercises = tuple(e for e in catalog if e.slug in met)
    of: dict[str, list[Marks]] = {}
    for each in marks:
        of.setdefault(each.learner, []).append(each)
    learners = tuple(_learner(name, exercises, of[name]) for name in sorted(of))
    misconceptions = _misconceptions(learners, exercises)
    return Cohort(
        learners,
        exercises,
        {e.slug: _item(e, learners) for e in exercises},
        misconceptions,
        tuple(_troubles(learners, exercises)),
        tuple(_failures(learners, exercises)),
        tuple(sorted(met - set(catalog.by_slug))),
        sum(each.partial for each in marks),
        sum(not each.partial for each in marks),
    )


def _learner(name: str, exercises: tuple[Exercise, ...], marks: Sequence[Marks]) -> Learner:
    repairs: dict[str, list[str]] = {}
    for each in marks:
        for slug, sentences in each.repairs.items():
            repairs.setdefault(slug, []).extend(sentences)
    return Learner(
        name,
        exercises,
        {result.slug: result for each in marks for result in each.results},
        repairs,
        tuple(note for each in marks for note in each.notes),
        any(each.advisory for each in marks),
    )


def _item(exercise: Exercise, learners: Sequence[Learner]) -> Item:
    slug = exercise.slug
    counts = dict.fromkeys(("solved", "wrong", "todo", "skipped", "error"), 0)
    named: dict[str, int] = {}
    solved: list[float] = []
    rest: list[float] = []
    for who in learners:
        status = who.status(slug).replace("missing", "todo")
        judged = status not in _NO_POINTS
        if judged and not who.begun:
            continue
        counts[status] += 1
        if status == "wrong" and (name := who.results[slug].misconception):
            named[name] = named.get(name, 0) + 1
        if judged and (others := who.rest(exercise)) is not None:
            solved.append(float(status == "solved"))
            rest.append(others)
    discrimination, reason = _point_biserial(solved, rest)
    return Item(
        exercise,
        counts["solved"],
        counts["wrong"],
        counts["todo"],
        counts["skipped"],
        counts["error"],
        discrimination,
        reason,
        max(sorted(named), key=named.__getitem__) if named else None,
    )


def _point_biserial(solved: Sequence[float], rest: Sequence[float]) -> tuple[float | None, str]:
    """Pearson's correlation with a variable of two values is the point-biserial one."""
    if len(solved) < ENOUGH:
        return None, "too few"
    if len(set(solved)) == 1:
        return None, "all alike"
    try:
        return statistics.correlation(solved, rest), ""
    except statistics.StatisticsError:
        return None, "all alike"


def _misconceptions(learners: Sequence[Learner], exercises: Sequence[Exercise]) -> tuple[Misconception, ...]:
    found: dict[str, Misconception] = {}
    for exercise in exercises:
        for who in learners:
            result = who.results.get(exercise.slug)
            if result is not None and result.status == "wrong" and (name := result.misconception):
                one = found.setdefault(name, Misconception(name))
                one.holders.setdefault(exercise.slug, []).append(who)
    return tuple(sorted(found.values(), key=lambda m: (-len(m.learners), m.name)))


def _failures(learners: Sequence[Learner], exercises: Sequence[Exercise]) -> list[Failure]:
    found = []
    for exercise in exercises:
        for who in learners:
            if who.status(exercise.slug) == "error":
                result = who.results[exercise.slug]
                told = next((p.happened for p in result.promises if p.status == "error" and p.happened), "")
                found.append(Failure(who, exercise, result.note or told or "The grader gave no reason."))
    return found


def _troubles(learners: Sequence[Learner], exercises: Sequence[Exercise]) -> list[Trouble]:
    reached = _reached(learners, exercises)
    found = [trouble for who in learners if (trouble := _trouble(who, exercises, reached)) is not None]
    order = ("stuck", "stretch", "stopped", "untouched")
    return sorted(found, key=lambda t: (order.index(t.kind), -t.length, by_name(t.learner)))


def _reached(learners: Sequence[Learner], exercises: Sequence[Exercise]) -> int:
    """How many exercises, from the first, lie up to where a quarter of those who began have come."""
    begun = [who for who in learners if who.begun]
    for i in range(len(exercises), 0, -1):
        slug = exercises[i - 1].slug
        touched = sum(who.status(slug) in {"solved", "wrong"} for who in begun)
        if touched and touched >= _FRONT * len(begun):
            return i
    return 0


def _trouble(who: Learner, exercises: Sequence[Exercise], reached: int) -> Trouble | None:
    judged = [(i, e, status) for i, e in enumerate(exercises) if (status := who.status(e.slug)) not in _NO_POINTS]
    touched = [(i, e, status) for i, e, status in judged if status not in {"todo", "missing"}]
    if not touched:
        return Trouble(who, "untouched", len(judged))
    last_place, last, _ = touched[-1]
    tail: list[Exercise] = []
    for _, e, status in reversed(touched):
        if status != "wrong":
            break
        tail.insert(0, e)
    if len(tail) >= STUCK:
        return Trouble(who, "stuck", len(tail), tail[0], tail[-1])
    longest: list[Exercise] = []
    run: list[Exercise] = []
    for _, e, status in judged:
        run = [*run, e] if status == "wrong" else []
        longest = max(longest, run, key=len)
    if len(longest) >= HARD_STRETCH:
        return Trouble(who, "stretch", len(longest), longest[0], longest[-1])
    behind = sum(last_place < i < reached for i, _, _ in judged)
    if behind >= STOPPED:
        return Trouble(who, "stopped", behind, None, last)
    return None
