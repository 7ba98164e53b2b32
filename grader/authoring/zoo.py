"""The kill matrix: every wrong server of the zoo in every stage, and the page that shows which stage catches which.

`course zoo` runs all of it and writes ``docs/kill-matrix.md``. `course zoo --check` and `course lint` run each wrong
server at its own stage only, and hold the page to what there is: every wrong server caught and named, no stage that
catches nothing without saying why.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grader.authoring.problems import Problem
from grader.checks.stages.catalog import Stage, stages
from grader.checks.stages.zoo import WrongServer, ZooError, zoo
from grader.marking.stages import Effort, name_it, stage_run
from grader.servers import ServerError

PAGE = "docs/kill-matrix.md"
_CAUGHT, _PASSED, _UNTRIED = "●", "○", "·"
_GENERAL = "codec"
# All of its scripts, however little of the processor is left for them.
_AT_HOME = Effort(seconds=60.0, shrink_seconds=0.0)
_ELSEWHERE = Effort(scripts=0.15, seconds=2.0, shrink_seconds=0.0, timeout=0.3)
_HEAD = """\
# Wrong servers, and the stages that catch them

Written by `course zoo`: each wrong server of `solutions/wrong_servers/` was run through its own stage, those that name
it, and (unless `--own` was said: then they are dots below) those of its family. Where none of these was caught, those
that are wrong from the ground up (the family codec) were tried until one was. A stage that catches nothing proves
nothing.

"""


@dataclass(frozen=True, slots=True)
class Matrix:
    """What the page says: the names of the wrong servers in the order of the columns; stage -> those it was tried
    on, and those of them that it caught."""

    names: tuple[str, ...]
    tried: dict[str, frozenset[str]]
    caught: dict[str, frozenset[str]]


def run_matrix(
    root: Path,
    members: Sequence[WrongServer],
    wanted: Sequence[Stage],
    tell: Callable[[WrongServer, Collection[str]], None] = lambda *_: None,
    own: bool = False,
) -> Matrix:
    """Run each of `members` through the stages of its family, as many at a time as there are processors.

    Args:
        root: the course folder.
        members: the wrong servers.
        wanted: the stages; locked ones are left out.
        tell: told each wrong server with the stages that caught it.
        own: only at their own stages and those that name them, which takes a tenth of the time.
    """
    open_ones = [s for s in wanted if not s.locked]
    tried: dict[str, set[str]] = {s.slug: set() for s in open_ones}
    caught: dict[str, set[str]] = {s.slug: set() for s in open_ones}
    with ProcessPoolExecutor(os.cpu_count() or 1, multiprocessing.get_context("spawn")) as pool:
        slugs = {
            m.name: [s.slug for s in open_ones if _names(m, s) or (not own and s.family == _family(m))] for m in members
        }
        work = [pool.submit(caught_by, root, m.module, slugs[m.name], m.stage) for m in members]
        for member, piece in zip(members, work, strict=True):
            for slug in slugs[member.name]:
                tried[slug].add(member.name)
            for slug in piece.result():
                caught[slug].add(member.name)
            tell(member, piece.result())
        general = [m for m in members if _family(m) == _GENERAL]
        silent = [s for s in open_ones if not caught[s.slug] and not s.kills_nothing]
        tries = [pool.submit(_first_caught, root, s.slug, general) for s in silent]
        for stage, attempt in zip(silent, tries, strict=True):
            in_vain, found = attempt.result()
            tried[stage.slug].update(in_vain, found)
            caught[stage.slug].update(found)
    return Matrix(
        tuple(m.name for m in members),
        {slug: frozenset(names) for slug, names in tried.items()},
        {slug: frozenset(names) for slug, names in caught.items()},
    )


def _family(member: WrongServer) -> str:
    stage = stages().by_slug.get(member.stage)
    return stage.family if stage is not None else ""


def _names(member: WrongServer, stage: Stage) -> bool:
    return member.stage == stage.slug or member.name in stage.misconceptions


def _first_caught(root: Path, slug: str, members: Sequence[WrongServer]) -> tuple[list[str], list[str]]:
    """Those of `members` that the stage did not catch, and the first that it did."""
    in_vain: list[str] = []
    for member in members:
        if caught_by(root, member.module, [slug]):
            return in_vain, [member.name]
        in_vain.append(member.name)
    return in_vain, []


def caught_by(root: Path, module: tuple[str, ...], slugs: Sequence[str], its_own: str = "") -> list[str]:
    """Which of the stages `slugs` are red for the server `module`; the one it is made for, `its_own`, tries all."""
    with stage_run(root / "solutions", module) as run:
        # Without looking for the shortest script that shows it.
        efforts = [(slug, _AT_HOME if slug == its_own else _ELSEWHERE) for slug in slugs]
        return [slug for slug, effort in efforts if run.check(stages()[slug], effort).status == "wrong"]


def written(matrix: Matrix, members: Sequence[WrongServer], catalog: Sequence[Stage]) -> str:
    """The page."""
    lines = [
        f"{len(members)} wrong servers, {len(matrix.caught)} stages.",
        "",
        "| | a server that … | its stage | caught by |",
        "| --: | --- | --- | --: |",
    ]
    for number, member in enumerate(members, 1):
        count = sum(member.name in names for names in matrix.caught.values())
        lines.append(f"| {number} | {member.sentence} (`{member.name}`) | `{member.stage}` | {count} |")
    column = max((len(slug) for slug in matrix.caught), default=0)
    tens = "".join(str(n // 10) if n % 10 == 0 else " " for n in range(1, len(members) + 1))
    ones = "".join(str(n % 10) for n in range(1, len(members) + 1))
    lines += [
        "",
        "A column a wrong server, by its number above; a row a stage. ● caught, ○ not, · not tried.",
        "",
        "```text",
    ]
    lines += [f"{'':<{column}} {tens}".rstrip(), f"{'':<{column}} {ones}"]
    for slug, names in matrix.caught.items():
        tried = matrix.tried[slug]
        marks = "".join(_CAUGHT if m.name in names else _PASSED if m.name in tried else _UNTRIED for m in members)
        lines.append(f"{slug:<{column}} {marks} {len(names):>3}")
    lines += ["```", ""]
    silent = [s for s in catalog if s.kills_nothing and not matrix.caught.get(s.slug)]
    if silent:
        lines += ["## Stages that catch none, and why", ""]
        lines += [f"- `{s.slug}`: {s.kills_nothing}" for s in silent] + [""]
    return _HEAD + "\n".join(lines)


def read_page(text: str) -> Matrix:
    """What a written page says."""
    names = tuple(
        line.rpartition("(`")[2].partition("`)")[0]
        for line in text.splitlines()
        if line.startswith("| ") and "(`" in line
    )
    tried, caught = {}, {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[0].startswith("mini.") and set(words[1]) <= {_CAUGHT, _PASSED, _UNTRIED}:
            marks = list(zip(names, words[1], strict=False))
            tried[words[0]] = frozenset(name for name, mark in marks if mark != _UNTRIED)
            caught[words[0]] = frozenset(name for name, mark in marks if mark == _CAUGHT)
    return Matrix(names, tried, caught)


def check_zoo(
    root: Path, wanted: Collection[str] | None = None, progress: Callable[[str], None] = lambda _: None
) -> list[Problem]:
    """What is wrong with the zoo and its page: run at their own stages only.

    Args:
        root: the course folder.
        wanted: only the wrong servers of these stages; all of them if None.
        progress: told the name of each.
    """
    try:
        members = zoo(root)
    except ZooError as error:
        return [Problem(root / "solutions" / "wrong_servers", 0, "zoo", str(error))]
    problems: list[Problem] = []
    known = {m.name for m in members}
    for stage in stages():
        for name in stage.misconceptions:
            if name not in known and not stage.locked:
                problems.append(Problem(stage.path, 0, "zoo", f"{stage.slug}: there is no wrong server {name}"))
    chosen = [m for m in members if wanted is None or m.stage in wanted]
    with ProcessPoolExecutor(os.cpu_count() or 1, multiprocessing.get_context("spawn")) as pool:
        for member, texts in zip(chosen, pool.map(_at_its_stage, [root] * len(chosen), chosen), strict=True):
            progress(member.name)
            problems += [Problem(member.path, 0, "zoo", text) for text in texts]
    return problems + (_page_problems(root, members) if wanted is None else [])


def _at_its_stage(root: Path, member: WrongServer) -> list[str]:
    stage = stages().by_slug.get(member.stage)
    if stage is None:
        return [f"its STAGE {member.stage} is no stage"]
    try:
        with stage_run(root / "solutions", member.module) as run:
            outcome = run.check(stage)
            if outcome.status != "wrong":
                return [f"{member.stage} does not catch it: it is {outcome.status} {outcome.note}".strip()]
            if outcome.result is None:
                return [f"it does not start: {outcome.note}"]
            name_it(run, root, stage, outcome)
    except ServerError as error:
        return [str(error)]
    if outcome.misconception != member.name:
        told = f"taken for {outcome.misconception}" if outcome.misconception else "not named"
        return [f"{member.stage} catches it, but it is {told}:\n{outcome.text}"]
    return []


def _page_problems(root: Path, members: Sequence[WrongServer]) -> list[Problem]:
    path = root / PAGE
    advice = "run `course zoo` and commit the page"
    if not path.is_file():
        return [Problem(path, 0, "zoo", f"the page is missing: {advice}")]
    matrix = read_page(path.read_text(encoding="utf-8"))
    problems = []
    if matrix.names != tuple(m.name for m in members):
        problems.append(Problem(path, 0, "zoo", f"it was written for other wrong servers: {advice}"))
    if set(matrix.caught) != {s.slug for s in stages() if not s.locked}:
        problems.append(Problem(path, 0, "zoo", f"it was written for other stages: {advice}"))
    for stage in stages():
        caught = matrix.caught.get(stage.slug)
        if stage.locked or caught is None:
            continue
        if not caught and not stage.kills_nothing:
            text = f"{stage.slug} catches no wrong server, and does not say why (`kills-nothing: …`)"
            problems.append(Problem(stage.path, 0, "zoo", text))
        if caught and stage.kills_nothing:
            text = f"{stage.slug} says that it catches nothing, and catches {', '.join(sorted(caught))}"
            problems.append(Problem(stage.path, 0, "zoo", text))
    return problems
