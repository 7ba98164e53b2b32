"""The house of miniredis: what may import what, and what a learner needs to run it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "solutions" / "miniredis"
MODULES = sorted(PACKAGE.rglob("*.py"))
# Taken when it is there, never needed.
OPTIONAL = {"hiredis"}


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """What a module imports, and whether it does so on its top level."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", id(node) in top


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_module_needs_nothing_but_python_and_its_own_house(path: Path) -> None:
    """So the learner's server runs wherever Python does, and never leans on the grader."""
    for name, on_top in imports(path):
        root = name.partition(".")[0]
        assert root == "miniredis" or root in sys.stdlib_module_names or (root in OPTIONAL and not on_top), name


def test_values_and_pure_modules_know_nothing_of_the_server() -> None:
    """What a key can hold can be read, and tried, without a socket or a keyspace."""
    for path in (PACKAGE / "values").glob("*.py"):
        for name, _ in imports(path):
            assert not name.startswith(("miniredis.server", "miniredis.connection", "miniredis.store")), (
                path.name,
                name,
            )


def test_no_module_is_longer_than_an_afternoon() -> None:
    """A family that outgrows its module gets a second room."""
    lengths = {p.relative_to(PACKAGE).as_posix(): len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > 600} == {}
