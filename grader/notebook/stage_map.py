"""The map of the stages: what is done, what comes next, what is borrowed or locked; by week and family.

`course stages` draws it in the terminal, ``stages()`` in a notebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from grader.checks.stages.catalog import Stage, Stages
from grader.notebook.progress import Entry
from grader.notebook.style import CARD_STYLE

MARKS = {"done": "✔", "borrowed": "◇", "next": "▸", "tried": "✘", "open": "·", "locked": "□"}
WORDS = {
    "done": "done", "borrowed": "borrowed", "next": "next", "tried": "tried", "open": "to build", "locked": "locked",
}  # fmt: skip
_TONES = {"done": "good", "borrowed": "hint", "next": "odd", "tried": "bad", "open": "dim", "locked": "dim"}


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """The stages of one family in one week, each with its state."""

    family: str
    stages: tuple[tuple[Stage, str], ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How far: of `open` stages `done` are the learner's own and `borrowed` are not; `locked` ones come later."""

    done: int
    borrowed: int
    open: int
    locked: int

    def sentence(self) -> str:
        """``23 of 126 stages, 4 of them borrowed``."""
        told = f"{self.done + self.borrowed} of {self.open} stages"
        return f"{told}, {self.borrowed} of them borrowed" if self.borrowed else told


class StageMap:
    """The state of every stage.

    Args:
        catalog: the stages.
        entries: the learner's progress.
        standing: stages whose stub is in the learner's files: they are not done, whatever was remembered.
    """

    def __init__(self, catalog: Stages, entries: Mapping[str, Entry], standing: Iterable[str] = ()) -> None:
        self.catalog = catalog
        self._standing = frozenset(standing)
        self.states = {s.slug: self._state(s, entries.get(s.slug)) for s in catalog}
        self.next = next((s for s in catalog if self.states[s.slug] in {"open", "tried"}), None)
        if self.next is not None:
            self.states[self.next.slug] = "next"

    def _state(self, stage: Stage, entry: Entry | None) -> str:
        if stage.locked:
            return "locked"
        if entry is None:
            return "open"
        if entry.status in {"solved", "borrowed"} and stage.slug not in self._standing:
            return "done" if entry.status == "solved" else "borrowed"
        return "tried" if entry.tries and stage.slug not in self._standing else "open"

    def unfinished(self) -> list[Stage]:
        """The stages from the first that is not done, without those done already and the locked ones."""
        return [s for s in self.catalog if self.states[s.slug] in {"next", "open", "tried"}]

    def count(self, stages: Iterable[Stage] | None = None) -> Count:
        """How far, of `stages` or of all."""
        states = [self.states[s.slug] for s in (self.catalog if stages is None else stages)]
        locked = states.count("locked")
        return Count(states.count("done"), states.count("borrowed"), len(states) - locked, locked)

    def week(self, week: str) -> list[FamilyRow]:
        """The families of a week in their order, with their stages."""
        rows: dict[str, list[tuple[Stage, str]]] = {}
        for stage in self.catalog:
            if stage.week == week:
                rows.setdefault(stage.family, []).append((stage, self.states[stage.slug]))
        return [FamilyRow(family, tuple(found)) for family, found in rows.items()]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        count = self.count()
        return {
            "done": count.done,
            "borrowed": count.borrowed,
            "stages": count.open,
            "locked": count.locked,
            "next": self.next.slug if self.next else None,
            "weeks": {
                week: [
                    {
                        "slug": s.slug,
                        "title": s.title,
                        "family": s.family,
                        "state": self.states[s.slug],
                        "commands": list(s.commands),
                        "files": list(s.files),
                    }
                    for s in self.catalog
                    if s.week == week
                ]
                for week in self.catalog.weeks
            },
        }

    def __repr__(self) -> str:
        lines = [f"Your Redis: {self.count().sentence()}"]
        for week in self.catalog.weeks:
            lines.append(f"{week}: {self.count(s for s in self.catalog if s.week == week).sentence()}")
            lines += [
                f"  {row.family:<13}{''.join(MARKS[state] for _, state in row.stages)}" for row in self.week(week)
            ]
        if self.next is not None:
            lines.append(f"Next: {self.next.slug}  {self.next.title}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        how_far = escape(self.count().sentence())
        parts = [
            f'{CARD_STYLE}{_STYLE}<div class="rc-card rs" style="--rc:var(--rc-hint)">',
            f'<div class="rc-head"><b>Your Redis</b><span class="rc-dim">{how_far}</span></div>',
        ]
        for week in self.catalog.weeks:
            count = self.count(s for s in self.catalog if s.week == week)
            told = "comes later" if not count.open else count.sentence()
            share = (count.done + count.borrowed) / count.open if count.open else 0
            opened = " open" if self.next is not None and self.next.week == week else ""
            parts.append(
                f"<details{opened}><summary><b>{week}</b><i><u style='width:{share:.0%}'></u></i>"
                f"<span>{escape(told)}</span></summary>"
            )
            for row in self.week(week):
                parts.append(f'<div class="rs-row"><span>{escape(row.family)}</span><div>')
                parts += [_chip(stage, state) for stage, state in row.stages]
                parts.append("</div></div>")
            parts.append("</details>")
        if self.next is not None:
            parts.append(
                f'<div class="rc-foot"><b>Next:</b> <code>{escape(self.next.slug)}</code> {escape(self.next.title)}'
                f'<br><span class="rc-dim">{escape(", ".join(f"miniredis/{f}" for f in self.next.files))}</span></div>'
            )
        else:
            parts.append('<div class="rc-foot">Every stage there is stands.</div>')
        return "".join(parts) + "</div>"


def _chip(stage: Stage, state: str) -> str:
    title = f"{stage.slug}: {stage.title} ({WORDS[state]})"
    return (
        f'<span class="rs-chip rs-{state}" title="{escape(title)}" style="--rs:var(--rc-{_TONES[state]})">'
        f"{MARKS[state]} {escape(stage.name)}</span>"
    )


_STYLE = """
<style>
.rc-card.rs summary{display:flex;gap:12px;align-items:center;color:inherit;margin-top:6px}
.rc-card.rs summary i{flex:1;height:5px;border-radius:3px;background:var(--rc-box);overflow:hidden}
.rc-card.rs summary u{display:block;height:100%;background:var(--rc-good)}
.rc-card.rs summary span{color:var(--rc-dim);font-size:12.5px;min-width:9em;text-align:right}
.rs-row{display:grid;grid-template-columns:8.5em minmax(0,1fr);gap:8px;margin:4px 0 4px 14px;align-items:baseline}
.rs-row>span{color:var(--rc-dim);font-size:12.5px}
.rs-chip{display:inline-block;font-size:12px;line-height:1.35;padding:1px 7px;margin:1px 4px 2px 0;border-radius:9px;
 color:var(--rs);border:1px solid var(--jp-border-color2,#8884);white-space:nowrap}
.rs-next{border-color:var(--rs);background:var(--rc-tint);font-weight:600}.rs-locked{opacity:.65;border-style:dashed}
</style>
"""
