"""Every link of the course leads somewhere, and every exercise it names exists. Called by `course lint`.

Read are the lessons, the pages at the root and the Markdown of the source notebooks. A source notebook's links
are followed from where its reader stands, the generated notebook. Outside addresses are judged by their form:
no request is made.
"""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.authoring.problems import Problem

ROOT_PAGES = ("README.md", "syllabus.md", "CONTRIBUTING.md")

_SLUG = re.compile(r"(?<![\w./-])week\d+\.[a-z][a-z0-9-]*+(?![\w/(]|\.\w)")
_FILE_ENDINGS = frozenset({"md", "py", "yml", "yaml", "ipynb", "json"})
_HTML_TARGET = re.compile(r"<(?:a|img)\b[^>]*?\b(?:href|src)\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_HTML_ANCHOR = re.compile(r"<[a-z][^>]*?\b(?:id|name)\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)
_UNDEFINED = re.compile(r"\[([^\[\]]+)\]\[([^\[\]]*)\]")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


@dataclass(frozen=True)
class _Found:
    """A link target, a piece of code or an undefined reference, and the line it is on."""

    line: int
    what: str
    text: str


def linked_pages(root: Path) -> list[Path]:
    """The Markdown files whose links are checked, in the course folder `root`."""
    pages = [root / name for name in ROOT_PAGES if (root / name).is_file()]
    pages += sorted((root / "modules").glob("**/*.md"))
    pages += sorted((root / "solutions").glob("**/*.md"))
    return pages


def check_links(root: Path, slugs: Collection[str], paths: Iterable[Path] | None = None) -> list[Problem]:
    """Follow the links of `paths` (by default `linked_pages(root)`); what leads nowhere, in order.

    `slugs` are the exercises that exist: a slug such as `week1.page-views` as a link's text or in code must be
    one of them. Raises OSError for a page that cannot be read.
    """
    root = root.resolve()
    pages = linked_pages(root) if paths is None else [path.resolve() for path in paths]
    anchors: dict[Path, frozenset[str]] = {}
    problems: list[Problem] = []
    for page in pages:
        for found in _read(page.read_text(encoding="utf-8")):
            if found.what == "target":
                said = _target_problem(root, page, found.text, anchors)
                if said is not None:
                    problems.append(Problem(page, found.line, "link", said))
            elif found.what == "undefined":
                message = f"`{found.text}` refers to a link definition that does not exist"
                problems.append(Problem(page, found.line, "link", message))
            else:
                problems += [
                    Problem(page, found.line, "slug", f"there is no exercise `{slug}`")
                    for slug in named_slugs(found.text)
                    if slug not in slugs
                ]
    return problems


def named_slugs(text: str) -> list[str]:
    """The exercise slugs that `text` names, in order; a file name such as `week1.py` is none."""
    return [slug for slug in _SLUG.findall(text) if slug.partition(".")[2] not in _FILE_ENDINGS]


def _read(text: str) -> Iterator[_Found]:
    for token in _tokens(text):
        if token.map is None:
            continue
        line = token.map[0] + 1
        if token.type == "inline":
            yield from _read_inline(token, line)
        elif token.type == "html_block":
            for offset, content in enumerate(token.content.split("\n")):
                for target in _HTML_TARGET.findall(content):
                    yield _Found(line + offset, "target", html.unescape(target))
        elif token.type in {"fence", "code_block"}:
            first = line + (token.type == "fence")
            for offset, content in enumerate(token.content.split("\n")):
                yield _Found(first + offset, "code", content)


def _read_inline(token: Token, line: int) -> Iterator[_Found]:
    depth = 0
    for child in token.children or ():
        if child.type in {"softbreak", "hardbreak"}:
            line += 1
        elif child.type == "link_open":
            depth += 1
            yield _Found(line, "target", str(child.attrs["href"]))
        elif child.type == "link_close":
            depth -= 1
        elif child.type == "image":
            yield _Found(line, "target", str(child.attrs["src"]))
        elif child.type == "html_inline":
            for target in _HTML_TARGET.findall(child.content):
                yield _Found(line, "target", html.unescape(target))
        elif child.type == "code_inline" or (child.type == "text" and depth):
            yield _Found(line, "code", child.content)
        elif child.type == "text":
            for match in _UNDEFINED.finditer(child.content):
                yield _Found(line, "undefined", match[0])


def _tokens(text: str) -> list[Token]:
    # The front matter of a source notebook is no Markdown; its lines stay, empty, so that numbers are right.
    text = _FRONT_MATTER.sub(lambda match: "\n" * match[0].count("\n"), text)
    return MarkdownIt("commonmark").enable("table").parse(text)


def _target_problem(root: Path, page: Path, target: str, anchors: dict[Path, frozenset[str]]) -> str | None:
    try:
        parts = urlsplit(target)
    except ValueError as error:
        return f"`{target}` is not an address: {error}"
    if parts.scheme or target.startswith("//"):
        return _outside_problem(target, parts.scheme, parts.hostname)
    if not target:
        return "a link without a target"
    if parts.path.startswith("/"):
        return f"`{target}` begins with a slash: write it relative to this page"
    here = _reader_place(root, page)
    goal = (here.parent / unquote(parts.path)).resolve() if parts.path else here
    if not goal.is_relative_to(root):
        return f"`{target}` leads out of the course folder"
    source = page if goal == here else _source_of(root, goal)
    if not goal.exists() and not source.is_file():
        return f"`{target}` leads to {goal.relative_to(root)}, which does not exist"
    if not parts.fragment:
        return None
    read = source if source.is_file() else goal
    if read not in anchors:
        anchors[read] = _anchors_of(read)
    if unquote(parts.fragment) not in anchors[read]:
        return f"`{target}`: {goal.relative_to(root)} has no heading or anchor `#{unquote(parts.fragment)}`"
    return None


def _outside_problem(target: str, scheme: str, host: str | None) -> str | None:
    if scheme == "mailto":
        return None
    if scheme == "http" and host in {"localhost", "127.0.0.1"}:
        return None
    if scheme != "https":
        return f"`{target}`: outside links begin with https://"
    if not _HOST.fullmatch(host or ""):
        return f"`{target}` is not a whole address"
    return None


def _reader_place(root: Path, page: Path) -> Path:
    """Where the links of `page` start: a source notebook is read as the notebook generated from it."""
    if page.is_relative_to(root / "solutions"):
        return (root / "notebooks" / page.relative_to(root / "solutions")).with_suffix(".ipynb")
    return page


def _source_of(root: Path, goal: Path) -> Path:
    """The hand-written source of a generated notebook; any other file is its own."""
    if goal.suffix == ".ipynb" and goal.is_relative_to(root / "notebooks"):
        return (root / "solutions" / goal.relative_to(root / "notebooks")).with_suffix(".md")
    return goal


def _anchors_of(path: Path) -> frozenset[str]:
    """The fragments a link to `path` may have; those of a notebook also as Jupyter writes them."""
    if path.suffix not in {".md", ".ipynb"}:
        return frozenset()
    text = path.read_text(encoding="utf-8")
    notebook = path.suffix == ".ipynb"
    if notebook:
        cells = json.loads(text).get("cells", [])
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell.get("cell_type") == "markdown")
    headings = list(_headings(text))
    found = set(github_slugs(headings)) | set(_HTML_ANCHOR.findall(text))
    if notebook or "solutions" in path.parts:
        found |= {heading.replace(" ", "-") for heading in headings}
    return frozenset(found)


def _headings(text: str) -> Iterator[str]:
    tokens = _tokens(text)
    for opening, inline in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            children = inline.children or ()
            yield "".join(c.content for c in children if c.type in {"text", "code_inline"})


def github_slugs(headings: Iterable[str]) -> list[str]:
    """The anchor GitHub gives each heading of a page: lower case, punctuation gone, blanks as hyphens.

    A heading that comes again gets -1, -2 and so on.
    """
    taken: dict[str, int] = {}
    slugs: list[str] = []
    for heading in headings:
        plain = _NOT_IN_SLUG.sub("", heading.strip().lower()).replace(" ", "-")
        slug = plain
        while slug in taken:
            taken[plain] += 1
            slug = f"{plain}-{taken[plain]}"
        taken[slug] = 0
        slugs.append(slug)
    return slugs
