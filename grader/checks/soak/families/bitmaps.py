"""Bitmaps: strings whose bits are set, read and counted."""

from __future__ import annotations

from grader.checks.soak.work import Step, Work, step

_BITS = 4000


class Bitmaps(Work):
    """What is known of a key is which of its bits are set, and how many bytes it has."""

    family = "bitmaps"

    def _start(self) -> None:
        self._bits: dict[bytes, set[int]] = {key: set() for key in self._keys}
        self._sizes: dict[bytes, int] = dict.fromkeys(self._keys, 0)

    def setbit(self) -> list[Step]:
        key, at, bit = self._key(), self._chance.randrange(_BITS), self._chance.randrange(2)
        bits = self._bits[key]
        old = int(at in bits)
        (bits.add if bit else bits.discard)(at)
        self._sizes[key] = max(self._sizes[key], at // 8 + 1)
        return [step("SETBIT", key, at, bit, gives=old)]

    def getbit(self) -> list[Step]:
        key, at = self._key(), self._chance.randrange(_BITS)
        return [step("GETBIT", key, at, gives=int(at in self._bits[key]))]

    def count(self) -> list[Step]:
        key = self._key()
        return [step("BITCOUNT", key, gives=len(self._bits[key])), step("STRLEN", key, gives=self._sizes[key])]

    def first(self) -> list[Step]:
        key = self._key()
        return [step("BITPOS", key, 1, gives=min(self._bits[key], default=-1))]

    def combine(self) -> list[Step]:
        target = self._key()
        one, two = self._two_keys()
        name = self._chance.choice(("AND", "OR", "XOR"))
        left, right = self._bits[one], self._bits[two]
        size = max(self._sizes[one], self._sizes[two])
        self._bits[target] = {"AND": left & right, "OR": left | right, "XOR": left ^ right}[name]
        self._sizes[target] = size
        return [step("BITOP", name, target, one, two, gives=size)]

    def field(self) -> list[Step]:
        """A byte of the first ten as a number, through BITFIELD."""
        key, at = self._key(), self._chance.randrange(10)
        bits = self._bits[key]
        old = sum(1 << (7 - bit) for bit in range(8) if at * 8 + bit in bits)
        new = self._chance.randrange(256)
        bits.difference_update(range(at * 8, at * 8 + 8))
        bits.update(at * 8 + bit for bit in range(8) if new >> (7 - bit) & 1)
        self._sizes[key] = max(self._sizes[key], at + 1)
        return [step("BITFIELD", key, "SET", "u8", f"#{at}", new, "GET", "u8", f"#{at}", gives=[old, new])]

    def clear(self) -> list[Step]:
        key = self._key()
        if not self._sizes[key]:
            return self.setbit()
        self._bits[key], self._sizes[key] = set(), 0
        return [step("DEL", key, gives=1)]
