"""One script on two servers: sent to both in the same manner, compared, and what it left behind read back.

A `Duel` keeps the connections to a real Redis and to the server beside it, sees to it that scripts do not disturb each
other, and tells a disagreement from a matter of chance.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Protocol, runtime_checkable

from grader.checks.agreement.compare import ENDED, ENDED_LATER, Comparison, Difference, compare
from grader.checks.agreement.manners import Manner, changed
from grader.checks.agreement.play import Address, Answer, HasAddress, Play, Player
from grader.checks.agreement.script import Script, Step
from grader.checks.agreement.state import reading_back
from grader.checks.agreement.tolerances import of
from grader.servers import ServerError

# Commands that see or change more than the keys they name: their scripts begin with an empty server.
WHOLE_KEYSPACE = frozenset(("DBSIZE", "FLUSHALL", "FLUSHDB", "KEYS", "RANDOMKEY", "SCAN", "SWAPDB"))
_CONFIRMATIONS = 2
# A script may take this many seconds more, and be this many times slower, than on Redis: a server in Python is.
_LEEWAY, _SLOWER = 0.1, 5.0
_LAST_BREATH = 0.1  # seconds in which a process that has hung up is gone, if it is to go


class NeedsFlush(ValueError):
    """A script sees the whole keyspace, but the server has no FLUSHALL yet to empty it before."""


@runtime_checkable
class Mortal(Protocol):
    """A server whose process may end, and can be started again."""

    @property
    def pid(self) -> int | None:
        """The process; None when it does not run."""

    def restart(self) -> None:
        """Start it again."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """How one script went.

    `script` is what was sent, keys prefixed and words changed; `comparison` has the first difference, `in_state`
    tells whether it was found when reading back, with `readback` as its script. `fatal` says that the server has
    ended, in this script or right behind it.
    """

    script: Script
    manner: Manner
    cut: int | None
    comparison: Comparison
    in_state: bool = False
    readback: Script = field(default=Script(()))
    fatal: bool = False

    @property
    def difference(self) -> Difference | None:
        """Where the servers part, if they do."""
        return self.comparison.difference

    @property
    def is_late(self) -> bool:
        """Whether the server ended behind the last answer, which was found out when the next script was to be sent."""
        return self.fatal and self.difference is not None and self.difference.sentence == ENDED_LATER


@dataclass(slots=True)
class Tally:
    """What was compared so far. `by_command` counts (command, "equal", "tolerated" or "different"), `waited` is for
    how many seconds nothing but the server kept the check waiting."""

    scripts: int = 0
    equal: int = 0
    tolerated: int = 0
    different: int = 0
    by_chance: int = 0
    exchanges: int = 0
    waited: float = 0.0
    by_command: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def replies(self) -> int:
        """All replies that were compared."""
        return self.equal + self.tolerated + self.different

    def add(self, comparison: Comparison) -> None:
        """Count what was found in one comparison."""
        self.equal += comparison.equal
        self.tolerated += comparison.tolerated
        self.different += comparison.difference is not None
        self.by_command.update(comparison.by_command)

    def dismiss(self, comparison: Comparison) -> None:
        """Take the difference in a comparison that was added for a matter of chance."""
        self.by_chance += 1
        self.different -= 1
        self.by_command[comparison.by_command[-1]] -= 1


class Duel:
    """A server (`theirs`) and a real Redis, side by side.

    Args:
        theirs: the server to judge.
        real: a real Redis, the check's own: it is flushed before every script.
        known: the commands that `theirs` has; None for all of them.
        timeout: seconds of silence that count as no answer.
        state: whether to read back what a script left.
        encoding: whether to compare OBJECT ENCODING then.
        always_flush: an empty server for each script instead of keys of its own.
        back: what puts both servers back to where a script may begin; flushing aside.
    """

    def __init__(
        self,
        theirs: HasAddress | Address,
        real: HasAddress | Address,
        *,
        known: Collection[str] | None = None,
        timeout: float = 1.0,
        state: bool = True,
        encoding: bool = False,
        always_flush: bool = False,
        back: Sequence[Step] = (),
    ) -> None:
        self.known = known
        self.tally = Tally()
        self._state, self._encoding = state, encoding
        self._always_flush = always_flush
        self._back = Script(tuple(back)) if back else None
        self._real, self._theirs = Player(real, 5.0), Player(theirs, timeout)
        self._real_reader, self._their_reader = Player(real, 5.0), Player(theirs, timeout)
        # Redis looks ten times a second whose BLPOP has waited long enough; a check has more of these than patience.
        self._real.play(Script((Step((b"CONFIG", b"SET", b"hz", b"200")),)))
        # Keys of an earlier run must not be met again: the server may have kept them.
        self._run = os.urandom(2).hex().encode()
        self._mortal = theirs if isinstance(theirs, Mortal) and theirs.pid is not None else None
        self._before: Meeting | None = None
        self._last = Answer(), Answer()  # to the last step of the script before
        self._numbers = itertools.count()

    def __enter__(self) -> Duel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._put_back()
        for player in (self._real, self._theirs, self._real_reader, self._their_reader):
            player.close()

    def _put_back(self) -> None:
        """A script ends where the two servers differ, and a shorter one leaves out what would have cleared up."""
        if self._back is not None:
            self._real.play(self._back)
            self._theirs.play(self._back)

    def be_patient(self, timeout: float) -> None:
        """Wait `timeout` seconds for a silent server from now on."""
        self._theirs.timeout = self._their_reader.timeout = timeout

    def meet(
        self, script: Script, manner: Manner, *, cut: int | None = None, bare: bool = False, count: bool = True
    ) -> Meeting:
        """Play the script on both in this manner, and compare.

        A server that has ended is started again before: no script is to blame for what another has done. Where it
        ended behind the last answer of the script before, that one is the meeting that is returned.

        `bare` leaves the keys as they are: for a last time, to be shown. `count` adds it to the tally.

        Raises:
            NeedsFlush: where the script sees other keys than its own and `theirs` cannot be emptied.
        """
        flush = self._always_flush or any(step.name in WHOLE_KEYSPACE for step in script)
        if flush and self.known is not None and "FLUSHALL" not in self.known:
            if not self._always_flush:
                raise NeedsFlush("a script that sees the whole keyspace needs FLUSHALL in an earlier stage")
            flush = False
        if (ended := self._started_again()) is not None:
            return ended
        prefix = b"" if flush or bare else b"%b:%06x:" % (self._run, next(self._numbers))
        sent = changed(manner, script.prefixed(prefix))
        meeting = self._before = self._survived(self._met(sent, manner, cut, flush))
        if count:
            self.tally.scripts += 1
            self.tally.exchanges += len(sent)
            self.tally.add(meeting.comparison)
        return meeting

    def _met(self, sent: Script, manner: Manner, cut: int | None, flush: bool) -> Meeting:
        self._put_back()
        began = time.monotonic()
        real = self._real_play(sent)
        between = time.monotonic()
        theirs = self._theirs.play(
            sent,
            together=manner in (Manner.TOGETHER, Manner.CUT, Manner.INLINE),
            byte_by_byte=manner is Manner.BYTE_BY_BYTE,
            cut=cut,
            flush=flush,
            like=real,
        )
        self._count_waiting(began, between)
        self._last = real.answers[-1], theirs.answers[-1]
        names: dict[bytes, bytes] = {}
        found = compare(real, theirs, names=names)
        if found.difference or found.unfinished or not self._state:
            return Meeting(sent, manner, cut, found)
        readback = reading_back(sent.keys(), self._real_reader, self.known, encoding=self._encoding)
        if not readback.steps:
            return Meeting(sent, manner, cut, found)
        together = manner in (Manner.TOGETHER, Manner.CUT, Manner.INLINE)
        began = time.monotonic()
        real = self._real_reader.play(readback)
        between = time.monotonic()
        theirs = self._their_reader.play(readback, together=together)
        self._count_waiting(began, between)
        kept = compare(real, theirs, names=names)
        found.equal += kept.equal
        found.tolerated += kept.tolerated
        found.by_command += kept.by_command
        found.difference = kept.difference
        return Meeting(sent, manner, cut, found, kept.difference is not None, readback)

    def _count_waiting(self, began: float, between: float) -> None:
        """Note by how much their part, since `between`, took longer than it may after Redis's, which began before."""
        now = time.monotonic()
        self.tally.waited += max(0.0, now - between - _LEEWAY - _SLOWER * (between - began))

    def _has_ended(self, patience: float = 0.0) -> bool:
        """Whether the process is gone, or is within `patience` seconds."""
        until = time.monotonic() + patience
        while self._mortal is not None and self._mortal.pid is not None and time.monotonic() < until:
            time.sleep(0.005)  # between two looks
        return self._mortal is not None and self._mortal.pid is None

    def _survived(self, meeting: Meeting) -> Meeting:
        """The meeting; where the server has ended in it, it says so."""
        difference = meeting.difference
        if difference is None or difference.theirs.end not in ("closed", "unreachable"):
            return meeting
        if not self._has_ended(_LAST_BREATH):
            return meeting
        comparison = replace(meeting.comparison, difference=replace(difference, sentence=ENDED))
        return replace(meeting, comparison=comparison, fatal=True)

    def _started_again(self) -> Meeting | None:
        """Start the server again if it has ended; the meeting before, if that has not shown it."""
        if not self._has_ended():
            return None
        assert self._mortal is not None
        before, self._before = self._before, None
        with contextlib.suppress(ServerError):  # then it cannot be reached, and that is what is shown
            self._mortal.restart()
        if before is None or before.difference is not None or not before.script.steps:
            return None
        real, theirs = self._last
        difference = Difference(before.script, len(before.script) - 1, real, replace(theirs, end="closed"), ENDED_LATER)
        return replace(before, comparison=Comparison(difference=difference), fatal=True)

    def _real_play(self, sent: Script) -> Play:
        return self._real.play(sent, flush=True, witnesses=witnesses(sent))

    def is_chance(self, script: Script, manner: Manner, cut: int | None = None) -> bool:
        """Whether a difference that this script showed is none: Redis differs from itself, or it comes no more."""
        for _ in range(_CONFIRMATIONS):
            first, second = self._real_play(script), self._real_play(script)
            if compare(first, second).difference is not None:
                return True
            if self.meet(script, manner, cut=cut, count=False).difference is None:
                return True
        return False


def witnesses(script: Script) -> dict[int, Step]:
    """Which commands to send to the real Redis just before which steps, to know what a random reply may be."""
    found: dict[int, Step] = {}
    for place, step in enumerate(script):
        if step.name == "MULTI":
            break
        tolerance = of(step)
        if tolerance is not None and tolerance.witness is not None and len(step.args) > 1 - (step.name == "RANDOMKEY"):
            found[place] = tolerance.witness(step)
    return found
