"""Write docs/attacks.md: ``python -m tests.attacks.table`` (``--check`` only says whether it is up to date).

What stock nbgrader does comes from ``stock.json``, which `tests.attacks.stock` wrote; what our marker does is what
`test_attacks.py` holds it to in every run of the tests.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.attacks.attack import FAMILIES, ROOT, Attack, collection
from tests.attacks.stock import KINDS, RECORD

PAGE = ROOT / "docs" / "attacks.md"
# How an outcome is told, worst first.
_WORDS = {
    "marks": "**points**",
    "batch": "**batch**",
    "machine": "**machine**",
    "lost": "**lost**",
    "own": "own loss",
    "no": "no",
}


def outcomes(row: dict[str, Any] | None, attack: Attack, kind: str) -> list[str]:
    """What stock nbgrader let happen, as words of `_WORDS`, worst first; nothing where it was not run."""
    if row is None:
        return []
    found = []
    score, deserved = row["score"], attack.deserves[KINDS.index(kind)]
    if (score is not None and score > deserved) or (row.get("accomplice") or 0) > 0:
        found.append("marks")
    # Of those graded in company nobody knows whose doing it was; they are graded alone again (`stock.run`).
    if "harm" in row and not (row["ended"] and row["honest"]):
        found.append("batch")
    if row.get("harm"):
        found.append("machine")
    if score is None or score < deserved:
        found.append("lost" if attack.honest else "own")
    return found or ["no"]


def succeeds(row: dict[str, Any] | None, attack: Attack, kind: str) -> bool:
    """Whether the attacker got what they came for, or somebody else lost something."""
    return bool({"marks", "batch", "machine", "lost"} & set(outcomes(row, attack, kind)))


def _cell(row: dict[str, Any] | None, attack: Attack, kind: str) -> str:
    told = []
    for outcome in outcomes(row, attack, kind):
        text = _WORDS[outcome]
        assert row is not None
        if outcome == "marks":
            better = (row.get("accomplice") or 0) > 0
            text += f" ({row['accomplice']:g} for the accomplice)" if better else f" ({row['score']:g})"
        elif outcome == "batch":
            text += " (never ends)" if not row["ended"] else ""
        elif outcome == "machine":
            text += f" ({', '.join(row['harm'])})"
        told.append(text)
    return "<br>".join(told) or "–"


def _ours(attack: Attack) -> str:
    if attack.hole:
        return f"**{attack.hole}**"
    return "nothing lost" if attack.honest else "no"


def page() -> str:
    """The text of docs/attacks.md."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    attacks, rows = collection(), record["attacks"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    hostile = [a for a in attacks.values() if not a.honest]
    honest = [a for a in attacks.values() if a.honest]
    lines = [_HEAD.strip(), ""]
    for kind, said in (("check", "cells that call `check()`"), ("asserts", "cells of asserts")):
        ran = [a for a in hostile if kind in rows.get(a.name, {})]
        won = [a for a in ran if succeeds(rows[a.name][kind], a, kind)]
        marks = [a for a in ran if "marks" in outcomes(rows[a.name][kind], a, kind)]
        tried = [a for a in honest if kind in rows.get(a.name, {})]
        lost = [a for a in tried if succeeds(rows[a.name][kind], a, kind)]
        lines.append(
            f"- **Stock nbgrader, {said}**: of {len(ran)} attacks {len(won)} succeed, {len(marks)} of them with points "
            f"that were not earned; of {len(tried)} honest mistakes {len(lost)} cost points or stop the batch."
        )
    lines[-2:-2] = ["## In numbers", ""]
    holes = [a for a in attacks.values() if a.hole]
    lines.append(
        f"- **Ours**: of {len(hostile)} attacks {len([a for a in hostile if a.hole])} succeed; of {len(honest)} honest "
        f"mistakes {len([a for a in honest if a.hole])} cost points. " + ("See the rows in bold." if holes else "")
    )
    lines += ["", f"Stock was run with {versions}; in a jail with limits of ours: {record['limits']}.", ""]
    lines += [_LEGEND.strip(), ""]
    for family, title in FAMILIES.items():
        lines += [f"## {title}", "", "| attack | what it tries | ours | stock, `check()` | stock, asserts |"]
        lines.append("| --- | --- | --- | --- | --- |")
        for a in attacks.values():
            if a.family == family:
                row = rows.get(a.name, {})
                cells = [f"`{a.name}`", a.tries, _ours(a), *(_cell(row.get(k), a, k) for k in KINDS)]
                lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


_HEAD = """
# The attack collection

Submissions that are hostile or broken, each a fixture in `tests/attacks/collection/`, built from the released
notebooks. `make test` marks every one of them with the course's own marker and expects: no point that was not earned,
the other answers of the same submission marked as they deserve, never a grader error, an honest submission behind it
unharmed, and no process, file or change left behind. The same notebooks were run through stock nbgrader in two ways.

## What is defended, and by what

- **Marks.** Checks, expected values and verdicts are in another process than the learner's code, which is spoken to in
  JSON. Patching pytest, looking into frames or lying in `__eq__` reaches nothing, because only plain values travel and
  their types are those that JSON says. What a worker sends is read strictly; one that was taken over can say no more
  than an answer may say.
- **The notebook.** It is data. Answers are found by id, place and likeness; points, checks and their order come from
  the course. Nothing beside it is imported except the one file an exercise asks for.
- **The machine.** A worker has its own user, processes, files and no network, and limits of time, memory, processes,
  disk and output. When it ends, everything in it ends.
- **Others.** Each notebook has a worker of its own, each promise an empty Redis that is put back; a Redis that was
  ended, blocked or reconfigured is replaced.

## What is not defended

- **Without a sandbox** (no bubblewrap, no Docker) the marker says that its marks are advisory, and they are: code of a
  learner then runs as the instructor. Attacks on the machine and on files succeed there.
- **Who wrote it.** An answer that uses a library's function, or a friend's, is right if what it does is right
  (`library-does-it`); likeness is for the cohort's report to show and for a person to judge.
- **Inputs known by heart.** Functions without Redis are asked with inputs drawn for each submission from the course's
  key, so a table of what was asked at home earns nothing; without a key (`check()` at home) the inputs are the same for
  all. Predictions ("what does this command answer?") are looked up by whoever has a Redis; that is what they are for.
- **What one run cannot show.** A number that looks like chance and comes from a counter, an answer that is right
  because of what an earlier call left in a variable: a check sees what an answer does, not why.
- **The kernel's own faults.** Namespaces and control groups are as strong as the Linux they are in.
- **Stock `nbgrader autograde` on this course** is for courses that trust their learners: the table says what happens
  to those that cannot. `check()` in a notebook is for the learner, who has nothing to gain from lying to it.
"""

_LEGEND = """
In the tables: **points** (in brackets how many, where the honest ones are 0 to 4), **batch** (an honest submission
behind it was not graded, or not with its points), **machine** (what it left or used up), **lost** (an honest learner
lost points), "own loss" (the attacker lost points of their own), "no" (nothing of it), – (has no meaning there).
"""


def main() -> int:
    """The command."""
    text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            print("docs/attacks.md is not what `python -m tests.attacks.table` writes.")
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
