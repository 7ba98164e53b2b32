"""Streams: entries appended, read, trimmed, and handed out to a group."""

from __future__ import annotations

from grader.checks.soak.work import OK, Rule, Step, Work, step

_LONGEST = 100
_GROUP = "workers"


class Streams(Work):
    """What is known of a key is its entries, and of those which its group has read but not acknowledged."""

    family = "streams"

    def _start(self) -> None:
        self._entries: dict[bytes, list[tuple[bytes, bytes]]] = {key: [] for key in self._keys}
        self._last: dict[bytes, int] = dict.fromkeys(self._keys, 0)
        self._read: dict[bytes, int] = {}  # of keys that have a group: the last id it was given
        self._pending: dict[bytes, set[bytes]] = {}

    def _some(self) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        key = self._key()
        return key, self._entries[key]

    def add(self) -> list[Step]:
        key, entries = self._some()
        if len(entries) > _LONGEST:
            return self.trim()
        self._last[key] += self._chance.randint(1, 3)
        name, text = b"%d-0" % self._last[key], self._text()
        entries.append((name, text))
        return [step("XADD", key, name, "text", text, gives=name)]

    def add_too_late(self) -> list[Step]:
        key, _ = self._some()
        if not self._last[key]:
            return self.add()
        late = Rule("an error about the ID", lambda reply: "equal or smaller" in str(reply))
        return [step("XADD", key, b"%d-0" % self._last[key], "text", "late", gives=late)]

    def length(self) -> list[Step]:
        key, entries = self._some()
        return [step("XLEN", key, gives=len(entries))]

    def range(self) -> list[Step]:
        key, entries = self._some()
        if self._flip():
            return [step("XRANGE", key, "-", "+", "COUNT", 10, gives=_shown(entries[:10]))]
        return [step("XREVRANGE", key, "+", "-", "COUNT", 5, gives=_shown(entries[::-1][:5]))]

    def read(self) -> list[Step]:
        key, entries = self._some()
        behind = entries[len(entries) // 2 :][:7]
        if not behind:
            return self.add()
        before = int(behind[0][0].partition(b"-")[0]) - 1
        return [step("XREAD", "COUNT", 7, "STREAMS", key, f"{before}-0", gives=_from(key, behind))]

    def delete(self) -> list[Step]:
        key, entries = self._some()
        if not entries:
            return self.add()
        name, _ = entries.pop(self._chance.randrange(len(entries)))
        return [step("XDEL", key, name, gives=1)]

    def trim(self) -> list[Step]:
        key, entries = self._some()
        gone = max(len(entries) - 20, 0)
        del entries[:gone]
        return [step("XTRIM", key, "MAXLEN", 20, gives=gone)]

    def group(self) -> list[Step]:
        """Make the group, or hand it what is new."""
        key, entries = self._some()
        if key not in self._read:
            if not self._last[key]:
                return self.add()
            self._read[key], self._pending[key] = 0, set()
            return [step("XGROUP", "CREATE", key, _GROUP, "0", gives=OK)]
        new = [(name, text) for name, text in entries if int(name.partition(b"-")[0]) > self._read[key]][:8]
        if new:
            self._read[key] = int(new[-1][0].partition(b"-")[0])
            self._pending[key].update(name for name, _ in new)
        asked = ("XREADGROUP", "GROUP", _GROUP, "ann", "COUNT", 8, "STREAMS", key, ">")
        return [step(*asked, gives=_from(key, new) if new else None)]

    def acknowledge(self) -> list[Step]:
        key = self._key()
        waiting = self._pending.get(key)
        if not waiting:
            return self.group()
        names = sorted(waiting)[:5]
        waiting.difference_update(names)
        left = len(waiting)
        pending = Rule(f"{left} pending", lambda reply: reply[0] == left)
        return [step("XACK", key, _GROUP, *names, gives=len(names)), step("XPENDING", key, _GROUP, gives=pending)]


def _shown(entries: list[tuple[bytes, bytes]]) -> list[object]:
    return [[name, [b"text", text]] for name, text in entries]


def _from(key: bytes, entries: list[tuple[bytes, bytes]]) -> Rule:
    """What XREAD says; a map in RESP3, which is flat here."""
    shown = _shown(entries)
    return Rule(f"entries of {key!r}: {shown!r}", lambda reply: reply in ([[key, shown]], [key, shown]))
