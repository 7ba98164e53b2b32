"""Lists: pushed and popped at both ends, looked into, cut and moved."""

from __future__ import annotations

from grader.checks.soak.work import OK, Step, Work, step

_LONGEST = 150
_WORDS = 20  # so few that a list holds some of them twice


class Lists(Work):
    """What is known of a key is its items; a list without any is not there."""

    family = "lists"

    def _start(self) -> None:
        self._lists: dict[bytes, list[bytes]] = {key: [] for key in self._keys}

    def _some(self) -> tuple[bytes, list[bytes]]:
        key = self._key()
        return key, self._lists[key]

    def push(self) -> list[Step]:
        key, items = self._some()
        if len(items) > _LONGEST:
            return self.trim()
        added = [self._text(), *self._words(_WORDS)]
        if self._flip():
            items += added
            return [step("RPUSH", key, *added, gives=len(items))]
        items[:0] = reversed(added)
        return [step("LPUSH", key, *added, gives=len(items))]

    def pushx(self) -> list[Step]:
        key, items = self._some()
        word = self._word(_WORDS)
        at_the_end = self._flip()
        if items:
            items.insert(len(items) if at_the_end else 0, word)
        return [step("RPUSHX" if at_the_end else "LPUSHX", key, word, gives=len(items))]

    def pop(self) -> list[Step]:
        key, items = self._some()
        if self._flip():
            return [step("LPOP", key, gives=items.pop(0) if items else None)]
        return [step("RPOP", key, gives=items.pop() if items else None)]

    def pop_some(self) -> list[Step]:
        key, items = self._some()
        gone, items[:3] = items[:3], []
        return [step("LPOP", key, 3, gives=gone or None)]

    def pop_waiting(self) -> list[Step]:
        """Where there is something, nobody has to wait."""
        key, items = self._some()
        if not items:
            return self.push()
        if self._flip():
            return [step("BLPOP", key, 1, gives=[key, items.pop(0)])]
        return [step("BRPOP", key, 1, gives=[key, items.pop()])]

    def range(self) -> list[Step]:
        key, items = self._some()
        first, last = self._chance.randrange(10), self._chance.randrange(-5, 100)
        return [step("LRANGE", key, first, last, gives=items[first:] if last == -1 else items[first : last + 1])]

    def length(self) -> list[Step]:
        key, items = self._some()
        return [step("LLEN", key, gives=len(items))]

    def index(self) -> list[Step]:
        key, items = self._some()
        at = self._chance.randrange(-8, 8)
        there = -len(items) <= at < len(items)
        return [step("LINDEX", key, at, gives=items[at] if there else None)]

    def set(self) -> list[Step]:
        key, items = self._some()
        if not items:
            return self.push()
        at, text = self._chance.randrange(-len(items), len(items)), self._text()
        items[at] = text
        return [step("LSET", key, at, text, gives=OK)]

    def insert(self) -> list[Step]:
        key, items = self._some()
        pivot, word = self._word(_WORDS), self._word(_WORDS)
        if pivot not in items:
            return [step("LINSERT", key, "BEFORE", pivot, word, gives=-1 if items else 0)]
        items.insert(items.index(pivot), word)
        return [step("LINSERT", key, "BEFORE", pivot, word, gives=len(items))]

    def remove(self) -> list[Step]:
        key, items = self._some()
        word = self._word(_WORDS)
        kept = [item for item in items if item != word]
        gone, items[:] = len(items) - len(kept), kept
        return [step("LREM", key, 0, word, gives=gone)]

    def trim(self) -> list[Step]:
        key, items = self._some()
        del items[20:]
        return [step("LTRIM", key, 0, 19, gives=OK)]

    def move(self) -> list[Step]:
        one, two = self._two_keys()
        if not self._lists[one]:
            return [step("LMOVE", one, two, "LEFT", "RIGHT", gives=None)]
        if len(self._lists[two]) > _LONGEST:
            return self.trim()
        item = self._lists[one].pop(0)
        self._lists[two].append(item)
        return [step("LMOVE", one, two, "LEFT", "RIGHT", gives=item)]

    def turn(self) -> list[Step]:
        """Move the first item to the end of the same list."""
        key, items = self._some()
        items[:] = [*items[1:], *items[:1]]
        return [step("LMOVE", key, key, "LEFT", "RIGHT", gives=items[-1] if items else None)]

    def position(self) -> list[Step]:
        key, items = self._some()
        word = self._word(_WORDS)
        return [step("LPOS", key, word, gives=items.index(word) if word in items else None)]
