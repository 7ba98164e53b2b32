"""Hashes: fields set, read, counted and removed."""

from __future__ import annotations

from grader.checks.soak.work import Rule, Step, Work, mapping, step, unordered

_FIELDS = 200  # so many that Redis keeps a full one in another form


class Hashes(Work):
    """What is known of a key is its fields; a hash without any is not there."""

    family = "hashes"

    def _start(self) -> None:
        self._hashes: dict[bytes, dict[bytes, bytes]] = {key: {} for key in self._keys}

    def _some(self) -> tuple[bytes, dict[bytes, bytes]]:
        key = self._key()
        return key, self._hashes[key]

    def set(self) -> list[Step]:
        key, fields = self._some()
        pairs = {word: self._text() for word in self._words(_FIELDS)}
        new = len(pairs.keys() - fields.keys())
        fields.update(pairs)
        return [step("HSET", key, *(part for pair in pairs.items() for part in pair), gives=new)]

    def setnx(self) -> list[Step]:
        key, fields = self._some()
        word, text = self._met(fields, _FIELDS), self._text()
        there = word in fields
        fields.setdefault(word, text)
        return [step("HSETNX", key, word, text, gives=0 if there else 1)]

    def get(self) -> list[Step]:
        key, fields = self._some()
        one, two = self._met(fields, _FIELDS), self._word(_FIELDS)
        return [
            step("HGET", key, one, gives=fields.get(one)),
            step("HMGET", key, one, two, gives=[fields.get(one), fields.get(two)]),
        ]

    def get_all(self) -> list[Step]:
        key, fields = self._some()
        return [step("HGETALL", key, gives=mapping(fields))]

    def ask(self) -> list[Step]:
        key, fields = self._some()
        word = self._met(fields, _FIELDS)
        return [
            step("HEXISTS", key, word, gives=int(word in fields)),
            step("HSTRLEN", key, word, gives=len(fields.get(word, b""))),
            step("HLEN", key, gives=len(fields)),
        ]

    def names(self) -> list[Step]:
        key, fields = self._some()
        return [step("HKEYS", key, gives=unordered(fields)), step("HVALS", key, gives=unordered(fields.values()))]

    def delete(self) -> list[Step]:
        key, fields = self._some()
        words = self._words(_FIELDS)
        gone = sum(fields.pop(word, None) is not None for word in words)
        return [step("HDEL", key, *words, gives=gone)]

    def empty(self) -> list[Step]:
        key, fields = self._some()
        if not fields:
            return self.set()
        words, count = list(fields), len(fields)
        fields.clear()
        return [step("HDEL", key, *words, gives=count), step("EXISTS", key, gives=0)]

    def count(self) -> list[Step]:
        key, fields = self._some()
        total = int(fields.get(b"n", b"0")) + 3
        fields[b"n"] = b"%d" % total
        return [step("HINCRBY", key, "n", 3, gives=total)]

    def random(self) -> list[Step]:
        key, fields = self._some()
        if not fields:
            return [step("HRANDFIELD", key, gives=None)]
        now = frozenset(fields)
        return [step("HRANDFIELD", key, gives=Rule("a field", lambda reply: reply in now))]

    def scan(self) -> list[Step]:
        key, fields = self._some()
        now = sorted(fields)
        everything = Rule("all in one step", lambda reply: reply[0] == b"0" and sorted(set(reply[1][::2])) == now)
        return [step("HSCAN", key, 0, "COUNT", 10_000, gives=everything)]
