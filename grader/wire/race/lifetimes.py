"""When keys end by a clock that is not the server's.

In a race nobody waits: whoever sleeps only moves the stage's clock (`grader.wire.race.stage`). A key that would have
ended meanwhile has to be gone, although for the server hardly any time has passed.
"""

from __future__ import annotations

from typing import Any

import redis

from grader.wire.race.footprint import Command


class Lifetimes:
    """When keys end by the stage's clock, which the server does not know.

    Nothing in Redis is changed for it (a new expiry would disturb who watches the key): it is noted at which moment of
    the stage an expiry was set, and how much time was left then.
    """

    _RELATIVE = frozenset(b"SET SETEX PSETEX EXPIRE PEXPIRE GETEX EVAL EVALSHA FCALL EXEC RESTORE".split())
    _ABSOLUTE = frozenset({b"EXAT", b"PXAT", b"EXPIREAT", b"PEXPIREAT"})

    def __init__(self, control: redis.Redis) -> None:
        self._control = control
        self._seen: dict[bytes, tuple[int, float, float]] = {}

    @property
    def any(self) -> bool:
        """Whether any key with an end was seen."""
        return bool(self._seen)

    def _keys(self) -> list[bytes]:
        keys: Any = self._control.keys("*")
        return sorted(key.encode("utf-8", "surrogateescape") for key in keys)

    def over(self, moment: float, now: float) -> list[bytes]:
        """The keys that end between `now` and `moment`, seconds of the stage's clock."""
        ended = []
        for key in self._keys():
            known = self._look(key, now)
            if known is not None and known[1] + known[2] <= moment:
                ended.append(key)
        return ended

    def note(self, commands: list[Command], now: float) -> None:
        """Take note of expiries that `commands` have just set, even to the same moment as before."""
        words = {word.upper() for command in commands for word in command}
        if not words & (self._RELATIVE | self._ABSOLUTE):
            return
        named = {word for command in commands for word in command[1:]}
        for key in self._keys():
            if key in named:
                self._seen.pop(key, None)
            # A moment that was computed with the stage's clock lies that much further away for the server.
            self._look(key, 0.0 if words & self._ABSOLUTE and key in named else now)

    def _look(self, key: bytes, now: float) -> tuple[int, float, float] | None:
        at: Any = self._control.pexpiretime(key)  # type: ignore[arg-type]
        if at < 0:
            self._seen.pop(key, None)
            return None
        known = self._seen.get(key)
        if known is None or known[0] != at:
            left: Any = self._control.pttl(key)
            known = self._seen[key] = (at, now, left / 1000)
        return known
