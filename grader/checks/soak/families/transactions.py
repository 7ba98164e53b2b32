"""Transactions: all or nothing, and nothing when somebody came between."""

from __future__ import annotations

from grader.checks.soak.work import OK, Step, Work, refused, step

_QUEUED = b"QUEUED"


class Transactions(Work):
    """Counters that change only within MULTI and EXEC."""

    family = "transactions"

    def _start(self) -> None:
        self._counts: dict[bytes, int] = {}

    def _increased(self, key: bytes) -> int:
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]

    def _held(self, key: bytes) -> bytes | None:
        return b"%d" % self._counts[key] if key in self._counts else None

    def execute(self) -> list[Step]:
        one, two = self._two_keys()
        return [
            step("MULTI", gives=OK),
            step("INCR", one, gives=_QUEUED),
            step("INCR", two, gives=_QUEUED),
            step("GET", one, gives=_QUEUED),
            step("EXEC", gives=[self._increased(one), self._increased(two), self._held(one)]),
        ]

    def discard(self) -> list[Step]:
        key = self._key()
        return [
            step("MULTI", gives=OK),
            step("INCR", key, gives=_QUEUED),
            step("DISCARD", gives=OK),
            step("GET", key, gives=self._held(key)),
        ]

    def watch(self) -> list[Step]:
        key = self._key()
        return [
            step("WATCH", key, gives=OK),
            step("MULTI", gives=OK),
            step("INCR", key, gives=_QUEUED),
            step("EXEC", gives=[self._increased(key)]),
        ]

    def watch_in_vain(self) -> list[Step]:
        key = self._key()
        return [
            step("WATCH", key, gives=OK),
            step("INCR", key, gives=self._increased(key)),
            step("MULTI", gives=OK),
            step("INCR", key, gives=_QUEUED),
            step("EXEC", gives=None),
            step("GET", key, gives=self._held(key)),
        ]

    def spoil(self) -> list[Step]:
        key = self._key()
        return [
            step("MULTI", gives=OK),
            step("INCR", key, gives=_QUEUED),
            step("INCR", gives=refused()),
            step("EXEC", gives=refused("EXECABORT")),
            step("GET", key, gives=self._held(key)),
        ]
