"""Sets: members added and removed, sets combined."""

from __future__ import annotations

from grader.checks.soak.work import Rule, Step, Work, step, unordered

_MEMBERS = 600  # so many that Redis keeps a full one in another form


class Sets(Work):
    """What is known of a key is its members; a set without any is not there."""

    family = "sets"

    def _start(self) -> None:
        self._sets: dict[bytes, set[bytes]] = {key: set() for key in self._keys}

    def _some(self) -> tuple[bytes, set[bytes]]:
        key = self._key()
        return key, self._sets[key]

    def add(self) -> list[Step]:
        key, members = self._some()
        # Sometimes only numbers: Redis keeps such a set in another form.
        words = self._words(_MEMBERS) if self._flip() else [b"%d" % self._chance.randrange(_MEMBERS)]
        new = len(set(words) - members)
        members.update(words)
        return [step("SADD", key, *words, gives=new)]

    def remove(self) -> list[Step]:
        key, members = self._some()
        words = self._chance.sample(sorted(members), min(len(members), 3)) if self._flip() else self._words(_MEMBERS)
        gone = len(members & set(words))
        members.difference_update(words)
        return [step("SREM", key, *(words or [b"w"]), gives=gone)]

    def is_member(self) -> list[Step]:
        key, members = self._some()
        one, two = self._met(members, _MEMBERS), self._word(_MEMBERS)
        return [
            step("SISMEMBER", key, one, gives=int(one in members)),
            step("SMISMEMBER", key, one, two, gives=[int(one in members), int(two in members)]),
        ]

    def members(self) -> list[Step]:
        key, members = self._some()
        return [step("SMEMBERS", key, gives=unordered(members)), step("SCARD", key, gives=len(members))]

    def random(self) -> list[Step]:
        key, members = self._some()
        if not members:
            return [step("SRANDMEMBER", key, gives=None)]
        now = frozenset(members)
        return [step("SRANDMEMBER", key, gives=Rule("a member", lambda reply: reply in now))]

    def pop_all(self) -> list[Step]:
        key, members = self._some()
        all_of, self._sets[key] = members, set()
        return [step("SPOP", key, 10_000, gives=unordered(all_of))]

    def move(self) -> list[Step]:
        one, two = self._two_keys()
        word = self._met(self._sets[one], _MEMBERS)
        there = word in self._sets[one]
        if there:
            self._sets[one].discard(word)
            self._sets[two].add(word)
        return [step("SMOVE", one, two, word, gives=int(there))]

    def combine(self) -> list[Step]:
        one, two = self._two_keys()
        name = self._chance.choice(("SINTER", "SUNION", "SDIFF"))
        return [step(name, one, two, gives=unordered(self._combined(name, one, two)))]

    def combine_into(self) -> list[Step]:
        target = self._key()
        one, two = self._two_keys()
        name = self._chance.choice(("SINTER", "SDIFF"))
        self._sets[target] = self._combined(name, one, two)
        return [step(f"{name}STORE", target, one, two, gives=len(self._sets[target]))]

    def _combined(self, name: str, one: bytes, two: bytes) -> set[bytes]:
        left, right = self._sets[one], self._sets[two]
        return {"SINTER": left & right, "SUNION": left | right, "SDIFF": left - right}[name]

    def scan(self) -> list[Step]:
        key, members = self._some()
        now = sorted(members)
        everything = Rule("all in one step", lambda reply: reply[0] == b"0" and sorted(set(reply[1])) == now)
        return [step("SSCAN", key, 0, "COUNT", 10_000, gives=everything)]
