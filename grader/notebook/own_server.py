"""A notebook's way to the learner's own server: ``my_server()``, ``compare(…)``, and what ``check("mini.…")`` runs.

The servers belong to the kernel and end with it. The checks use a pair of their own, a learner's server that is started
anew when a file of it has changed and a real Redis: the keys of ``my_server()`` are not touched by them.
"""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import Any

import redis

from grader.checks.stages.catalog import Stage, UnknownStageError
from grader.checks.stages.catalog import stages as catalog
from grader.marking.own_server import OwnServer
from grader.marking.place import NotInCourseError, course_folder
from grader.marking.stages import StageOutcome, StageRun, check_own, name_it
from grader.notebook.consequences import settle
from grader.notebook.progress import Progress
from grader.notebook.quiet import Quiet
from grader.notebook.stage_card import StageCard
from grader.notebook.stage_map import StageMap
from grader.servers import ServerError
from grader.servers.miniredis import MiniServer
from grader.servers.process import Option


def stages() -> StageMap:
    """The map of your Redis: what is done, what is next, what is borrowed or locked."""
    folder = _folder()
    return StageMap(catalog(), Progress(folder).read(), OwnServer(folder).standing())


class MyServer:
    """Your own Redis, running beside this notebook. `port` is its port on 127.0.0.1."""

    def __init__(self, server: MiniServer) -> None:
        self._server = server

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return self._server.port

    @property
    def url(self) -> str:
        """``redis://127.0.0.1:PORT/0``."""
        return self._server.url

    @property
    def pid(self) -> int | None:
        """The process; None when it has ended."""
        return self._server.pid

    @property
    def directory(self) -> Path:
        """The folder it writes its files to."""
        return self._server.directory

    def client(self, **options: Any) -> redis.Redis:
        """A redis-py client of it, with text in replies; ``%%wire`` sees what it sends."""
        from grader.notebook.wire import kernel_wire

        client = self._server.client(**options)
        kernel_wire().watch(client, str(options.get("client_name", "")), self._server)
        return client

    def restart(self) -> None:
        """End it and start it again, on the same port and folder: for your newest code.

        Raises:
            Quiet: with one sentence and the line of your file, when it does not come back.
        """
        try:
            self._server.restart()
        except ServerError as error:
            raise Quiet(str(error)) from None

    def stop(self) -> None:
        """SIGTERM: let it end as it should."""
        self._server.stop()

    def kill(self) -> None:
        """SIGKILL: end it as a power failure would."""
        self._server.kill()

    def log(self) -> str:
        """What it has printed since it was started."""
        return self._server.log()

    def __repr__(self) -> str:
        if self._server.running:
            return f"Your Redis answers at 127.0.0.1:{self.port}."
        return str(self._server.crash() or "Your Redis has been stopped; `restart()` brings it back.")


_mine: tuple[MyServer, MiniServer, dict[str, Option]] | None = None


def my_server(**config: Option) -> MyServer:
    """Your own Redis, started in the background; it ends with this notebook.

    Asked again, it is started anew with your newest code, on the same port and with the same files.

    Args:
        config: options of redis.conf with underscores for dashes: ``appendonly=True``, ``maxmemory="2mb"``.

    Raises:
        Quiet: with one sentence and the line of your file, when it does not start.
    """
    global _mine
    try:
        if _mine is not None and _mine[2] == config:
            _mine[1].restart()
            return _mine[0]
        if _mine is not None:
            _mine[1].close()
            _mine = None
        server = MiniServer(_folder() / "notebooks", config=config)
    except ServerError as error:
        raise Quiet(str(error)) from None
    atexit.register(server.close)
    _mine = MyServer(server), server, dict(config)
    return _mine[0]


class _Desk:
    """The pair of servers that checks and comparisons of this kernel use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = StageRun(folder / "notebooks")
        self._stamps: dict[Path, tuple[int, int]] = {}
        atexit.register(self.run.close)

    def fresh(self) -> StageRun:
        """The pair; the learner's server has the files as they are now."""
        now = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in OwnServer(self.folder).folder.rglob("*.py")}
        if now != self._stamps:
            self.run.fresh()
            self._stamps = now
        return self.run


_desk: _Desk | None = None


def desk() -> _Desk:
    """This kernel's pair of servers."""
    global _desk
    folder = _folder()
    if _desk is None or _desk.folder != folder:
        _desk = _Desk(folder)
    return _desk


def check_stage(slug: str) -> StageCard:
    """Check a stage of the learner's server; its card.

    Raises:
        Quiet: for an unknown stage, or when there is no real Redis to compare with.
    """
    stage = find_stage(slug)
    here = desk()
    try:
        run = here.fresh()
        outcome = check_own(run, here.folder, stage)
        if outcome.status == "wrong":
            name_it(run, here.folder, stage, outcome)
    except ServerError as error:
        raise Quiet(f"The check needs a Redis and has none: {error}") from None
    hints = _remember(here.folder, stage, outcome)
    behind = [s for s in catalog().open if s not in [*catalog().before(stage), stage]]
    return StageCard(stage, outcome, hints, behind[0] if behind else None)


def find_stage(slug: str) -> Stage:
    """The stage called `slug`.

    Raises:
        Quiet: with the nearest names.
    """
    try:
        return catalog()[slug]
    except UnknownStageError as unknown:
        raise Quiet(str(unknown)) from None


def _remember(folder: Path, stage: Stage, outcome: StageOutcome) -> int:
    """Count the try; how many hints were shown."""
    known = Progress(folder)
    if outcome.status in {"done", "wrong"}:
        hints = known.tried(stage.slug, outcome.status == "done").hints
        if outcome.status == "done":
            settle(folder, known)
        return hints
    entry = known.read().get(stage.slug)
    return entry.hints if entry else 0


def _folder() -> Path:
    try:
        return course_folder()
    except NotInCourseError as error:
        raise Quiet(str(error)) from None
