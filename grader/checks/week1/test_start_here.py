"""Promises of the notebook start-here: one key, stored in another process.

The first check a learner ever sees, so every way to miss it that we know of gets its own sentence.
"""

from __future__ import annotations

from redis import ConnectionError, Redis

from grader.checks import Answer, broken, exercise
from grader.checks.verdict import show
from grader.servers import Server
from grader.wire import Wire

_KEY, _TEXT = "greeting", "hello, redis"


@exercise("week1.hello")
class TestHello:
    def test_stored(self, answer: Answer, redis: Redis, wire: Wire, server: Server) -> None:
        """After hello(r), the key `greeting` holds the text `hello, redis`."""
        returned = answer.hello(redis)
        try:
            held = _what_is_stored(server)
        except ConnectionError:
            broken(
                f"Redis runs on, and `{_KEY}` holds `{_TEXT}`", f"{', '.join(wire.names)} was sent, and Redis is gone"
            )
        stored = held.get(_KEY)
        if stored == _TEXT:
            return
        wanted = f"`{_KEY}` holds `{_TEXT}`"
        if not wire.exchanges:
            if returned is None:
                broken(wanted, "nothing was sent to Redis", "python-variable")
            broken(wanted, f"hello(r) returned {show(returned)}, and nothing was sent to Redis", "returned")
        if stored is not None:
            quoted = stored.strip("\"'`") == _TEXT
            broken(wanted, f"`{_KEY}` holds {show(stored)}", "quotes-are-part" if quoted else None)
        if _KEY in held:
            broken(wanted, f"`{_KEY}` holds no text but another type of value")
        if _TEXT in held:
            broken(wanted, f"the key is {show(_TEXT)}, and no key is called `{_KEY}`", "swapped")
        if held:
            found = ", ".join(show(key, 40) for key in list(held)[:5])
            broken(wanted, f"no key is called `{_KEY}`; there is {found}", "other-key")
        broken(wanted, f"{', '.join(wire.names)} was sent, and Redis holds no key")


def _what_is_stored(server: Server) -> dict[str, str | None]:
    """Every key with its text; None for a value of another type. Any bytes can be shown: escaped where not UTF-8."""
    client = server.client(decode_responses=False)
    try:
        keys = sorted(client.scan_iter(count=1000))
        texts = {key: client.get(key) if client.type(key) == b"string" else None for key in keys}
    finally:
        client.close()
    return {_readable(key): None if text is None else _readable(text) for key, text in texts.items()}


def _readable(data: bytes | str) -> str:
    return data if isinstance(data, str) else data.decode("utf-8", "backslashreplace")
