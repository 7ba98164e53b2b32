"""The thread that starts sandboxes. A sandbox dies with the *thread* that started it (that is how the kernel watches
over parents), so it must be one that lives as long as the process: not a worker's thread that is gone in a moment."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, cast

_Job = tuple[Future["subprocess.Popen[bytes]"], Sequence[str], dict[str, Any]]
_lock = threading.Lock()
_jobs: queue.SimpleQueue[_Job] | None = None
_owner = 0


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """`subprocess.Popen` with a parent that stays; a forked child of this process begins with a thread of its own."""
    global _jobs, _owner
    with _lock:
        if _jobs is None or _owner != os.getpid():
            _jobs, _owner = queue.SimpleQueue(), os.getpid()
            threading.Thread(target=_serve, args=(_jobs,), name="sandbox-parent", daemon=True).start()
        jobs = _jobs
    asked: Future[subprocess.Popen[bytes]] = Future()
    jobs.put((asked, command, options))
    return asked.result()


def _serve(jobs: queue.SimpleQueue[_Job]) -> None:
    while True:
        asked, command, options = jobs.get()
        try:
            asked.set_result(cast("subprocess.Popen[bytes]", subprocess.Popen(command, **options)))
        except BaseException as error:
            asked.set_exception(error)
        del asked
