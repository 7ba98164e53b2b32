"""The process that is JupyterLab: `grader.notebook.lab` starts it, and it cannot outlive whoever did.

Standard input is a pipe whose only write end is held by `course learn`. However that one ends, SIGKILL included, the
pipe ends with it; then JupyterLab is asked to stop as by a SIGTERM, which ends its kernels and terminals in order.
A pipe, because Linux's "signal me when my parent dies" does not exist on macOS, and asking for the parent's pid again
and again is late and can be wrong.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

ORDERLY_SECONDS = 10.0
"""A kernel that does not listen is killed by JupyterLab after five seconds; the rest is for writing files."""


def main() -> None:
    """Run JupyterLab with this process's arguments, until it is told to stop or its owner is gone."""
    threading.Thread(target=_end_with_the_owner, daemon=True).start()
    from jupyterlab.labapp import main as jupyterlab  # type: ignore[import-untyped]

    sys.exit(jupyterlab())


def _end_with_the_owner() -> None:
    while os.read(0, 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORDERLY_SECONDS)  # this thread ends with the process, at the latest here
    # Our own session: kernels are in others, and end by themselves when they see that this process is gone.
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
