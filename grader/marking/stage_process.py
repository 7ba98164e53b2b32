"""The process in which a stranger's server is asked: it connects to it and believes nothing of what it answers.

`grader.marking.stage_marks` starts it, sees how long it takes, how much it writes, and ends it where it must: an answer
without end costs this process its time or memory, and a stage its green, not the marking run its life. It runs nothing
of the learner's; the server under test and the real Redis each run in a sandbox.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from redis import RedisError

from grader.checks.stages.catalog import Stage, stages
from grader.marking.intake.limits import MEGABYTE
from grader.marking.printable import shortened
from grader.marking.sandbox import choose
from grader.marking.sandbox.servers import REDIS_LIMITS, enclosure_for_learners_server, redis_in_sandbox
from grader.marking.stages import Effort, StageOutcome, StageRun
from grader.servers import Binary, LocalServer, ServerError
from grader.servers import miniredis as theirs

# What this machine refuses its own processes says nothing of a server.
_OURS = frozenset({errno.EACCES, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EPERM})

_LONGEST_NOTE, _LONGEST_TEXT = 8_000, 60_000  # characters

# A check announces a bulk of 512 MB, for which Redis makes room before the first byte is there, and some to spare.
_REDIS_LIMITS = replace(REDIS_LIMITS, memory=1536 * MEGABYTE)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be checked: the stages `slugs`, each with its seed, of the server in `home`.

    `sandbox` is the kind that holds both servers; `scratch` the folder for all that is written; `memory` the bytes of
    address space and `file` the bytes of one file that this process may have; `effort` as for `StageRun`.
    """

    slugs: tuple[str, ...]
    seeds: tuple[int, ...]
    home: Path
    sandbox: str
    scratch: Path
    memory: int
    file: int
    effort: Effort


class _EndedError(BaseException):
    """This process is to end. Not SystemExit: Hypothesis would take that for something a script has shown."""


def serve(channel: Connection, order: Order) -> None:
    """Check what `order` asks for; say each `StageOutcome` into `channel`, before them the version of the real Redis.

    In place of the version comes a sentence in a list when there is no Redis to compare with.
    """
    signal.signal(signal.SIGTERM, _leave)
    with contextlib.suppress(_EndedError):
        _serve(channel, order)


def _serve(channel: Connection, order: Order) -> None:
    os.environ["TMPDIR"] = str(order.scratch)
    tempfile.tempdir = None
    sandbox = choose(order.sandbox)
    _limit(order)
    real: list[LocalServer] = []

    @contextlib.contextmanager
    def redis(binary: Binary) -> Iterator[LocalServer]:
        with contextlib.closing(redis_in_sandbox(sandbox, binary, limits=_REDIS_LIMITS)) as server:
            real.append(server)
            yield server

    run = StageRun(order.home, enclosed=lambda: enclosure_for_learners_server(sandbox, order.home), redis=redis)
    with contextlib.closing(run):
        try:
            channel.send((".".join(map(str, run.real.version)), run.note()))
        except (ServerError, OSError) as error:
            channel.send([str(error)])
            return
        for slug, seed in zip(order.slugs, order.seeds, strict=True):
            outcome = _checked(run, real, stages()[slug], order.effort, seed)
            outcome.result = None  # it stays here
            # What a server said is in it: whoever keeps and shows it cannot be filled with that.
            outcome.note = shortened(outcome.note, _LONGEST_NOTE)
            outcome.text = shortened(outcome.text, _LONGEST_TEXT)
            channel.send(outcome)


def _checked(run: StageRun, real: list[LocalServer], stage: Stage, effort: Effort, seed: int) -> StageOutcome:
    try:
        outcome = run.check(stage, Effort(effort.scripts, effort.seconds, effort.shrink_seconds, effort.timeout, seed))
    except Exception as error:
        # Not every check foresees every answer.
        by_server = _is_the_servers(error, real)
        told = f"{type(error).__name__}: {error}"[:500]
        run.fresh()
        run.put_back()
    else:
        if outcome.status != "wrong" or _answers(real[-1]):
            return outcome
        run.fresh()
        return StageOutcome(stage.slug, stage.title, "error", "The Redis to compare with died of this check.")
    if by_server:
        return StageOutcome(stage.slug, stage.title, "wrong", f"What it answers cannot be understood ({told}).")
    return StageOutcome(stage.slug, stage.title, "error", f"The check failed ({told}).")


def _is_the_servers(error: Exception, real: list[LocalServer]) -> bool:
    """Whether the server under test is to blame for what stopped a check. Nobody is while the real Redis is gone."""
    if isinstance(error, ServerError):
        raised = traceback.extract_tb(error.__traceback__)[-1].filename
        return raised == theirs.__file__
    if isinstance(error, OSError) and error.errno in _OURS:
        return False
    return _answers(real[-1])


def _answers(real: LocalServer) -> bool:
    try:
        return bool(real.running and real.client().ping())
    except (RedisError, OSError, ServerError):
        return False


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Unwind, so that both servers are ended in order."""
    raise _EndedError


def _limit(order: Order) -> None:
    if sys.platform == "win32":
        return
    import resource

    for kind, wanted in ((resource.RLIMIT_AS, order.memory), (resource.RLIMIT_FSIZE, order.file)):
        _, most = resource.getrlimit(kind)
        resource.setrlimit(kind, (wanted, most) if most == resource.RLIM_INFINITY or most >= wanted else (most, most))
