"""Promises of the notebook start-here."""

from __future__ import annotations

from redis import Redis

from grader.checks import Answer, broken, exercise
from grader.wire import Wire


@exercise("week1.hello")
def test_greeting_is_stored(answer: Answer, redis: Redis, peek: Redis, wire: Wire) -> None:
    """After hello(r), the key `greeting` holds the text `hello, redis`."""
    answer.hello(redis)
    stored = peek.get("greeting")
    if stored == "hello, redis":
        return
    if not wire.exchanges:
        broken("a SET command", "nothing was sent to Redis", "python-variable")
    broken(
        '"hello, redis" under the key greeting',
        f"{stored!r} is there; keys: {sorted(map(str, peek.keys('*')))}",
    )
