"""Commands as a person would type them, for checks that compare a prediction with what the server says."""

from __future__ import annotations

from typing import Any

from grader.wire import split_line


def run_line(client: Any, line: str) -> Any:
    """Send one command, typed as in redis-cli, and return redis-py's reply.

    Args:
        client: a redis-py client; its `execute_command` has no types, hence Any.
        line: for example ``"RPUSH k a b"``.

    Raises:
        ValueError: when the line cannot be read.
        redis.ResponseError: when the command is refused.
    """
    name, *words = split_line(line)
    # redis-py shapes replies by the command's name, and knows it as text only.
    return client.execute_command(name.decode("utf-8", "replace"), *words)


def run_lines(client: Any, lines: str) -> Any:
    """Send commands that semicolons separate, and return the reply to the last; else as `run_line`."""
    reply: Any = None
    for line in lines.split(";"):
        reply = run_line(client, line)
    return reply
