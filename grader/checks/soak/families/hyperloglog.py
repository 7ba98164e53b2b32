"""HyperLogLog: counts that are nearly right."""

from __future__ import annotations

from grader.checks.soak.work import OK, Step, Work, anything, between, step

# One key becomes large and so dense; the others stay sparse, where a server may take long for many.
_MOST_DENSE, _MOST_SPARSE = 5000, 200
_ERROR = 0.05  # six times the standard error: that an honest server goes beyond it is not to be seen


class HyperLogLogs(Work):
    """What is known of a key is what was added."""

    family = "hyperloglog"
    share = 1  # thousands of registers for one reply: in Python it takes as long as a hundred commands of the others

    def _start(self) -> None:
        self._seen: dict[bytes, set[int]] = {key: set() for key in self._keys}

    def add(self) -> list[Step]:
        key = self._key()
        is_large = key == self._keys[0]
        if len(self._seen[key]) > (_MOST_DENSE if is_large else _MOST_SPARSE):
            self._seen[key] = set()
            return [step("DEL", key, gives=1)]
        numbers = [self._chance.randrange(10**9) for _ in range(50 if is_large else self._chance.randint(1, 9))]
        self._seen[key].update(numbers)
        return [step("PFADD", key, *numbers, gives=anything())]

    def add_again(self) -> list[Step]:
        key = self._key()
        if not self._seen[key]:
            return self.add()
        return [step("PFADD", key, next(iter(self._seen[key])), gives=0)]

    def count(self) -> list[Step]:
        one, two = self._two_keys()
        return [
            step("PFCOUNT", one, gives=_about(self._seen[one])),
            step("PFCOUNT", one, two, gives=_about(self._seen[one] | self._seen[two])),
        ]

    def merge(self) -> list[Step]:
        one, two = self._two_keys()
        if two == self._keys[0]:
            one, two = two, one  # a dense one makes dense what it is merged into
        if len(self._seen[one] | self._seen[two]) > (_MOST_DENSE if one == self._keys[0] else _MOST_SPARSE):
            return self.add()
        self._seen[one] |= self._seen[two]
        return [step("PFMERGE", one, two, gives=OK), step("PFCOUNT", one, gives=_about(self._seen[one]))]


def _about(seen: set[int]) -> object:
    wrong = max(2.0, _ERROR * len(seen)) if seen else 0.0
    return between(len(seen) - wrong, len(seen) + wrong)
