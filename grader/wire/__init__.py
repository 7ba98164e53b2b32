"""The instrumented connection: what a client sends and gets, what it costs, and a place to step in between.

Checks reach it as the `wire` fixture, notebooks as the transcript shown beside a wrong answer.
"""

from grader.wire.proxy import Event, Proxy
from grader.wire.recorder import Wire
from grader.wire.redis_cli import format_command, format_reply, split_line
from grader.wire.transcript import Cost, Exchange

__all__ = ["Cost", "Event", "Exchange", "Proxy", "Wire", "format_command", "format_reply", "split_line"]
