"""``from grader.notebook import faults``: break the connection at an exact command, on a private Redis.

    r = faults.client()
    faults.cut(match="LREM", when="after")
    work_one(r)                     # redis.ConnectionError, as if the machine had lost its network there
    faults.show()                   # the transcript, with the place of the cut

`faults.everywhere(actor, setup=…, then=…)` lets a piece of code die at each of its commands in turn. Nothing here
touches the learner's own Redis. The engine, and what each fault means, is in `grader.wire.faults`.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from typing import Any

import redis

from grader.notebook.fault_card import FaultCard
from grader.notebook.races import private_server
from grader.wire.faults import End, Fault, FaultFound, Faults
from grader.wire.race.timeline import state_of
from grader.wire.transcript import Cost

__all__ = [
    "clear", "client", "cut", "delay", "drip", "everywhere", "fresh", "hang", "refuse", "reset", "show",
]  # fmt: skip

_mine: Faults | None = None
_owner: tuple[int, str] = 0, ""


def _faults() -> Faults:
    """This kernel's faults, on its private Redis as it is."""
    if _mine is None or _owner[0] != os.getpid():
        return fresh()
    return _mine


def fresh() -> Faults:
    """Begin anew: an empty private Redis, no faults, a blank transcript."""
    global _mine, _owner
    server = private_server()
    if _mine is not None:
        _mine.close()
        atexit.unregister(_mine.close)
    _mine, _owner = Faults(server.url), (os.getpid(), server.url)
    atexit.register(_mine.close)
    return _mine


def client(name: str = "", **options: Any) -> redis.Redis:
    """A client whose connection can break. The private Redis is emptied and faults are cleared first.

    Give a second client a `name`: then nothing is emptied, and the transcript shows a column each.
    """
    return (_faults() if name else fresh()).client(name, **options)


def cut(at: int | None = None, match: Any = None, when: Any = "before", **options: Any) -> Fault:
    """Cut the connection at the `at`-th command from now, or at the first that matches: before it arrives, after it
    ran (its reply is lost), or in the middle of its reply (``"mid-reply"``)."""
    return _faults().cut(at, match, when, **options)


def reset(at: int | None = None, match: Any = None, when: Any = "before", **options: Any) -> Fault:
    """Like `cut`, with a TCP reset where there is TCP."""
    return _faults().reset(at, match, when, **options)


def hang(at: int | None = None, match: Any = None, when: Any = "before", **options: Any) -> Fault:
    """Let nothing through any more, without closing."""
    return _faults().hang(at, match, when, **options)


def delay(seconds: float, jitter: float = 0.0, **options: Any) -> Fault:
    """Let everything take `seconds` longer, each way."""
    return _faults().delay(seconds, jitter, **options)


def drip(chunk: int = 1, bytes_per_second: float | None = None, **options: Any) -> Fault:
    """Pass bytes on in pieces of at most `chunk`."""
    return _faults().drip(chunk, bytes_per_second, **options)


def refuse(**options: Any) -> Fault:
    """Refuse new connections."""
    return _faults().refuse(**options)


def clear() -> None:
    """Heal everything."""
    _faults().clear()


def show() -> FaultCard:
    """What was sent since `client()`, and where it broke."""
    faults = _faults()
    return FaultCard(_said(faults), [str(each) for each in faults.log], left=state_of(faults.redis))


def everywhere(
    actor: Callable[[redis.Redis], object],
    *,
    setup: Callable[[redis.Redis], object] | None = None,
    then: Callable[[End], object],
    **options: Any,
) -> FaultCard:
    """Let `actor` die at each of its commands in turn, before and after, and ask `then` what is left.

    Args:
        actor: called with a client; what it raises when the connection breaks ends it.
        setup: prepares the empty Redis before every run.
        then: what must hold afterwards, given an `End`: ``end.redis``, ``end.result``, ``end.error``, ``end.fault``.
            It breaks by returning False or a sentence, or by an `assert`.

    Returns:
        A card: in how many runs it held, or the first that broke it.
    """
    faults = fresh()
    try:
        runs = faults.everywhere(actor, setup=setup, then=then, **options)
    except FaultFound as found:
        why = str(found.cause) or "what must always hold does not"
        return FaultCard(_said(faults), [found.fault], why=why, left=state_of(faults.redis))
    return FaultCard(Cost(), [], runs=runs)


def _said(faults: Faults) -> Cost:
    proxy = faults.proxy
    return Cost(None, list(proxy.exchanges), proxy.bytes_sent, proxy.bytes_received)
