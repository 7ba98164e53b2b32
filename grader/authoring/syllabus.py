"""The generated parts of ``syllabus.md``: for each week a table of its lessons, notebooks and exercises."""

from __future__ import annotations

import re
from pathlib import Path

from grader.checks import Catalog, catalog

_BLOCK = re.compile(r"(<!-- generated: (week\d+) -->\n).*?(<!-- end generated -->)", re.S)


def update(root: Path, check: bool = False) -> bool:
    """Fill the generated blocks; returns whether the file differs from what it should be.

    Args:
        root: the course folder.
        check: compare only.
    """
    path = root / "syllabus.md"
    old = path.read_text(encoding="utf-8")
    new = _BLOCK.sub(lambda m: f"{m[1]}\n{week_text(root, m[2], catalog())}\n{m[3]}", old)
    if new == old:
        return False
    if not check:
        path.write_text(new, encoding="utf-8")
    return True


def week_text(root: Path, week: str, exercises: Catalog) -> str:
    """The block of one week, in Markdown."""
    lines = []
    folder = next(iter(sorted((root / "modules").glob(f"{week}-*"))), None)
    if folder is not None:
        lines += ["| lesson | time |", "| --- | --- |"]
        for lesson in sorted(folder.glob("[0-9]*.md")):
            lines.append(f"| [{_title(lesson)}]({lesson.relative_to(root).as_posix()}) | {_minutes(lesson)} |")
        lines.append("")
    mine = [e for e in exercises if e.week == week]
    total = sum(e.points for e in mine)
    lines += [
        f"{len(mine)} exercises, {total} points.",
        "",
        "| notebook | exercise | | kind | points |",
        "| --- | --- | --- | --- | --- |",
    ]
    for notebook in exercises.notebooks:
        for e in (e for e in notebook.exercises if e.week == week):
            marks = " (stretch)" if e.stretch else ""
            link = f"[{notebook.title}](notebooks/{notebook.path}.ipynb)"
            lines.append(f"| {link} | `{e.slug}` | {e.title}{marks} | {e.kind} | {e.points or '–'} |")
    return "\n".join(lines) + "\n"


def _title(lesson: Path) -> str:
    first = lesson.read_text(encoding="utf-8").lstrip().partition("\n")[0]
    return first.lstrip("# ").strip()


def _minutes(lesson: Path) -> str:
    found = re.search(r"About (\d+) minutes", lesson.read_text(encoding="utf-8"))
    return f"{found[1]} min" if found else "–"
