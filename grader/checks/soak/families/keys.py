"""Keys, whatever they hold: their names, their types and their ends."""

from __future__ import annotations

import time

from grader.checks.soak.work import OK, Rule, Step, Work, anything, between, step

_FORGIVEN = 0.1  # seconds that a key may live longer than it was told to
_HOUR = 3600


class Keys(Work):
    """Strings that come and go. What is known of a key is its text and whether it has an end, an hour from now."""

    family = "keys"

    def _start(self) -> None:
        self._texts: dict[bytes, bytes] = {}
        self._ending: set[bytes] = set()
        self._count = 0
        self._fading: dict[bytes, float] = {}  # set, but the reply has not come yet: seconds to live
        self._faded: dict[bytes, float] = {}  # when each is surely gone

    def _settle(self, now: float) -> None:
        self._faded.update((key, now + seconds + _FORGIVEN) for key, seconds in self._fading.items())
        self._fading.clear()

    def _drop(self, key: bytes) -> bool:
        self._ending.discard(key)
        return self._texts.pop(key, None) is not None

    def set(self) -> list[Step]:
        key, text = self._key(), self._text()
        self._drop(key)
        self._texts[key] = text
        return [step("SET", key, text, gives=OK)]

    def delete(self) -> list[Step]:
        one, two = self._two_keys()
        gone = self._drop(one) + self._drop(two)
        return [step("DEL" if self._flip() else "UNLINK", one, two, gives=gone)]

    def exists(self) -> list[Step]:
        one, two = self._two_keys()
        there = (one in self._texts) + (two in self._texts)
        return [step("EXISTS" if self._flip() else "TOUCH", one, two, gives=there)]

    def type(self) -> list[Step]:
        key = self._key()
        return [step("TYPE", key, gives=b"string" if key in self._texts else b"none")]

    def rename(self) -> list[Step]:
        one, two = self._two_keys()
        if one not in self._texts:
            return self.set()
        self._drop(two)
        self._texts[two] = self._texts[one]
        if one in self._ending:
            self._ending.add(two)
        self._drop(one)
        return [step("RENAME", one, two, gives=OK), step("GET", two, gives=self._texts[two])]

    def copy(self) -> list[Step]:
        one, two = self._two_keys()
        if one not in self._texts:
            return self.set()
        self._drop(two)
        self._texts[two] = self._texts[one]
        if one in self._ending:
            self._ending.add(two)
        return [step("COPY", one, two, "REPLACE", gives=1), step("GET", two, gives=self._texts[two])]

    def expire(self) -> list[Step]:
        key = self._key()
        there = key in self._texts
        if there:
            self._ending.add(key)
        command = ("EXPIRE", key, _HOUR) if self._flip() else ("PEXPIRE", key, _HOUR * 1000)
        return [step(*command, gives=int(there))]

    def expire_now(self) -> list[Step]:
        key = self._key()
        there = self._drop(key)
        return [step("EXPIRE", key, -1, gives=int(there)), step("EXISTS", key, gives=0)]

    def persist(self) -> list[Step]:
        key = self._key()
        had = key in self._ending
        self._ending.discard(key)
        return [step("PERSIST", key, gives=int(had))]

    def ttl(self) -> list[Step]:
        key = self._key()
        if key in self._ending:
            return [step("TTL", key, gives=between(_HOUR - 1000, _HOUR))]
        return [step("TTL", key, gives=-1 if key in self._texts else -2)]

    def fade(self) -> list[Step]:
        """Set a key for some milliseconds."""
        self._count += 1
        key, milliseconds = b"%b:%d" % (self._keys[0], self._count), self._chance.randint(20, 200)
        self._fading[key] = milliseconds / 1000
        return [step("SET", key, self._text(), "PX", milliseconds, gives=OK)]

    def faded(self) -> list[Step]:
        """Look for keys whose time has surely come; in a soak shorter than they live there are none."""
        now = time.monotonic()
        gone = [key for key, when in self._faded.items() if when < now][:5]
        for key in gone:
            del self._faded[key]
        return [step("GET", key, gives=None) for key in gone] or self.fade()

    def scan(self) -> list[Step]:
        pair = Rule("a cursor and an array of keys", lambda reply: int(reply[0]) >= 0 and isinstance(reply[1], list))
        return [step("SCAN", 0, "COUNT", 20, gives=pair), step("RANDOMKEY", gives=anything())]
