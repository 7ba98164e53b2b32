"""A lesson read as data: its fenced blocks, each with its markers and line numbers.

`grader.authoring.transcripts` runs these blocks, `grader.authoring.diagrams` parses the pictures among them.
Nothing here talks to Redis. What cannot be understood (an unknown fence, a misspelt marker, a fence that the
Markdown renderer would not show as one) is a `Problem`, because a block skipped in silence is an unproved claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

from grader.authoring.problems import Problem

EXECUTED = frozenset({"redis", "python", "wire", "console"})
SHOWN = frozenset({"sh", "ini", "text", "mermaid"})

#: The Redis versions every lesson is written for; a version marker that excludes all of them is a mistake.
COURSE_VERSIONS: tuple[tuple[int, int], ...] = ((7, 0), (8, 2))

_MEANT = {
    "redis-cli": "redis",
    "resp": "wire",
    "py": "python",
    "python3": "python",
    "pycon": "python",
    "bash": "console (run) or sh (not run)",
    "shell": "console (run) or sh (not run)",
    "shell-session": "console",
    "conf": "ini",
    "redis.conf": "ini",
    "txt": "text",
    "": "text",
}

_COMMENT = re.compile(r"<!--\s*(.*?)\s*-->")
_ONLY_COMMENTS = re.compile(r"\s*(<!--.*?-->\s*)+")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
_VERSION_TERM = re.compile(r"(>=|<=|<|>|==)?\s*(\d+(?:\.\d+){0,2})")
_OPTION = re.compile(r"([a-z][a-z0-9-]*)\s+(\S.*)")
_LOOKS_LIKE_MARKER = re.compile(r"(varies|redis|server|not run)\s*:|fresh$|redis\.conf$")


@dataclass(frozen=True)
class VersionRange:
    """The versions a block is for: `>=7.4`, `8.2`, or several terms joined by commas, all of which must hold."""

    text: str
    terms: tuple[tuple[str, tuple[int, ...]], ...]

    def __contains__(self, version: tuple[int, ...]) -> bool:
        return all(_holds(operator, bound, version) for operator, bound in self.terms)


def _holds(operator: str, bound: tuple[int, ...], version: tuple[int, ...]) -> bool:
    seen = version[: len(bound)]
    if operator == ">=":
        return seen >= bound
    if operator == "<=":
        return seen <= bound
    if operator == ">":
        return seen > bound
    if operator == "<":
        return seen < bound
    return seen == bound


@dataclass(frozen=True)
class Markers:
    """What the HTML comments directly before a fence ask for."""

    varies: tuple[re.Pattern[str], ...] = ()
    versions: VersionRange | None = None
    fresh: bool = False
    server: tuple[tuple[str, str], ...] | None = None
    not_run: str | None = None
    redis_conf: bool = False


@dataclass(frozen=True)
class Block:
    """One fenced block. `line` is the line of the opening fence, counted from 1; body line i is `line + 1 + i`.

    `prefix` is what stands before every body line in the file (the indentation inside a list, the `> ` of a
    quotation) and is not part of `lines`.
    """

    kind: str
    line: int
    lines: tuple[str, ...]
    markers: Markers = field(default_factory=Markers)
    prefix: str = ""

    @property
    def text(self) -> str:
        """The body as one string, each line ended by a newline."""
        return "".join(line + "\n" for line in self.lines)

    def runs_on(self, version: tuple[int, ...]) -> bool:
        """Whether the block's version marker, if any, admits this Redis version."""
        return self.markers.versions is None or version in self.markers.versions


@dataclass(frozen=True)
class Lesson:
    """A parsed Markdown file: its fenced blocks in order, and what could not be understood."""

    path: Path
    blocks: tuple[Block, ...]
    problems: tuple[Problem, ...]


def read_lesson(path: Path) -> Lesson:
    """Parse the Markdown file at `path`. Raises OSError if it cannot be read."""
    return parse_lesson(path, path.read_text(encoding="utf-8"))


def parse_lesson(path: Path, text: str) -> Lesson:
    """Parse `text` as the lesson `path` (the path is used in problems only)."""
    lines = text.splitlines()
    problems: list[Problem] = []
    blocks: list[Block] = []
    claimed: set[int] = set()
    inside: set[int] = set()
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.map is None:
            continue
        first, end = token.map
        if token.type == "fence":
            inside.update(range(first, end))
            comments, comment_lines = _comments_above(lines, first)
            claimed.update(comment_lines)
            block, found = _block(path, lines, first, end, token.info, token.content, token.markup, comments)
            problems.extend(found)
            if block is not None:
                blocks.append(block)
        elif token.type == "code_block":
            message = "a block shown by indentation is never run: use a fence that says what it is"
            problems.append(Problem(path, first + 1, "fence", message))
        elif token.type == "html_block":
            problems.extend(_swallowed_fences(path, lines, first, end))
    problems.extend(_stray_markers(path, lines, claimed, inside))
    return Lesson(path, tuple(blocks), tuple(problems))


def _block(
    path: Path,
    lines: list[str],
    first: int,
    end: int,
    info: str,
    content: str,
    markup: str,
    comments: list[tuple[int, str]],
) -> tuple[Block | None, list[Problem]]:
    markers, problems = _markers(path, comments)
    kind = info.strip()
    body = tuple(content.split("\n")[:-1]) if content else ()
    if end <= first + 1 or not lines[end - 1].strip().lstrip("> ").startswith(markup):
        return None, [*problems, Problem(path, first + 1, "fence", "this fence is never closed")]
    if kind not in EXECUTED | SHOWN and markers.not_run is None:
        meant = _MEANT.get(kind.split()[0].lower() if kind.split() else "")
        advice = f"use ```{meant}" if meant else "put `<!-- not run: reason -->` before it if it is only shown"
        known = ", ".join(sorted(EXECUTED | SHOWN))
        shown = f"```{kind}" if kind else "a fence without a language"
        problems.append(Problem(path, first + 1, "fence", f"{shown} is not known ({known}): {advice}"))
        return None, problems
    if markers.redis_conf and kind != "ini":
        problems.append(Problem(path, first + 1, "marker", "`redis.conf` marks an ```ini block only"))
    if markers.varies and kind not in EXECUTED:
        problems.append(Problem(path, first + 1, "marker", f"`varies` means nothing before ```{kind}"))
    if markers.versions is not None and not any(
        (*version, 99) in markers.versions or (*version, 0) in markers.versions for version in COURSE_VERSIONS
    ):
        message = f"`redis: {markers.versions.text}` excludes every version of the course, so the block is never run"
        problems.append(Problem(path, first + 1, "marker", message))
    prefix = lines[first][: lines[first].index(markup)]
    return Block(kind, first + 1, body, markers, prefix), problems


def _comments_above(lines: list[str], first: int) -> tuple[list[tuple[int, str]], list[int]]:
    """The comments on the lines directly above line index `first`, top to bottom, each with its line number."""
    found: list[tuple[int, str]] = []
    used: list[int] = []
    index = first - 1
    while index >= 0 and _ONLY_COMMENTS.fullmatch(_unquoted(lines[index])):
        found[:0] = [(index + 1, text) for text in _COMMENT.findall(lines[index])]
        used.append(index)
        index -= 1
    return found, used


def _unquoted(line: str) -> str:
    return line.strip().removeprefix(">")


def _markers(path: Path, comments: Iterable[tuple[int, str]]) -> tuple[Markers, list[Problem]]:
    varies: list[re.Pattern[str]] = []
    versions: VersionRange | None = None
    server: tuple[tuple[str, str], ...] | None = None
    fresh = redis_conf = False
    not_run: str | None = None
    problems: list[Problem] = []
    for line, text in comments:
        word, colon, value = text.partition(":")
        word, value = word.strip(), value.strip()
        try:
            if word == "varies" and value:
                varies.append(re.compile(value))
            elif word == "redis" and value:
                versions = parse_versions(value)
            elif word == "server" and value:
                server = parse_options(value)
            elif word == "not run" and value:
                not_run = value
            elif word == "fresh" and not colon:
                fresh = True
            elif word == "redis.conf" and not colon:
                redis_conf = True
            else:
                known = "varies: REGEX, redis: VERSION, fresh, server: OPTIONS, not run: REASON, redis.conf"
                raise ValueError(f"`{text}` is not a marker; known are {known}")
        except (ValueError, re.error) as error:
            problems.append(Problem(path, line, "marker", f"{error} (in `{text}`)"))
    return Markers(tuple(varies), versions, fresh, server, not_run, redis_conf), problems


def parse_versions(text: str) -> VersionRange:
    """Read `>=7.4`, `7.0` or `>=7.2, <8`. Raises ValueError with a sentence."""
    terms: list[tuple[str, tuple[int, ...]]] = []
    for part in text.split(","):
        match = _VERSION_TERM.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"`{part.strip()}` is not a version such as 7.0 or >=7.4")
        terms.append((match[1] or "==", tuple(int(number) for number in match[2].split("."))))
    return VersionRange(text, tuple(terms))


def parse_options(text: str) -> tuple[tuple[str, str], ...]:
    """Read `maxmemory 2mb, appendonly yes` into pairs. Raises ValueError with a sentence."""
    options: list[tuple[str, str]] = []
    for part in text.split(","):
        match = _OPTION.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"`{part.strip()}` is not a server option such as `maxmemory 2mb`")
        options.append((match[1], match[2].strip()))
    return tuple(options)


def _swallowed_fences(path: Path, lines: list[str], first: int, end: int) -> list[Problem]:
    message = "this fence is inside an HTML block, so it is neither shown nor run: put a blank line before it"
    return [
        Problem(path, index + 1, "fence", message)
        for index in range(first, end)
        if lines[index].lstrip().startswith(("```", "~~~"))
    ]


def _stray_markers(path: Path, lines: list[str], claimed: set[int], inside: set[int]) -> list[Problem]:
    problems = []
    for index, line in enumerate(lines):
        if index in claimed or index in inside:
            continue
        for text in _COMMENT.findall(_CODE_SPAN.sub("", line)):
            if _LOOKS_LIKE_MARKER.match(text):
                message = f"the marker `{text}` must stand on the line directly before a fence"
                problems.append(Problem(path, index + 1, "marker", message))
    return problems
