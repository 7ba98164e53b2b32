"""A cohort that never was: learners with abilities, marks made from the real catalog, answers from the real solutions.

For the tests of the report and its picture. The same number and seed give the same cohort.
"""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

from grader.checks.catalog import Catalog, Exercise
from grader.checks.session import Promise
from grader.marking.marks import Marks
from grader.marking.result import ExerciseResult
from grader.marking.submission import Submission

ROOT = Path(__file__).resolve().parents[2]
_FIRST = (
    "Ada Amir Anna Bea Ben Carla Chen Dana David Elif Emil Fatima Felix Grace Hana Hugo Ida Igor Ines Ivan Jana Jonas "
    "Kofi Lara Leon Lin Luca Maja Marco Mei Mila Nadia Nils Noor Olga Omar Paul Petra Priya Rafael Rosa Samir Sara "
    "Sven Tara Theo Uma Viktor Wanda Yusuf Zoe"
)
_LAST = (
    "Adler Bauer Costa Dogan Eriksen Fischer Garcia Haddad Ito Jansen Kaya Lopez Meyer Novak Okafor Petrov Quist Rossi "
    "Silva Tanaka Ueda Vogel Weber Xu Yilmaz Zeman"
)
HOSTILE = (
    "<script>alert('name')</script>",
    "\u202egnp.exe\u202c \x1b[31m",
    'quote" onmouseover="alert(1)',
    "N" * 10_000,
    "</script><img src=x onerror=alert(2)>",
    "\ud800 & <b>bold</b>\n::error::",
)


def names(number: int, chance: random.Random) -> list[str]:
    """Distinct names of a class."""
    every = [f"{first} {last}" for first in _FIRST.split() for last in _LAST.split()]
    chance.shuffle(every)
    return sorted(every[:number])


def make(catalog: Catalog, number: int, seed: int = 7, hostile: bool = False, errors: int = 2) -> list[Marks]:
    """Marks of `number` learners: some never begin, some stop, `errors` checks fail by themselves.

    With `hostile`, the first names and the texts of wrong answers are those of people who try the report.
    """
    chance = random.Random(seed)
    exercises = list(catalog)
    hardness = {e.slug: chance.gauss(-0.9, 0.8) + (0.8 if e.stretch else 0) for e in exercises}
    # What most of a class believes is one thing, not all things alike.
    habit = {e.slug: chance.sample(sorted(e.misconceptions), len(e.misconceptions)) for e in exercises}
    made = []
    for i, name in enumerate(names(number, chance)):
        ability = chance.gauss(0, 1)
        ends = len(exercises)
        if chance.random() < 0.05:
            ends = 0
        elif chance.random() < 0.15:
            ends = chance.randrange(len(exercises) // 3, len(exercises))
        stuck_from = chance.randrange(5, max(ends - 3, 6)) if ends > 20 and chance.random() < 0.06 else None
        results = []
        for place, e in enumerate(exercises):
            right = 1 / (1 + math.exp(-(1.7 * (ability - hardness[e.slug]))))
            status = "solved" if chance.random() < right else "wrong"
            if stuck_from is not None and place >= stuck_from:
                status = "wrong" if place < stuck_from + 4 else "todo"
            elif place >= ends or chance.random() < 0.04 + (0.05 if e.stretch else 0):
                status = "todo"
            if e.slug == "week2.hash-fields-expire" or (e.needs and seed % 2):
                status = "skipped"
            results.append(result(e, status, habit[e.slug], chance))
        marks = Marks(
            HOSTILE[i] if hostile and i < len(HOSTILE) else name,
            digest=f"{chance.getrandbits(256):064x}",
            results=results,
            seed=f"{chance.getrandbits(64):016x}",
            sandbox="bubblewrap",
            advisory=False,
            course="0.1.0",
            python="3.11.7",
            redis="8.2.3",
            seconds=1.3,
        )
        if chance.random() < 0.1:
            e = chance.choice(exercises)
            marks.repairs[e.slug] = ["The answer's cell had lost its id; it was found by its place and its text."]
        if hostile and i < len(HOSTILE):
            _spoil(marks, HOSTILE[i])
        made.append(marks)
    for _ in range(errors):
        who, place = chance.choice(made), chance.randrange(len(exercises))
        e = exercises[place]
        who.results[place] = ExerciseResult(
            e.slug, e.title, "error", 0.0, e.points, note="The check itself failed: ConnectionError: Redis was gone."
        )
    return made


def result(e: Exercise, status: str, habit: list[str], chance: random.Random) -> ExerciseResult:
    """One plausible result: three promises, a broken one in its place, usually a misconception."""
    call = f"{(e.names or ('answer',))[0]}(r, 'k{chance.randrange(1000)}')"
    texts = [f"`{call}` answers", "It takes one round trip", "Two clients at once lose nothing"]
    promises = [Promise(f"test_{i}", text, "kept") for i, text in enumerate(texts)]
    if status == "todo":
        promises = [Promise("test_0", texts[0], "broken", kind="todo", happened="Not written yet.")]
    elif status == "wrong":
        at = chance.randrange(3)
        known = habit[min(int(chance.expovariate(1.1)), len(habit) - 1)] if chance.random() < 0.8 else None
        number = chance.randrange(100)
        promises[at] = Promise(
            f"test_{at}",
            texts[at],
            "broken",
            kind="wrong",
            expected=f"{call} returns {number}",
            happened=f"{call} returned '{number}', a str where an int was promised",
            misconception=known,
            sent=[f'> SET k{number} "abc"', "< OK", f"> GET k{number}", f'< "{number}"'],
        )
        for later in promises[at + 1 :]:
            later.status = "untried"
    elif status == "skipped":
        promises = [Promise("test_0", texts[0], "skipped", happened="Needs Redis 8.0; this one is 7.0.")]
    partly = status == "wrong" and e.points > 2 and chance.random() < 0.25
    earned = float(e.points) if status == "solved" else e.points / 2 if partly else 0.0
    return ExerciseResult(e.slug, e.title, status, earned, e.points, promises, 0.02)


def _spoil(marks: Marks, text: str) -> None:
    marks.notes.append(f"{text} was refused.")
    for r in marks.results:
        if r.status == "solved":
            continue
        r.status, r.earned = "wrong", 0.0
        r.promises = [
            Promise(
                "test_0", "It answers", "broken", "wrong", f"not {text}", text, text[:60], [text], [text, f"> {text}"]
            )
        ]
        marks.repairs[r.slug] = [f"A cell called {text} was put back."]


def answers(marks: list[Marks], seed: int = 7, copies: int = 3) -> dict[str, Submission]:
    """A submission for each of `marks`: the reference where it is solved, one of the known wrong answers where it is
    wrong, with variables and strings of the learner's own; the first `copies` pairs share work that nobody else has."""
    from grader.authoring.exercises import read_sources
    from grader.authoring.release import clear_text
    from grader.checks import catalog

    chance = random.Random(seed)
    sources = read_sources(ROOT, catalog(), catalog())
    release = {
        notebook.path: json.loads((ROOT / "notebooks" / f"{notebook.path}.ipynb").read_text(encoding="utf-8"))
        for notebook in catalog().notebooks
    }
    texts: dict[str, dict[str, str]] = {}
    for each in marks:
        mine: dict[str, str] = {}
        for r in each.results:
            source = sources[r.slug]
            wrong = sorted(source.wrong)
            if r.status == "todo":
                mine[r.slug] = source.starter
            elif r.status == "wrong" and wrong:
                mine[r.slug] = _by_hand(source.wrong[chance.choice(wrong)].read_text(encoding="utf-8"), chance)
            else:
                right = "\n".join(line for line in source.solution.splitlines() if line.strip()[:4] != "### ")
                mine[r.slug] = _by_hand(right, chance)
        texts[each.learner] = mine
    for i in range(min(copies, len(marks) // 2)):
        one, other = marks[2 * i].learner, marks[2 * i + 1].learner
        for slug in ("week2.worst-latency", "week2.tag-search", "week2.tagging"):
            text = _odd(texts[one][slug], chance)
            texts[one][slug] = text
            texts[other][slug] = text.replace("odd", "own") if i else text
    return {learner: _submission(learner, mine, release, clear_text) for learner, mine in texts.items()}


def _by_hand(text: str, chance: random.Random) -> str:
    """The same answer as somebody else would write it: here and there a line of their own, so that no two are alike."""
    lines = []
    for line in text.splitlines():
        lines.append(line)
        indent = line[: len(line) - len(line.lstrip())]
        if indent and not line.rstrip().endswith((":", ",", "(", "[", "{")) and chance.random() < 0.4:
            lines.append(indent + _step(chance))
    return "\n".join(lines) + "\n"


def _step(chance: random.Random) -> str:
    a, b, number = chance.choice("wxyz"), chance.choice("ijk"), chance.randrange(1, 999)
    return chance.choice(
        (
            f"{a} = {number} if {b} is None else {b}.strip()",
            f"assert {a} != {number}, {b}",
            f"{a} = [{b} * {number} for {b} in range({number})]",
            f"{a}.setdefault({b}, {number})",
            f"print({a}, {b}, {number})",
            f"{a} = {b}[{number}:] or {{}}",
        )
    )


def _odd(text: str, chance: random.Random) -> str:
    """An answer with a way of its own, as long as a real one is."""
    steps = "".join(f"    {_step(chance)}\n" for _ in range(10))
    return f"{text}\n\ndef odd_one(x, y):\n{steps}    return x\n"


def _submission(learner: str, texts: dict[str, str], release: dict[str, dict], clear: object) -> Submission:
    from grader.checks import catalog

    files: dict[str, bytes] = {}
    for path, notebook in release.items():
        inside = {e.cell_id: texts[e.slug] for e in catalog().of_notebook(path) if e.slug in texts and e.file is None}
        cells = [{**cell, "source": inside.get(cell["id"], cell["source"])} for cell in notebook["cells"]]
        files[f"{path}.ipynb"] = json.dumps({**notebook, "cells": cells}).encode()
    for e in catalog():
        if e.file is not None and e.slug in texts:
            files[f"{e.week}/{e.file}"] = texts[e.slug].encode()
    return Submission(learner, files)
