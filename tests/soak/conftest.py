"""Servers that are wrong in a way of the test's choosing."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from grader.servers.miniredis import MiniServer, miniredis

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "solutions"
_MAIN = """
import runpy, sys
sys.modules.pop("miniredis", None)
sys.path.insert(0, {reference!r})
import miniredis.commands
from miniredis.commands.table import COMMANDS
from miniredis.resp import CommandError

def not_built(stage, *names):
    def handler(client, args):
        raise NotImplementedError(stage)
    for name in names:
        COMMANDS[name].handler = handler

{spoil}
runpy.run_module("miniredis", run_name="__main__")
"""


def write_spoiled(home: Path, spoil: str, name: str = "spoiled") -> None:
    """Write a package `name` into `home` that runs the reference after the statements `spoil`."""
    package = home / name
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(_MAIN.format(reference=str(REFERENCE), spoil=textwrap.dedent(spoil)))


@pytest.fixture
def spoiled(tmp_path: Path) -> Iterator[Callable[[str], MiniServer]]:
    """Starts the reference after some statements that make it wrong."""
    with ExitStack() as stack:

        def start(spoil: str) -> MiniServer:
            write_spoiled(tmp_path, spoil)
            return stack.enter_context(miniredis(tmp_path, module=("spoiled",)))

        yield start


@pytest.fixture
def reference() -> Iterator[MiniServer]:
    """The course's own server."""
    with miniredis(REFERENCE) as server:
        yield server
