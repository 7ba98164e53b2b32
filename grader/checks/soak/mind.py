"""A client's mind: what it does next, what it was answered, and what it believes afterwards.

It knows nothing of sockets. Whoever sends for it (`clients`) draws operations, sends their steps in this order on one
connection, and hands back the replies.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from grader.checks.soak.tally import Lacking, Tally
from grader.checks.soak.work import Step, Work, error_text, forget, lacks, settle


@dataclass(frozen=True, slots=True)
class Drawn:
    """An operation that is to be sent, all of its steps together; `name` is "" for tidying up."""

    work: Work
    name: str
    steps: Sequence[Step]


class Mind:
    """Works on keys that begin with `home`, and nobody else does.

    Args:
        home: no other mind has the same.
        families: what to do.
        chance: the random numbers it draws from.
        lacking: what the server cannot do; found out here, known to all.
    """

    def __init__(self, home: bytes, families: Iterable[type[Work]], chance: random.Random, lacking: Lacking) -> None:
        self.tally = Tally()
        self.chance = chance
        self._works = [family(home, chance) for family in families]
        self._lacking = lacking
        self._menu = {work.family: list(work.operations) for work in self._works}
        self._tidy = list(self._works)  # whose keys may hold anything: nothing was done with them yet

    def draw(self, least: int, without: Collection[str] = ()) -> list[Drawn]:
        """Operations of `least` steps or a few more, of any family but `without`."""
        drawn = [Drawn(work, "", forget(work)) for work in self._tidy]
        self._tidy = []
        works = [work for work in self._works for _ in range(work.share) if work.family not in without]
        works = [work for work in works if self._menu[work.family]]
        count = 0
        while works and count < least:
            work = self.chance.choice(works)
            name = self.chance.choice(self._menu[work.family])
            if (work.family, name) in self._lacking:
                self._menu[work.family].remove(name)
                works = [each for each in works if self._menu[each.family]]
                continue
            steps = work.operations[name](work)
            count += len(steps)
            drawn.append(Drawn(work, name, steps))
        return drawn

    def rehearse(self, times: int) -> Iterable[Drawn]:
        """Every operation `times` times, one after another."""
        for work in self._works:
            for name, made in work.operations.items():
                for _ in range(times):
                    if work in self._tidy:
                        self._tidy.remove(work)
                        yield Drawn(work, "", forget(work))
                    if (work.family, name) not in self._lacking:
                        yield Drawn(work, name, made(work))

    def judge(self, drawn: Iterable[Drawn], replies: Sequence[Any]) -> bool:
        """Compare all replies with what they had to be.

        Returns:
            Whether the connection can be used further: a command that is not there may have been one of a transaction.
        """
        at = 0
        usable = True
        doubtful: set[str] = set()
        for each in drawn:
            got = replies[at : at + len(each.steps)]
            at += len(each.steps)
            family = each.work.family
            if family in doubtful:
                continue  # what is believed of these keys was wrong already
            for step, reply in zip(each.steps, got, strict=True):
                if step.fits(reply):
                    self.tally.operations[family] += 1
                    self.tally.refused += bool(error_text(reply))
                    continue
                doubtful.add(family)
                usable = usable and not self._explain(each, step, reply)
                break
        now = time.monotonic()
        for work in self._works:
            settle(work, now)
        self._tidy += [work for work in self._works if work.family in doubtful]
        return usable

    def _explain(self, drawn: Drawn, step: Step, reply: Any) -> bool:
        """Write down a reply that does not fit; whether it says that the command is not there."""
        reason = lacks(reply)
        if reason:
            self._lacking.add(drawn.work.family, drawn.name, _command(step), reason)
            return True
        self.tally.operations[drawn.work.family] += 1
        self.tally.add_wrong(drawn.work.family, step.args, step.gives, reply)
        return False

    def start_over(self) -> None:
        """Something was sent and never answered: nothing is known of any key."""
        self._tidy = list(self._works)

    def farewell(self) -> list[Step]:
        """Remove all keys."""
        return [step for work in self._works for step in forget(work)]


def steps_of(drawn: Iterable[Drawn]) -> list[Step]:
    """All steps in their order."""
    return [step for each in drawn for step in each.steps]


def _command(step: Step) -> str:
    words = [word for word in step.args[:2] if isinstance(word, str) and word.isupper()]
    return " ".join(words) if words and words[0] in ("CLIENT", "XGROUP") else str(step.args[0])
