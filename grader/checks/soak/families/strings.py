"""Strings: texts that are set, extended and cut, and counters."""

from __future__ import annotations

from grader.checks.soak.work import OK, Step, Work, half, step

_LONGEST = 4000


class Strings(Work):
    """Some keys hold text, the others numbers."""

    family = "strings"

    def _start(self) -> None:
        self._texts: dict[bytes, bytes] = {}
        self._numbers: dict[bytes, int] = {}  # in halves

    def _text_key(self) -> bytes:
        return self._chance.choice(self._keys[:4])

    def _number_key(self) -> bytes:
        return self._chance.choice(self._keys[4:])

    def set(self) -> list[Step]:
        key, text = self._text_key(), self._text()
        self._texts[key] = text
        return [step("SET", key, text, gives=OK)]

    def set_if(self) -> list[Step]:
        key, text = self._text_key(), self._text()
        if self._flip():
            there = key in self._texts
            self._texts.setdefault(key, text)
            return [step("SET", key, text, "NX", gives=None if there else OK)]
        there = key in self._texts
        if there:
            self._texts[key] = text
        return [step("SET", key, text, "XX", gives=OK if there else None)]

    def set_and_get(self) -> list[Step]:
        key, text = self._text_key(), self._text()
        old = self._texts.get(key)
        self._texts[key] = text
        command = ("GETSET", key, text) if self._flip() else ("SET", key, text, "GET")
        return [step(*command, gives=old)]

    def setnx(self) -> list[Step]:
        key, text = self._text_key(), self._text()
        there = key in self._texts
        self._texts.setdefault(key, text)
        return [step("SETNX", key, text, gives=0 if there else 1)]

    def get(self) -> list[Step]:
        key = self._text_key()
        return [step("GET", key, gives=self._texts.get(key))]

    def getdel(self) -> list[Step]:
        key = self._text_key()
        return [step("GETDEL", key, gives=self._texts.pop(key, None))]

    def setex(self) -> list[Step]:
        key, text = self._text_key(), self._text()
        self._texts[key] = text
        return [step("SETEX", key, 1000, text, gives=OK)]

    def mset(self) -> list[Step]:
        one, two = self._chance.sample(self._keys[:4], 2)
        texts = self._text(), self._text()
        self._texts.update(zip((one, two), texts, strict=True))
        return [step("MSET", one, texts[0], two, texts[1], gives=OK)]

    def mget(self) -> list[Step]:
        return [step("MGET", *self._keys[:4], gives=[self._texts.get(key) for key in self._keys[:4]])]

    def strlen(self) -> list[Step]:
        key = self._text_key()
        return [step("STRLEN", key, gives=len(self._texts.get(key, b"")))]

    def append(self) -> list[Step]:
        key, text = self._text_key(), self._text()
        old = self._texts.get(key, b"")
        if len(old) > _LONGEST:
            return self.set()
        self._texts[key] = old + text
        return [step("APPEND", key, text, gives=len(old) + len(text))]

    def setrange(self) -> list[Step]:
        key, offset, text = self._text_key(), self._chance.randrange(200), self._text() or b"x"
        old = self._texts.get(key, b"").ljust(offset, b"\0")
        self._texts[key] = old[:offset] + text + old[offset + len(text) :]
        return [step("SETRANGE", key, offset, text, gives=len(self._texts[key]))]

    def getrange(self) -> list[Step]:
        key, first, last = self._text_key(), self._chance.randrange(20), self._chance.randrange(40)
        return [step("GETRANGE", key, first, last, gives=self._texts.get(key, b"")[first : last + 1])]

    def count(self) -> list[Step]:
        key, halves = self._number_key(), self._numbers
        if halves.get(key, 0) % 2:
            return self.count_by_halves()
        command, by = self._chance.choice((("INCR", 1), ("DECR", -1), ("INCRBY", 17), ("DECRBY", -17)))
        halves[key] = halves.get(key, 0) + 2 * by
        amount = (abs(by),) if command.endswith("BY") else ()
        return [step(command, key, *amount, gives=halves[key] // 2)]

    def count_by_halves(self) -> list[Step]:
        key = self._number_key()
        halves = self._numbers[key] = self._numbers.get(key, 0) + 1
        return [step("INCRBYFLOAT", key, "0.5", gives=half(halves))]
