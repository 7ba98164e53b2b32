"""The child process behind a lesson's python blocks: reads a request a line, runs it, answers in JSON.

Started by `grader.authoring.sessions.PythonSession` as `python -m grader.authoring.python_session HOST PORT`.
A process of its own, because lesson code may loop or block, and only a process can be ended with certainty.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import sys
import time
import traceback
from typing import Any

import redis


def main(host: str, port: int) -> None:
    """Answer requests from standard input until it ends. Standard output carries the answers only."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def new_client() -> redis.Redis:
        # What a learner gets who types this: redis-py's own defaults, RESP3 among them.
        return redis.Redis(host=host, port=port, decode_responses=True)

    names: dict[str, Any] = {
        "__name__": "__lesson__",
        "redis": redis,
        "socket": socket,
        "time": time,
        "server_address": (host, port),
        "r": new_client(),
        "_new_client": new_client,
    }
    for line in sys.stdin:
        request = json.loads(line)
        output, exception = run(request["source"], request["interactive"], names)
        answers.write(json.dumps({"output": output, "exception": exception}) + "\n")
        answers.flush()


def run(source: str, interactive: bool, names: dict[str, Any]) -> tuple[str, str | None]:
    """Run `source` in `names`; what it printed, and the exception as the last line of a traceback (or None).

    Interactive source shows the value of an expression, as the `>>>` prompt does.
    """
    printed = io.StringIO()
    exception: str | None = None
    sys.stdin = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            code = compile(source, "<lesson>", "single" if interactive else "exec", dont_inherit=True)
            exec(code, names)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            exception = "".join(traceback.format_exception_only(error)).rstrip("\n")
    return printed.getvalue(), exception


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
