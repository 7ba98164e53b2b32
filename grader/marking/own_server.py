"""The learner's own server as text: where its stubs are, and how a stage's region is put back or filled in.

Learners move code about. A stub is found by the stage it names, wherever it stands; a region without a stub by the
function it is in. What cannot be found is said and left alone: nothing here guesses.
"""

from __future__ import annotations

import ast
import contextlib
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from grader.checks.stages.reference import PACKAGE, Reference
from grader.checks.stages.regions import Region, Stub, parsed, regions, replaced, stubs


class NotFoundError(LookupError):
    """A stage's place in the learner's files is not to be found; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stub in the learner's files: `path` is below ``notebooks/miniredis/``."""

    path: str
    stub: Stub

    def __str__(self) -> str:
        return f"notebooks/{PACKAGE}/{self.path}:{self.stub.line + 1}"


class OwnServer:
    """The Python files of ``notebooks/miniredis/`` in the course folder `root`, as they are now."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "notebooks" / PACKAGE
        self.texts = {
            path.relative_to(self.folder).as_posix(): path.read_text(encoding="utf-8", errors="surrogateescape")
            for path in sorted(self.folder.rglob("*.py"))
            if not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
        }

    def places(self) -> dict[str, list[Place]]:
        """stage -> its stubs, in the order of files and lines."""
        found: dict[str, list[Place]] = {}
        for path, text in self.texts.items():
            for stub in stubs(text):
                found.setdefault(stub.stage, []).append(Place(path, stub))
        return found

    def standing(self) -> set[str]:
        """The stages that cannot be done: a ``raise NotImplementedError`` of theirs is still there."""
        return {stage for stage, places in self.places().items() if any(p.stub.raises for p in places)}

    def untouched(self, reference: Reference) -> set[str]:
        """The stages that only have comments for stubs, and beside these nobody has written anything yet.

        Raises:
            RegionError: for markers of the reference that make no sense.
        """
        found = set()
        for stage in self.places():
            there = reference.regions.get(stage, [])
            with contextlib.suppress(NotFoundError):
                if not any(region.raises for _, region in there) and fill(self.texts, reference, stage):
                    found.add(stage)
        return found


def fill(texts: Mapping[str, str], reference: Reference, stage: str) -> dict[str, str]:
    """`texts` with every stub of `stage` replaced by the reference's code; only the files that this changes.

    A comment beside which the learner has written something is no stub any more, and stays.

    Raises:
        NotFoundError: for a stub that stands for nothing in the reference.
    """
    wanted = list(reference.regions.get(stage, []))
    there = {path: text for path, text in texts.items() if stage in text}
    places = [Place(path, stub) for path, text in there.items() for stub in stubs(text) if stub.stage == stage]
    changed: dict[str, list[tuple[Stub, Region, str]]] = {}
    for place, (path, region) in _matched(places, wanted):
        if not place.stub.raises and _is_written(texts[place.path], place.stub, region, reference.texts[path]):
            continue
        changed.setdefault(place.path, []).append((place.stub, region, reference.texts[path]))
    new = {}
    for path, fillings in changed.items():
        lines = texts[path].splitlines(keepends=True)
        for stub, region, _ in sorted(fillings, key=lambda f: -f[0].line):
            lines[stub.line : stub.line + 1] = [indented(region, stub.indent)]
        bodies = "".join(region.body for _, region, _ in fillings)
        new[path] = with_imports("".join(lines), fillings[0][2], bodies)
    return new


def _matched(places: list[Place], wanted: list[tuple[str, Region]]) -> list[tuple[Place, tuple[str, Region]]]:
    """Each stub with the region it stands for: in its function of its file, in its function, or the only one left."""
    pairs = []
    for likeness in _LIKENESSES:
        for place in list(places):
            found = [w for w in wanted if likeness(place, *w)]
            if found and (likeness is _LIKENESSES[0] or len(found) == 1):
                pairs.append((place, found[0]))
                places.remove(place)
                wanted.remove(found[0])
    if len(places) == len(wanted) == 1 and places[0].stub.function == wanted[0][1].function:
        return [*pairs, (places[0], wanted[0])]
    if places:
        raise NotFoundError(f"{places[0]} stands for nothing in the reference: there is one more than it has.")
    return pairs


_Likeness = Callable[[Place, str, Region], bool]
_LIKENESSES: tuple[_Likeness, ...] = (
    lambda place, path, region: path == place.path and region.scope == place.stub.scope,
    lambda place, path, region: region.scope == place.stub.scope != "" and region.function == place.stub.function,
)


def _is_written(text: str, stub: Stub, region: Region, model: str) -> bool:
    """Whether a learner has written code for a comment that still stands there."""
    if not region.function:
        prefix = f"{stub.scope}." if stub.scope else ""
        return any(extent(text, prefix + name) is not None for name in _defined(region.body))
    # The lines beside it are the reference's, but not of this stage; or somebody has written them.
    here = [r for r in regions(model, PACKAGE) if r.stage == stub.stage]
    known = set(_solid(replaced(model, here, lambda _: "").splitlines()))
    stubs_there = {s.line for s in stubs(text)}
    known |= {line.strip().partition("  #")[0] for at, line in enumerate(text.splitlines()) if at in stubs_there}
    return any(line and line not in known for line in _beside_line(text, stub.line))


def _beside_line(text: str, at: int) -> tuple[str, str]:
    """The nearest lines before and behind line `at` that are not empty, without remarks at their ends."""
    lines = [line.strip().partition("  #")[0] for line in text.splitlines()]
    before = next((line for line in reversed(lines[:at]) if line), "")
    behind = next((line for line in lines[at + 1 :] if line), "")
    return before, behind


def indented(region: Region, indent: str) -> str:
    """The code of `region`, moved to `indent`."""
    lines = region.body.splitlines(keepends=True)
    return "".join(indent + line.removeprefix(region.indent) if line.strip() else line for line in lines)


def with_imports(text: str, model: str, code: str) -> str:
    """`text` with those imports of `model` added that `code` uses and that `text` has lost (editors tidy them away)."""
    wanted, names = _imports(model), set(re.findall(r"[A-Za-z_]\w*", code))
    # Most code needs nothing that is not there.
    likely = {
        name: line for name, line in wanted.items() if name in names and not re.search(rf"import.*\b{name}\b", text)
    }
    if not likely or not _parses(text):
        return text
    have = _imports(text)
    missing = [line for name, line in likely.items() if name not in have]
    if not missing:
        return text
    body = parsed(text).body
    lines = text.splitlines(keepends=True)
    before = [n for n in body if isinstance(n, ast.Import | ast.ImportFrom) or (n is body[0] and _is_text(n))]
    at = max((n.end_lineno or 0 for n in before), default=0)
    lines[at:at] = [f"{line}\n" for line in dict.fromkeys(missing)]
    return "".join(lines)


def put(text: str, model: str, name: str, stage: str, new: Callable[[Region], str]) -> tuple[str, list[str]]:
    """`text` with what stands for the regions of `stage` replaced.

    Args:
        text: a learner's file.
        model: the same file of the reference, with its markers.
        name: what to call it in messages.
        stage: whose regions.
        new: what to put for each region.

    Returns:
        the new text, and the pieces of the old one that it replaced.

    Raises:
        NotFoundError: when a place is not to be found, or two stages cannot be told apart.
    """
    found = regions(model, name)
    old: list[str] = []
    # From the last to the first: what is done already does not move what is still to do.
    for region in reversed([r for r in found if r.stage == stage]):
        here = _its_stub(text, found, region)
        if here is not None:
            lines = text.splitlines(keepends=True)
            old.append(lines[here.line])
            lines[here.line : here.line + 1] = [_at(new(region), region, here.indent)]
            text = "".join(lines)
        elif region.function:
            text, piece = _put_in_function(text, model, found, region, name, new)
            old.append(piece)
        else:
            text, piece = _put_names(text, model, region, new)
            old.append(piece)
    return text, old


def _its_stub(text: str, found: list[Region], region: Region) -> Stub | None:
    """The stub of `region` in `text`, where the stubs and the regions of its function are as many."""
    alike = [r for r in found if (r.stage, r.scope, r.function) == (region.stage, region.scope, True)]
    there = [s for s in stubs(text) if (s.stage, s.scope, s.function) == (region.stage, region.scope, True)]
    place = alike.index(region) if region in alike else -1
    return there[place] if place >= 0 and len(there) in {len(alike), place + 1} else None


def _at(code: str, region: Region, indent: str) -> str:
    if indent == region.indent:
        return code
    return "".join(
        indent + line.removeprefix(region.indent) if line.strip() else line for line in code.splitlines(True)
    )


def _put_in_function(
    text: str, model: str, found: list[Region], region: Region, name: str, new: Callable[[Region], str]
) -> tuple[str, str]:
    span = extent(text, region.scope)
    theirs = extent(model, region.scope)
    if span is None or theirs is None:
        raise NotFoundError(f"{name} has no {_spoken(region.scope)} any more, where {region.stage} belongs.")
    # The last END marker is a comment behind the function's last statement.
    theirs = theirs[0], max(theirs[1], *(r.end for r in found if r.scope == region.scope))
    lines = text.splitlines(keepends=True)
    mine = lines[span[0] : span[1]]
    inside = [r for r in found if theirs[0] <= r.first and r.end <= theirs[1]]
    fixed = _fixed(model.splitlines(keepends=True)[theirs[0] : theirs[1]], inside, theirs[0])
    if all(r.stage == region.stage for r in inside):
        pieces = [fixed[0]]
        for r, behind in zip(inside, fixed[1:], strict=True):
            pieces += [[new(r)], behind]
        made = "".join(line for piece in pieces for line in piece)
        return "".join([*lines[: span[0]], made, *lines[span[1] :]]), "".join(mine)
    # Other stages have regions in this function: only what lies between its own neighbours may change.
    at = inside.index(region)
    first, last = _between(mine, fixed[at], fixed[at + 1], at == 0, at == len(inside) - 1)
    if first is None or last is None:
        others = ", ".join(sorted({r.stage for r in inside} - {region.stage}))
        raise NotFoundError(
            f"In {_spoken(region.scope)} of {name}, {region.stage} cannot be told from {others}: the lines between "
            "them have been changed."
        )
    replaced = mine[first:last]
    mine[first:last] = [new(region)]
    return "".join([*lines[: span[0]], *mine, *lines[span[1] :]]), "".join(replaced)


def _fixed(lines: list[str], inside: list[Region], offset: int) -> list[list[str]]:
    """The lines before, between and behind the regions of a function."""
    pieces, at = [], 0
    for region in inside:
        pieces.append(lines[at : region.first - offset])
        at = region.end - offset
    return [*pieces, lines[at:]]


def _between(
    mine: list[str], before: list[str], behind: list[str], is_first: bool, is_last: bool
) -> tuple[int | None, int | None]:
    """Where in `mine` the text between the lines `before` and the lines `behind` is."""
    first = 0 if is_first and not _solid(before) else _place(mine, before, -1)
    last = len(mine) if is_last and not _solid(behind) else _place(mine, behind, 0)
    if first is not None and last is not None and first <= last:
        return first, last
    return None, None


def _place(mine: list[str], wanted: list[str], end: int) -> int | None:
    """The line of `mine` at which the solid lines of `wanted` begin (`end` 0) or behind which they are over (-1)."""
    solid = _solid(wanted)
    at = [i for i, line in enumerate(mine) if line.strip()]
    texts = [mine[i].strip() for i in at]
    hits = [i for i in range(len(texts) - len(solid) + 1) if solid and texts[i : i + len(solid)] == solid]
    if len(hits) != 1:
        return None
    return at[hits[0]] if end == 0 else at[hits[0] + len(solid) - 1] + 1


def _solid(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def _put_names(text: str, model: str, region: Region, new: Callable[[Region], str]) -> tuple[str, str]:
    """For a region that is whole definitions: those of its names that are there go, the new text takes their place."""
    lines = text.splitlines(keepends=True)
    old = ""
    at: int | None = None
    for name in reversed(_defined(region.body)):
        span = extent(text, f"{region.scope}.{name}" if region.scope else name)
        if span is not None:
            old = "".join(lines[span[0] : span[1]]) + old
            del lines[span[0] : span[1]]
            at = span[0]
            text = "".join(lines)
    marked = next((s for s in stubs(text) if s.stage == region.stage and s.scope == region.scope), None)
    if marked is not None:
        old = lines[marked.line] + old
        lines[marked.line : marked.line + 1] = [new(region)]
    else:
        at = _beside(text, model, region) if at is None else at
        lines[at:at] = [new(region)]
    return "".join(lines), old


def _beside(text: str, model: str, region: Region) -> int:
    """The line before the first definition that follows `region` in `model` and is in `text`; else the end."""
    behind = "".join(model.splitlines(keepends=True)[region.end :])
    for match in re.finditer(rf"^{region.indent}(?:async def|def|class) (\w+)", behind, re.M):
        span = extent(text, f"{region.scope}.{match[1]}" if region.scope else match[1])
        if span is not None:
            return span[0]
    if region.scope and (span := extent(text, region.scope)) is not None:
        return span[1]
    return len(text.splitlines())


def extent(text: str, scope: str) -> tuple[int, int] | None:
    """The lines (from, behind) of the function, class or constant `scope` of `text`, decorators included.

    None when it is not there, or there twice.
    """
    if not _parses(text):
        return _extent_by_indent(text, scope)
    nodes: list[ast.stmt] = parsed(text).body
    found: list[ast.stmt] = []
    for word in scope.split("."):
        found = [n for n in nodes if word in _names(n)]
        if len(found) != 1:
            return None
        nodes = list(getattr(found[0], "body", []))
    if not found:
        return None
    decorators = getattr(found[0], "decorator_list", [])
    first = min([found[0].lineno, *(d.lineno for d in decorators)])
    return first - 1, found[0].end_lineno or found[0].lineno


def _extent_by_indent(text: str, scope: str) -> tuple[int, int] | None:
    """The same for a file that is no Python: from its ``def`` to the next line that stands no deeper."""
    lines = text.splitlines()
    span = 0, len(lines)
    for word in scope.split("."):
        starts = [i for i in range(*span) if re.match(rf"\s*(?:async\s+def|def|class)\s+{re.escape(word)}\b", lines[i])]
        if len(starts) != 1:
            return None
        first = starts[0]
        depth = len(lines[first]) - len(lines[first].lstrip())
        last = first + 1
        for last in range(first + 1, span[1] + 1):
            if last == span[1]:
                break
            line = lines[last]
            if line.strip() and len(line) - len(line.lstrip()) <= depth and not line.lstrip().startswith(")"):
                break
        while last > first + 1 and not lines[last - 1].strip():
            last -= 1
        while first > span[0] and lines[first - 1].startswith(" " * depth + "@"):
            first -= 1
        span = first, last
    return span


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign():
            return [t.id for t in node.targets if isinstance(t, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _defined(body: str) -> list[str]:
    return [name for node in parsed(textwrap.dedent(body)).body for name in _names(node)]


@lru_cache(maxsize=256)
def _imports(text: str) -> dict[str, str]:
    """The names that a file imports on its top level, each with a line that imports it."""
    if not _parses(text):
        return {}
    found = {}
    for node in parsed(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                found[name] = ast.unparse(_only(node, alias))
    return found


def _only(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if isinstance(node, ast.Import):
        return ast.Import(names=[alias])
    return ast.ImportFrom(module=node.module, names=[alias], level=node.level)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _parses(text: str) -> bool:
    try:
        parsed(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _spoken(scope: str) -> str:
    return f"{scope}()" if scope else "place"
