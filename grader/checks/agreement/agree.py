"""Do two servers agree on the scripts that a generator makes? And if not, what is the shortest one that shows it?

`compare_servers` draws scripts with Hypothesis, sends each in several manners, and shrinks what it finds. It is bound
by a number of scripts and by seconds: a server that hangs costs its timeout a few times, not minutes. The same seed
draws the same scripts.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.strategies import SearchStrategy

from grader.checks.agreement.duel import Duel, Meeting, Tally
from grader.checks.agreement.manners import EVERY_MANNER, Manner, suits
from grader.checks.agreement.play import Address, HasAddress
from grader.checks.agreement.script import Script, Scripts
from grader.checks.agreement.show import Finding, finding

# A script for cutting at every offset has this many bytes at most.
_CUT_BYTES = 260
_CUT_EXAMPLES = 12
# Each script is sent at once, which is quickest, and in one other manner: these in turn. Single bytes take long.
_IN_TURN = (Manner.ONE_BY_ONE, Manner.MIXED_CASE, Manner.INLINE) * 3 + (Manner.BYTE_BY_BYTE,)
# While a silent server's script is shrunk, this many seconds are silence; what comes out is tried again with patience.
_HASTE = 0.12


@dataclass(frozen=True, slots=True)
class Agreement:
    """No disagreement was found. `complete` is False if the seconds were over before the scripts were."""

    tally: Tally
    seconds: float
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The two servers part, and `finding` shows where.

    `script` is the shortest found, without prefixes; `meeting` is how it went when it was sent for the last time.
    """

    tally: Tally
    seconds: float
    finding: Finding
    script: Script
    meeting: Meeting

    @property
    def manner(self) -> Manner:
        """How it was sent."""
        return self.meeting.manner


class _Found(Exception):
    """Tells Hypothesis that a script shows a disagreement."""


class _TimeIsUp(BaseException):
    """Ends a search at once; not an Exception, so that Hypothesis does not take it for a finding."""


@dataclass(slots=True)
class _Best:
    """The shortest script so far that showed a disagreement, and how."""

    script: Script
    meeting: Meeting

    @property
    def weight(self) -> tuple[int, int]:
        return _weight(self.script)


def _weight(script: Script) -> tuple[int, int]:
    return len(script), sum(len(step.encoded()) for step in script)


@dataclass
class _Hunt:
    """One search over one generator."""

    duel: Duel
    manners: Collection[Manner]
    until: float
    shrink_seconds: float
    patience: float
    best: _Best | None = None
    trail: list[_Best] = field(default_factory=list)
    for_cutting: Script | None = None
    complete: bool = True

    def search(self, strategy: SearchStrategy[Script], examples: int, seed: int) -> None:
        """Try `examples` scripts, and shrink the first that shows something."""

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
            verbosity=Verbosity.quiet,
        )
        @hypothesis.given(strategy)
        def trial(script: Script) -> None:
            self.trial(script)

        try:
            with _kept_elsewhere():
                trial()
        except _TimeIsUp:
            self.complete = False
        except _Found:
            pass
        except hypothesis.errors.Flaky:
            # It showed once and not again when Hypothesis came back to it: the best that was seen stands.
            pass

    def trial(self, script: Script) -> None:
        """Send one script in every manner; raise `_Found` at the first disagreement."""
        if time.monotonic() > self.until:
            raise _TimeIsUp
        if not script.steps:
            return
        manners = [self.best.meeting.manner] if self.best else self._manners(script)
        for manner in manners:
            if not suits(manner, script) or (meeting := self.met(script, manner)) is None:
                continue
            if self.best is None and manner is not Manner.ONE_BY_ONE and Manner.ONE_BY_ONE in self.manners:
                plainer = self.duel.meet(script, Manner.ONE_BY_ONE, count=False)
                meeting = plainer if plainer.difference else meeting
            self._note(script, meeting)
            raise _Found
        self._consider_for_cutting(script)

    def met(self, script: Script, manner: Manner) -> Meeting | None:
        """The meeting in which the script shows a disagreement in this manner, if it does."""
        cuts: range | list[None] = [None]
        if manner is Manner.CUT:
            cuts = range(1, sum(len(step.encoded()) for step in script.prefixed(_PREFIX_LIKE)))
        for cut in cuts:
            if cut is not None and time.monotonic() > self.until:
                self.complete = False
                return None
            meeting = self.duel.meet(script, manner, cut=cut, count=self.best is None)
            if self.best is not None and meeting.is_late:
                meeting = self.duel.meet(script, manner, cut=cut, count=False)
            if meeting.difference is None:
                continue
            # A server that ends is no chance, even if it does not do it again.
            if self.best is None and not meeting.fatal and self._is_chance(script, manner, cut):
                self.duel.tally.dismiss(meeting.comparison)
                return None
            return meeting
        return None

    def _is_chance(self, script: Script, manner: Manner, cut: int | None) -> bool:
        self.duel.be_patient(min(self.patience, _HASTE))
        chance = self.duel.is_chance(script, manner, cut)
        if chance:
            self.duel.be_patient(self.patience)
        return chance

    def _manners(self, script: Script) -> list[Manner]:
        quickest = next(
            (m for m in (Manner.TOGETHER, Manner.ONE_BY_ONE) if m in self.manners and suits(m, script)), None
        )
        others = [manner for manner in _IN_TURN if manner in self.manners and suits(manner, script)]
        turn = zlib.crc32(str(script).encode("utf-8", "surrogateescape"))
        other = others[turn % len(others)] if others else None
        return [manner for manner in dict.fromkeys((quickest, other)) if manner is not None]

    def _note(self, script: Script, meeting: Meeting) -> None:
        if self.best is None:
            self.until = time.monotonic() + self.shrink_seconds
        elif _weight(script) > self.best.weight:
            return
        self.best = _Best(script, meeting)
        self.trail.append(self.best)

    def _consider_for_cutting(self, script: Script) -> None:
        """Remember the longest script that is not too long to be cut at every offset."""
        if not suits(Manner.CUT, script) or _weight(script)[1] > _CUT_BYTES:
            return
        if self.for_cutting is None or _weight(self.for_cutting)[1] < _weight(script)[1]:
            self.for_cutting = script

    def polish(self) -> None:
        """Leave out every step that the disagreement does not need, and make its arguments plainer."""
        place = 0
        while self.best is not None and place < len(self.best.script):
            steps = self.best.script.steps
            if not self._plainer(Script(steps[:place] + steps[place + 1 :])):
                place += 1
        for place in range(len(self.best.script) if self.best else 0):
            self._polish_arguments(place)

    def _polish_arguments(self, place: int) -> None:
        """Take shorter arguments for the longer ones of one step, where they show it too."""
        number = 1
        while self.best is not None and number < len(self.best.script.steps[place].args):
            steps = list(self.best.script.steps)
            args = steps[place].args
            for simpler in (*_PLAIN_ARGUMENTS, args[number][: len(args[number]) // 2]):
                if not 0 < len(simpler) < len(args[number]) or type(args[number]) is not bytes:
                    continue
                steps[place] = replace(steps[place], args=(*args[:number], simpler, *args[number + 1 :]))
                if self._plainer(Script(tuple(steps))):
                    break
            else:
                number += 1

    def _plainer(self, script: Script) -> bool:
        """Whether this script shows a disagreement as well; it is the best then."""
        if self.best is None or not script.steps or time.monotonic() > self.until:
            return False
        manner = self.best.meeting.manner
        if not suits(manner, script) or (meeting := self.met(script, manner)) is None:
            return False
        self._note(script, meeting)
        return True


@contextlib.contextmanager
def _kept_elsewhere() -> Iterator[None]:
    """Let Hypothesis keep its tables among the temporary files: it would make a folder where the learner works."""
    owner = os.getuid() if hasattr(os, "getuid") else "all"
    set_hypothesis_home_dir(Path(tempfile.gettempdir()) / f"redis-course-hypothesis-{owner}")
    try:
        yield
    finally:
        set_hypothesis_home_dir(None)


_PLAIN_ARGUMENTS = (b"a", b"1", b"\xff", b"\r\n", b"a b")


# As long as the prefixes that a duel gives to keys.
_PREFIX_LIKE = b"0000:000000:"


def compare_servers(
    theirs: HasAddress | Address,
    real: HasAddress | Address,
    generator: Scripts | SearchStrategy[Script],
    *,
    known: Collection[str] | None = None,
    manners: Collection[Manner] = EVERY_MANNER,
    examples: int = 60,
    seconds: float = 10.0,
    shrink_seconds: float = 4.0,
    timeout: float = 1.0,
    state: bool = True,
    encoding: bool = False,
    seed: int = 0,
    progress: Callable[[Tally], None] | None = None,
) -> Agreement | Disagreement:
    """Compare two servers on generated scripts.

    Args:
        theirs: the server to judge.
        real: a real Redis, the check's own: it is flushed again and again.
        generator: the scripts.
        known: the commands that `theirs` has; None for all.
        manners: how scripts are sent.
        examples: how many scripts at most.
        seconds: after which no further script is tried.
        shrink_seconds: how long a disagreement may be shrunk.
        timeout: how many seconds of silence count as no answer.
        state: read back what each script left.
        encoding: compare OBJECT ENCODING then.
        seed: the same seed draws the same scripts.
        progress: called now and then with the counts so far.
    """
    started = time.monotonic()
    strategy = generator.strategy(known) if isinstance(generator, Scripts) else generator
    back = generator.back if isinstance(generator, Scripts) else ()
    with Duel(theirs, real, known=known, timeout=timeout, state=state, encoding=encoding, back=back) as duel:
        hunt = _Hunt(duel, manners, started + seconds, shrink_seconds, timeout)
        hunt.search(strategy, examples, seed)
        if progress:
            progress(duel.tally)
        if hunt.best is None and Manner.CUT in manners:
            _cut(hunt, strategy, seed)
        if hunt.best is None:
            return Agreement(duel.tally, time.monotonic() - started, hunt.complete)
        hunt.polish()
        duel.be_patient(timeout)
        best, shown = _shown(hunt)
        return Disagreement(duel.tally, time.monotonic() - started, finding(shown), best.script, shown)


def _cut(hunt: _Hunt, strategy: SearchStrategy[Script], seed: int) -> None:
    """Cut one script at every offset; if that shows something, look for the shortest that does."""
    chosen = hunt.for_cutting
    if chosen is None or (meeting := hunt.met(chosen, Manner.CUT)) is None:
        return
    hunt._note(chosen, meeting)
    hunt.search(strategy, _CUT_EXAMPLES, seed)


def _shown(hunt: _Hunt) -> tuple[_Best, Meeting]:
    """The disagreement once more, without haste, with plain keys and in the plainest manner that shows it."""
    for best in reversed(hunt.trail):
        manner = best.meeting.manner
        plainer = [m for m in _PLAINEST if m in hunt.manners and suits(m, best.script)]
        for each in dict.fromkeys((*plainer[: plainer.index(manner)], manner)) if manner in plainer else (manner,):
            meeting = hunt.met(best.script, each)
            if meeting is not None:
                return best, _bare(hunt.duel, best.script, meeting)
    first = hunt.trail[0]
    return first, first.meeting


# From what needs no explanation to what needs most; where a single cut is enough, it says more than single bytes.
_PLAINEST = (Manner.ONE_BY_ONE, Manner.TOGETHER, Manner.CUT, Manner.BYTE_BY_BYTE, Manner.MIXED_CASE, Manner.INLINE)


def _bare(duel: Duel, script: Script, meeting: Meeting) -> Meeting:
    """The meeting once more with the keys as the script names them; as it was, if that shows nothing."""
    cut = meeting.cut
    if cut is not None:
        cut = _bare_offset(script, meeting.script, cut)
    bare = duel.meet(script, meeting.manner, cut=cut, bare=True, count=False)
    return bare if bare.difference is not None else meeting


def _bare_offset(bare: Script, sent: Script, cut: int) -> int:
    """Where the cut lies in the script with its plain keys: as far from the end of its step as before."""
    start = 0
    for plain, step in zip(bare, sent, strict=True):
        size, length = len(step.encoded()), len(plain.encoded())
        if cut < size:
            return start + (cut if cut <= length // 2 else max(1, length - (size - cut)))
        cut -= size
        start += length
    return max(1, start - 1)
