"""Where a stage begins and ends in a Python file: solution regions in the reference, stubs in what a learner has.

In the reference, whole statements stand between two comments that name the stage:

    ### BEGIN SOLUTION mini.append
    …
    ### END SOLUTION

In a function the starter has ``raise NotImplementedError("mini.append")  # course hint mini.append`` there, elsewhere
(whole functions, constants) a comment. A region that only adds a step to a function (what stands behind it makes sense
without it) becomes a comment as well: or every earlier stage would have to wait for the step. `clear` makes the one
from the other; `stubs` finds again what was put there, wherever the learner has moved it. The build, `course reset`
and `course catchup` come here.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

_BEGIN = re.compile(r"^([ \t]*)### BEGIN SOLUTION[ \t]*(\S*)[ \t]*$")
_END = re.compile(r"^([ \t]*)### END SOLUTION[ \t]*(.*)$")
_HEAD = re.compile(r"^\s*(async\s+def|def|class)\s+(\w+)")
_SLUG = r"mini\.[a-z0-9]+(?:-[a-z0-9]+)*"
_STUB = re.compile(
    rf"""^(?P<indent>[ \t]*)(?:raise\ NotImplementedError\(\s*["'](?P<raised>{_SLUG})["']\s*\)[ \t]*(?:\#.*)?
    |\#\ (?P<noted>{_SLUG}):\ yours\ to\ build.*)$""",
    re.VERBOSE,
)


class RegionError(ValueError):
    """The markers of a file do not make sense; the message names file, line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Region:
    """One solution region of a file of the reference.

    `first` and `end` are indices of lines: of its BEGIN marker, and of the line behind its END marker. `body` is the
    text between them, as it stands; `indent` what stands before the markers; `scope` the function and classes around
    it, ``Server.accept`` (nothing on the top level); `function` whether that is a function; `raises` whether its stub
    is a statement, not a comment.
    """

    stage: str
    first: int
    end: int
    indent: str
    body: str
    scope: str
    function: bool
    raises: bool

    @property
    def stub(self) -> str:
        """The line that stands for it in the starter."""
        if self.raises:
            return f'{self.indent}raise NotImplementedError("{self.stage}")  # course hint {self.stage}\n'
        return f"{self.indent}# {self.stage}: yours to build (course hint {self.stage})\n"


@dataclass(frozen=True, slots=True)
class Stub:
    """A place in a learner's file that still is to be built: the index of its line, and its indentation."""

    stage: str
    line: int
    indent: str
    raises: bool
    scope: str
    function: bool


def regions(text: str, name: str) -> list[Region]:
    """The solution regions of `text`, in order.

    Args:
        text: a file of the reference.
        name: what to call it in messages.

    Raises:
        RegionError: for markers that do not pair up, name no stage or cut a statement in two.
    """
    return list(_regions(text, name))


@lru_cache(maxsize=512)
def _regions(text: str, name: str) -> tuple[Region, ...]:
    lines = text.splitlines(keepends=True)
    found: list[Region] = []
    begun: tuple[int, str, str] | None = None
    scopes = _scopes(text, name)
    for at, line in enumerate(lines):
        if begin := _BEGIN.match(line.rstrip("\n")):
            if begun is not None:
                raise RegionError(
                    f"{name}:{at + 1}: a solution begins inside the one that began in line {begun[0] + 1}; "
                    "end that one first."
                )
            if not re.fullmatch(_SLUG, begin[2]):
                raise RegionError(f"{name}:{at + 1}: BEGIN SOLUTION has to name a stage: `### BEGIN SOLUTION mini.…`.")
            begun = at, begin[1], begin[2]
        elif end := _END.match(line.rstrip("\n")):
            if begun is None:
                raise RegionError(f"{name}:{at + 1}: END SOLUTION without a BEGIN SOLUTION before it.")
            first, indent, stage = begun
            if end[1] != indent:
                raise RegionError(
                    f"{name}:{at + 1}: END SOLUTION has another indentation than its BEGIN in line {first + 1}."
                )
            body = "".join(lines[first + 1 : at])
            _whole_statements(body, indent, f"{name}:{first + 1}", stage)
            scope = _innermost(scopes, first + 1, indent)
            raises = scope.node is not None and scope.function and not _is_addition(scope.node, first + 1, at + 1)
            found.append(Region(stage, first, at + 1, indent, body, scope.name, scope.function, raises))
            begun = None
        elif "BEGIN SOLUTION" in line or "END SOLUTION" in line:
            raise RegionError(
                f"{name}:{at + 1}: a marker stands alone on its line: `### BEGIN SOLUTION mini.…`, `### END SOLUTION`."
            )
    if begun is not None:
        raise RegionError(f"{name}:{begun[0] + 1}: the solution of {begun[2]} begins here and never ends.")
    return tuple(found)


def begun(text: str) -> list[str]:
    """The stages that regions of `text` name, as they stand there; nothing is parsed for it."""
    return [match[2] for line in text.splitlines() if (match := _BEGIN.match(line))]


def clear(text: str, name: str) -> str:
    """`text` with every region replaced by its stub.

    Raises:
        RegionError: as `regions`, or when what is left is no Python.
    """
    found = regions(text, name)
    starter = replaced(text, found, lambda region: region.stub)
    if not found:
        return text
    try:
        parsed(starter)
    except SyntaxError as error:
        raise RegionError(
            f"{name}: without its solutions it is no Python any more: line {error.lineno} of the starter, {error.msg}. "
            "A region has to hold whole statements, decorators included."
        ) from None
    return starter


def filled(text: str, name: str) -> str:
    """`text` with every region as it is, without its markers: the reference as a reader would want it."""
    return replaced(text, regions(text, name), lambda region: region.body)


def replaced(text: str, found: list[Region], new: Callable[[Region], str]) -> str:
    """`text` with each of its regions `found` replaced by what `new` gives for it."""
    lines = text.splitlines(keepends=True)
    for region in reversed(found):
        lines[region.first : region.end] = [new(region)]
    return "".join(lines)


def standing(text: str) -> list[tuple[str, int, bool]]:
    """The stubs in a stranger's file, which is not parsed for it: stage, line counted from 1, whether it raises."""
    found = enumerate(map(_STUB.match, text.splitlines()), 1)
    return [(m["raised"] or m["noted"], at, m["raised"] is not None) for at, m in found if m is not None]


def stubs(text: str) -> list[Stub]:
    """The stubs in a learner's file, in order; the file need not be Python."""
    matches = [(at, match) for at, line in enumerate(text.splitlines()) if (match := _STUB.match(line))]
    if not matches:
        return []
    try:
        scopes = _scopes(text, "")
    except RegionError:
        scopes = _scopes_by_indent(text)
    found = []
    for at, match in matches:
        scope = _innermost(scopes, at + 1, match["indent"])
        stage, raised = match["raised"] or match["noted"], match["raised"] is not None
        found.append(Stub(stage, at, match["indent"], raised, scope.name, scope.function))
    return found


def _whole_statements(body: str, indent: str, where: str, stage: str) -> None:
    for line in body.splitlines():
        if line.strip() and not line.startswith(indent):
            # Only inside a string may a line stand further left, and then nobody could indent the region anew.
            raise RegionError(f"{where}: the solution of {stage} has a line further left than its markers.")
    try:
        tree = ast.parse(textwrap.dedent(body))
    except SyntaxError as error:
        raise RegionError(
            f"{where}: the solution of {stage} is not made of whole statements ({error.msg} in its line "
            f"{error.lineno})."
        ) from None
    if not tree.body:
        raise RegionError(f"{where}: the solution of {stage} is empty.")


_Scoped = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class _Scope:
    """The body of a function or class: its lines, counted from 1, the column it begins at, its dotted name."""

    first: int
    last: int
    column: int
    name: str
    function: bool
    node: ast.AST | None = None


_MODULE = _Scope(1, 0, 0, "", False)


@lru_cache(maxsize=512)
def parsed(text: str) -> ast.Module:
    """`text` as a tree that nobody may change: the same files are looked at for one stage after the other.

    Raises:
        SyntaxError, ValueError: for what is no Python.
    """
    return ast.parse(text)


def _scopes(text: str, name: str) -> list[_Scope]:
    try:
        tree = parsed(text)
    except SyntaxError as error:
        raise RegionError(f"{name}:{error.lineno}: {error.msg}") from None
    except ValueError as error:
        raise RegionError(f"{name}: {error}") from None
    found: list[_Scope] = []

    def look(node: ast.AST, outer: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = outer
            if isinstance(child, _Scoped):
                inner = f"{outer}.{child.name}" if outer else child.name
                column = child.body[0].col_offset
                function = not isinstance(child, ast.ClassDef)
                found.append(_Scope(child.lineno, child.end_lineno or child.lineno, column, inner, function, child))
            look(child, inner)

    look(tree, "")
    return found


def _scopes_by_indent(text: str) -> list[_Scope]:
    """The scopes of a file that is no Python: a body goes on for as long as lines stand deeper than its ``def``."""
    found: list[_Scope] = []
    open_ones: list[tuple[int, int, str, bool]] = []
    lines = text.splitlines()
    for number, line in enumerate([*lines, "end"], 1):
        depth = len(line) - len(line.lstrip())
        if not line.strip() or line.lstrip().startswith(")"):
            continue
        while open_ones and open_ones[-1][1] >= depth:
            first, outer, name, function = open_ones.pop()
            found.append(_Scope(first, number - 1, outer + 1, name, function))
        if match := _HEAD.match(line):
            name = f"{open_ones[-1][2]}.{match[2]}" if open_ones else match[2]
            open_ones.append((number, depth, name, match[1] != "class"))
    return found


def _innermost(scopes: list[_Scope], line: int, indent: str) -> _Scope:
    """The scope whose body has `line` in it. A comment may stand behind the last statement and still belong to it."""
    around = [s for s in scopes if s.first < line <= s.last + 1 and s.column <= len(indent)]
    return max(around, key=lambda s: s.first, default=_MODULE)


def _is_addition(function: ast.AST, first: int, last: int) -> bool:
    """Whether the lines from `first` to `last` (of the markers) only add a step to `function`.

    They do not when they are all that a block has, end it by `return`, give a name that is used behind them, or when a
    value is expected and nothing follows.
    """
    block = _block(function, first, last)
    mine = [s for s in block if first < s.lineno < last]
    others = [s for s in block if s not in mine and not _is_docstring(s)]
    if not others or not mine or isinstance(mine[-1], ast.Return | ast.Raise | ast.Continue | ast.Break):
        return False
    behind = [n for n in ast.walk(function) if isinstance(n, ast.stmt) and n.lineno > last]
    returns = getattr(function, "returns", None)
    gives_none = isinstance(returns, ast.Constant) and returns.value is None
    if not behind and not gives_none:
        return False
    names = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
    given = {n.id for n in names if first < n.lineno < last and isinstance(n.ctx, ast.Store)}
    had = {n.id for n in names if n.lineno < first and isinstance(n.ctx, ast.Store)}
    had |= {n.arg for n in ast.walk(function) if isinstance(n, ast.arg)}
    return not (given - had) & {n.id for n in names if n.lineno > last and isinstance(n.ctx, ast.Load)}


def _block(function: ast.AST, first: int, last: int) -> list[ast.stmt]:
    """The list of statements that the statements between these lines belong to."""
    found: list[ast.stmt] = []
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and any(first < s.lineno < last for s in block):
                # Blocks further in have lines of the region as well: the outermost one is whole statements.
                found = found or block
    return found


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
