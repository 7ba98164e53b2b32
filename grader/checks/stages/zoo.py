"""The zoo: wrong servers, one misconception each, in ``solutions/wrong_servers/``. They are read here, not run.

A member is a module whose docstring completes the sentence "a server that …", whose `STAGE` is the stage that must
catch it, and whose `spoil()` makes the reference wrong. From ``solutions/``, ``python -m wrong_servers NAME`` runs one.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from grader.checks.stages.catalog import SLUG, Stage

PACKAGE = "wrong_servers"


class ZooError(ValueError):
    """A wrong server does not say what it has to; the message names the file."""


@dataclass(frozen=True, slots=True)
class WrongServer:
    """One member: `name` as it is called, `sentence` completing "a server that …", `stage` that has to catch it."""

    name: str
    sentence: str
    stage: str
    path: Path

    @property
    def module(self) -> tuple[str, str]:
        """What ``python -m`` is given to run it."""
        return PACKAGE, self.name


def zoo(root: Path) -> list[WrongServer]:
    """The members in the course folder `root`, by name; none where there is no zoo.

    Raises:
        ZooError: for a file that says too little.
    """
    folder = root / "solutions" / PACKAGE
    return [_read(path) for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]


def near(root: Path, stage: Stage) -> list[WrongServer]:
    """The members that may explain a failure of `stage`: those it has to catch, and those it names."""
    return [w for w in zoo(root) if w.stage == stage.slug or w.name in stage.misconceptions]


def _read(path: Path) -> WrongServer:
    name = path.stem.replace("_", "-")
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise ZooError(f"{PACKAGE}/{path.name}:{error.lineno}: {error.msg}") from None
    sentence = " ".join((ast.get_docstring(tree) or "").split()).rstrip(".")
    stage = next(
        (
            node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and [t.id for t in node.targets if isinstance(t, ast.Name)] == ["STAGE"]
            and isinstance(node.value, ast.Constant)
        ),
        None,
    )
    if not sentence:
        raise ZooError(f"{PACKAGE}/{path.name} has no docstring that completes the sentence “a server that …”")
    if not isinstance(stage, str) or not SLUG.fullmatch(stage):
        raise ZooError(f'{PACKAGE}/{path.name} has no STAGE = "mini.…": the stage that has to catch it')
    if not any(isinstance(node, ast.FunctionDef) and node.name == "spoil" for node in tree.body):
        raise ZooError(f"{PACKAGE}/{path.name} has no function spoil() that makes the reference wrong")
    return WrongServer(name, sentence, stage, path)
