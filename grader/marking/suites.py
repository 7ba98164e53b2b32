"""Run one of the suites for a whole server (`grader.checks.suites`) on a server, in this process."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from grader import checks
from grader.checks.suites import SERVER
from grader.servers import Server

FOLDER = Path(checks.__file__).parent / "suites"
_CASE = re.compile(r"\[(.+)\]$")


@dataclass(frozen=True, slots=True)
class Kept:
    """One promise of a suite and what became of it.

    Attributes:
        name: of the test.
        promise: what it says, a sentence.
        status: "kept", "broken", "skipped", or "error" when the suite could not be read.
        happened: what went wrong, or why it was skipped; "" for a kept one.
        seconds: how long it took.
    """

    name: str
    promise: str
    status: Literal["kept", "broken", "skipped", "error"]
    happened: str
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


def suites() -> list[str]:
    """Their names."""
    return sorted(path.stem.removeprefix("test_") for path in FOLDER.glob("test_*.py"))


def run_suite(name: str, server: Server, *, seconds: float, tell: Callable[[Kept], None]) -> list[Kept]:
    """Try every promise of the suite `name` on `server`.

    Args:
        name: one of `suites()`.
        server: what is tried; keys of the suite's own come and go there.
        seconds: how long the stability suite soaks it.
        tell: called with each promise when it is decided.
    """
    listener = _Listener(server, tell)
    arguments = [
        str(FOLDER / f"test_{name}.py"),
        f"--rootdir={FOLDER}", f"--confcutdir={FOLDER}", "-c", os.devnull, "--import-mode=importlib",
        f"--soak-seconds={seconds}",
        "--disable-plugin-autoload", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:faulthandler",
    ]  # fmt: skip
    # What an outer pytest, or the surroundings, have to say is not meant for this one.
    kept = {name: os.environ.pop(name) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS") if name in os.environ}
    current = os.environ.get("PYTEST_CURRENT_TEST")
    try:
        status = pytest.main(arguments, plugins=[listener])
    finally:
        os.environ.update(kept)
        if current is not None:
            os.environ["PYTEST_CURRENT_TEST"] = current
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return listener.found


class _Listener:
    """The pytest plugin: hands over the server, and hears what became of each promise."""

    def __init__(self, server: Server, tell: Callable[[Kept], None]) -> None:
        self.found: list[Kept] = []
        self._server = server
        self._tell = tell
        self._promises: dict[str, str] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[SERVER] = self._server

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            self._promises[item.nodeid] = _promise(item)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._add(Kept(report.nodeid, "The suite can be read.", "error", str(report.longrepr), 0.0))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "call" or not report.passed:
            self._add(
                Kept(item.name, self._promises[item.nodeid], _status(report), _happened(call, report), report.duration)
            )
        return report

    def _add(self, kept: Kept) -> None:
        self.found.append(kept)
        self._tell(kept)


def _promise(item: pytest.Item) -> str:
    """The first paragraph of the test's docstring; a parametrised one ends with its case."""
    text = " ".join((getattr(getattr(item, "obj", None), "__doc__", "") or item.name).split())
    case = _CASE.search(item.name)
    return f"{text}: {case[1]}." if case else text


def _status(report: pytest.TestReport) -> Literal["kept", "broken", "skipped", "error"]:
    if report.passed:
        return "kept"
    return "skipped" if report.skipped else "broken"


def _happened(call: pytest.CallInfo[None], report: pytest.TestReport) -> str:
    """What went wrong in a few words: of an assertion its first lines, of an error what it says."""
    if call.excinfo is None or report.passed:
        return ""
    error = call.excinfo.value
    if isinstance(error, pytest.skip.Exception):
        return str(error.msg)
    if isinstance(error, AssertionError):
        lines = str(error).splitlines() or ["something that had to hold did not"]
        return " ".join(line.strip() for line in lines[:2])
    return f"{type(error).__name__}: {error}"
