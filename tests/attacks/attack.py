"""What an attack is, and how its submission is built from the released notebooks.

`tests/attacks/collection/` holds the attacks; `test_attacks.py` marks them with the course's marker, `stock.py` runs
the same notebooks through nbgrader, `table.py` writes what came of both to docs/attacks.md.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from grader.authoring.exercises import read_sources
from grader.checks import catalog
from grader.marking.intake import read_archive, read_folder, read_repository
from grader.marking.submission import Submission

ROOT = Path(__file__).resolve().parents[2]
# Stands in the names of all files and processes that an attack leaves, so that what it left can be looked for.
TOKEN = "planted-by-an-attack"
# A place that the attacks know and that a marker has no business to let them into: a gradebook, a neighbour's work,
# a course key. Its path is written into the attacks' code; each process that runs tests has its own.
_NAME = f"course-attack-treasure-{os.getpid()}"
TREASURE = Path(os.environ.setdefault("COURSE_ATTACK_TREASURE", f"{tempfile.gettempdir()}/{_NAME}"))
TARGET = "week1.page-views"
BESIDE = "week1.bulk-read"
ELSEWHERE = "week2.friends"
NOTEBOOK = "week1/02-strings-and-counters.ipynb"

Notebook = dict[str, Any]
Files = dict[str, bytes]


@dataclass(frozen=True)
class Attack:
    """A hostile or broken submission and what should come of it.

    `tries` and `success` are sentences for the table. `cells` holds answers by slug, `edits` changes the notebooks
    as data, `extra` are files beside them (path below ``notebooks/``), `replace` whole files. `door` does what it
    likes with the folder that is handed in (a repository, if it makes one); `packed` makes an archive of the files
    instead.

    `plain` holds answers for a notebook of ordinary asserts (cells by name); None where the attack has no meaning
    there. `deserves` are the honest points of a stock run: (with `check()`, with asserts). `alone` attacks may
    reach others or the machine: stock runs each of them by itself. `stock` false: it has no meaning for a notebook
    in nbgrader's hands.

    `later` is a second submission, marked behind the first: an accomplice's, or a victim's (`later_expect` says
    what that one gets). `expect` says what our marker gives, slug by slug: "solved", "lost" (not solved, not an
    error), or "any"; with `bystanders` also the right answers beside it. `hangs` says that it runs into a deadline.
    `honest` marks mistakes, not attacks: nothing may be lost. `hole` says in a few words what our marker lets happen,
    for those that it does not withstand.
    """

    name: str
    family: str
    tries: str
    success: str
    cells: Mapping[str, str] = field(default_factory=dict)
    plain: Mapping[str, str] | None = field(default_factory=dict)
    edits: Callable[[Notebook], None] | None = None
    extra: Mapping[str, bytes] = field(default_factory=dict)
    replace: Mapping[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    later: Mapping[str, str] | None = None
    later_expect: Mapping[str, str] = field(default_factory=lambda: {TARGET: "lost"})
    expect: Mapping[str, str] = field(default_factory=dict)
    deserves: tuple[float, float] = (2.0, 1.0)
    alone: bool = False
    stock: bool = True
    honest: bool = False
    learner: str = "mallory"
    hole: str = ""
    bystanders: bool = True
    hangs: bool = False
    door: Callable[[Path], None] | None = None
    packed: Callable[[Files], bytes] | None = None

    def arrived(self, folder: Path) -> Submission:
        """The submission as it comes in by intake; `folder` does not exist yet, and may be filled."""
        if self.packed is not None:
            return read_archive(self.packed(self.files()), self.learner, catalog())
        if self.door is None:
            return Submission(self.learner, self.files())
        for name, data in self.files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self.door(folder)
        if (folder / ".git").exists():
            return read_repository(folder, "HEAD", self.learner, catalog())
        return read_folder(folder, self.learner, catalog())

    def expected(self) -> dict[str, str]:
        """slug -> what our marker should give."""
        found = dict.fromkeys(self.cells, "lost")
        if self.bystanders:
            found |= {BESIDE: "solved"} | ({ELSEWHERE: "solved"} if self.alone else {})
        return found | dict(self.expect)

    def files(self) -> Files:
        """The submission."""
        return build(self.cells, self.edits, self.extra, self.replace)

    def later_files(self) -> Files:
        """The accomplice's submission."""
        return build(self.later or {}, None, {}, {}, helpful=False)

    def plain_files(self) -> Files:
        """The same attack on the notebook of ordinary asserts; ``plain.ipynb`` and what lies beside it."""
        from tests.attacks.plain import filled

        chosen = self.plain or {PLAIN_NAMES[s]: text for s, text in self.cells.items() if s in PLAIN_NAMES}
        files = {"plain.ipynb": filled({"read_many": RIGHT[BESIDE], **chosen}, self.edits)}
        for name, change in self.replace.items():
            if name.endswith("02-strings-and-counters.ipynb"):
                files["plain.ipynb"] = change(files["plain.ipynb"])
        return {**files, **{k.removeprefix("week1/"): v for k, v in self.extra.items()}}


PLAIN_NAMES = {
    "week1.page-views": "page_view",
    "week1.bulk-read": "read_many",
    "week1.claim-username": "claim",
    "week1.latency-percentiles": "percentiles",
    "week1.encode-command": "encode",
}

ATTACKS: dict[str, Attack] = {}


def attack(
    name: str,
    family: str,
    tries: str,
    success: str = "points for a wrong answer",
    code: str | Mapping[str, str] = "",
    plain: str | Mapping[str, str] | None = "",
    **more: Any,
) -> None:
    """Put an attack into the collection; `code` alone is the cell of `TARGET`, and the same in the plain notebook."""
    if name in ATTACKS:
        raise ValueError(f"two attacks are called {name}")
    cells = {TARGET: _code(code)} if isinstance(code, str) and code else dict(_mapped(code))
    asserts = None if plain is None else {"page_view": _code(plain)} if isinstance(plain, str) and plain else {}
    if isinstance(plain, Mapping):
        asserts = {k: _code(v) for k, v in plain.items()}
    ATTACKS[name] = Attack(name, family, tries, success, cells, asserts, **more)


def _mapped(code: str | Mapping[str, str]) -> dict[str, str]:
    return {k: _code(v) for k, v in code.items()} if isinstance(code, Mapping) else {}


def _code(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


def build(
    cells: Mapping[str, str],
    edits: Callable[[Notebook], None] | None = None,
    extra: Mapping[str, bytes] | None = None,
    replace: Mapping[str, Callable[[bytes], bytes]] | None = None,
    helpful: bool = True,
) -> Files:
    """A submission: the released notebooks that `cells` touches, filled in; the bystanders' answers are right.

    Args:
        cells: answers by slug.
        edits: changes the notebook of `TARGET` as data.
        extra: files beside the notebooks.
        replace: path -> a function from the bytes that would be there to those that are.
        helpful: whether the answers beside and elsewhere are there.
    """
    bystanders = {BESIDE: RIGHT[BESIDE], ELSEWHERE: RIGHT[ELSEWHERE]} if helpful else {TARGET: STARTER}
    answers = {**bystanders, **cells}
    exercises = catalog()
    notebooks: dict[str, Notebook] = {}
    for slug, text in answers.items():
        path = f"{exercises[slug].notebook}.ipynb"
        notebook = notebooks.setdefault(path, released(path))
        cell_of(notebook, exercises[slug].cell_id)["source"] = text
    if edits is not None:
        edits(notebooks[f"{exercises[TARGET].notebook}.ipynb"])
    files = {path: as_bytes(notebook) for path, notebook in notebooks.items()} | dict(extra or {})
    for path, change in (replace or {}).items():
        files[path] = change(files.get(path, b""))
    return files


def as_bytes(notebook: Notebook) -> bytes:
    """A notebook as a file; half a surrogate pair is written as the escape that JSON has for it."""
    return json.dumps(notebook).encode()


def released(path: str) -> Notebook:
    """The notebook of the release, ``week1/02-….ipynb``, as fresh data."""
    notebook: Notebook = json.loads((ROOT / "notebooks" / path).read_bytes())
    return notebook


def cell_of(notebook: Notebook, cell_id: str) -> dict[str, Any]:
    """The cell with this id."""
    found: dict[str, Any] = next(c for c in notebook["cells"] if c["id"] == cell_id)
    return found


def own_cell(text: str, cell_id: str = "mine") -> dict[str, Any]:
    """A code cell that a learner added."""
    return {
        "cell_type": "code",
        "id": cell_id,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": _code(text),
    }


@cache
def solution(slug: str) -> str:
    """The model answer."""
    text = read_sources(ROOT, catalog(), [catalog()[slug]])[slug].solution
    return re.sub(r"^\s*### (BEGIN|END) SOLUTION\n?", "", text, flags=re.M)


class _Right(dict[str, str]):
    def __missing__(self, slug: str) -> str:
        return solution(slug)


RIGHT: Mapping[str, str] = _Right()
STARTER = "def page_view(r, page):\n    raise NotImplementedError"
SOLVED = 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")\n'


def collection() -> dict[str, Attack]:
    """All attacks, by name, in the order of their families."""
    import importlib

    for family in FAMILIES:
        importlib.import_module(f"tests.attacks.collection.{family}")
    return ATTACKS


# They take as long as all others together.
HEAVY = {"exhausting", "attacking_redis", "arriving"}

FAMILIES = {
    "forging": "Forging the judgement",
    "protocol": "Speaking for the worker",
    "lying": "Values that lie",
    "peeking": "Looking where the answers are",
    "writing": "Writing where others read",
    "shadowing": "Files that are picked up",
    "exhausting": "Taking the machine",
    "attacking_redis": "Attacking Redis",
    "gaming": "Satisfying the check without the task",
    "presenting": "Attacks on who reads the result",
    "arriving": "Folders, archives and repositories",
    "breaking": "Broken, by accident or design",
    "mistaken": "Honest mistakes",
}
