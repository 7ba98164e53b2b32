"""A process that marks submissions, one after another, in its main thread: started by `grader.cohort.jobs`, which talks
to it over a socket. Ends when the other end of the socket is gone, however that went.

A request is a line of JSON and, where it says so, that many bytes; every answer is a line of JSON:
``{"result": …}`` for each exercise as it comes, ``{"marks": …}`` at the end, ``{"failed": "…"}`` when the marker broke.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from grader.checks import catalog
from grader.checks.stages.catalog import stages
from grader.cohort.kept import course_version
from grader.cohort.task import Batch, unpack
from grader.marking.marker import Marker
from grader.marking.marks import Marks
from grader.marking.receipts import are_stages
from grader.marking.result import ExerciseResult
from grader.marking.sandbox import asked_for
from grader.marking.stage_marks import grade_stages
from grader.marking.submission import Submission

_GRACE = 5.0
_HUNG_UP = select.POLLHUP | getattr(select, "POLLRDHUP", 0)


def main(descriptor: int) -> None:
    """Serve the socket `descriptor` until it is closed."""
    channel = socket.socket(fileno=descriptor)
    os.set_inheritable(descriptor, False)
    _die_before_the_parent()
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_watch, args=(descriptor,), daemon=True).start()
    with channel.makefile("rwb") as stream:
        first = stream.readline()
        if not first:
            return
        about = json.loads(first)
        batch = Batch.of(about, stream.read(about["size"]))
        held = asked_for(batch.sandbox or None)
        with tempfile.TemporaryDirectory(prefix="course-release-") as folder:
            _lay_out(unpack(batch.release), Path(folder))
            with Marker(
                catalog(), key=batch.key, sandbox=held, release=Path(folder), partial_credit=batch.partial
            ) as marker:
                _serve(stream, marker, batch.key)


def _serve(stream: Any, marker: Marker, key: bytes) -> None:
    _say(stream, {"ready": course_version()})
    while line := stream.readline():
        request = json.loads(line)
        submission = unpack(stream.read(request["size"]))
        try:
            marks = _marked(submission, request["slugs"], marker, key, lambda result: _tell(stream, result))
        except Exception as error:
            traceback.print_exc()
            _say(stream, {"failed": f"{type(error).__name__}: {error}"})
        else:
            marks.course = course_version()
            _say(stream, {"marks": marks.to_dict()})


def _marked(
    submission: Submission, slugs: list[str], marker: Marker, key: bytes, tell: Callable[[ExerciseResult], None]
) -> Marks:
    if are_stages(slugs):
        return grade_stages(submission, [stages()[s] for s in slugs], marker.sandbox, key=key, on_result=tell)
    return marker.mark(submission, [catalog()[s] for s in slugs], tell)


def _lay_out(release: Submission, folder: Path) -> None:
    """The marker reads the course's own notebooks from a folder."""
    for name, data in release.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _tell(stream: Any, result: ExerciseResult) -> None:
    _say(stream, {"result": result.to_dict()})


def _say(stream: Any, data: dict[str, Any]) -> None:
    stream.write(json.dumps(data).encode("ascii") + b"\n")
    stream.flush()


def _die_before_the_parent() -> None:
    """When memory runs out, let it be this process and not the one that writes the gradebook."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _watch(descriptor: int) -> None:
    """End this process when the other end has gone, also in the middle of a submission."""
    poll = select.poll()
    poll.register(descriptor, _HUNG_UP)
    while not any(event & (_HUNG_UP | select.POLLNVAL) for _, event in poll.poll()):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(1)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        main(int(sys.argv[1]))
