"""Chooses which schedules to run, so that every one that matters is run and hardly any other.

Two schedules that differ only in the order of steps that commute end the same. Dynamic partial-order reduction
(Flanagan and Godefroid, POPL 2005) finds, in each run, the pairs of steps whose order can be seen and plans the
other order, with source sets (Abdulla, Aronis, Jonsson and Sagonas, POPL 2014); sleep sets (Godefroid, 1996) keep
what was tried from being tried again. What commutes is told by the footprints of `grader.wire.race.footprint`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from grader.wire.race.footprint import Footprint
from grader.wire.race.stage import Choose, Run, Step

Conflict = Callable[[Footprint, Footprint], bool]


@dataclass(slots=True)
class _Node:
    """The moment before one step: who could move, who was chosen, who is planned, who is asleep."""

    pending: dict[int, Footprint]
    chosen: int
    asleep: dict[int, Footprint]
    planned: set[int] = field(default_factory=set)
    tried: set[int] = field(default_factory=set)

    @property
    def left(self) -> set[int]:
        """Planned, not tried, and not asleep."""
        return {actor for actor in self.planned - self.tried if actor not in self.asleep}


class Explorer:
    """Makes schedules, depth first.

    Args:
        reduce: False to run every interleaving there is.
        conflict: whether the order of two footprints can be seen.

    After the iteration `exhausted` says whether every schedule that matters was made; `diverged` counts runs that
    did not follow the schedule they were given, which happens when an actor decides by clock or chance.
    """

    def __init__(self, reduce: bool = True, conflict: Conflict = Footprint.conflicts) -> None:
        self.exhausted = False
        self.diverged = 0
        self._reduce = reduce
        self._conflict = conflict
        self._nodes: list[_Node] = []
        self._depth = 0

    def runs(self, play: Callable[[Choose], Run]) -> Iterator[Run]:
        """Play one schedule after the other and yield each run; `play` is given the chooser."""
        while True:
            wanted = len(self._nodes)
            run = play(self._choose)
            if len(run.steps) < wanted:
                self.diverged += 1
            del self._nodes[max(len(run.steps), 0) :]
            if self._reduce:
                self._plan(run.steps)
            yield run
            if not self._turn_back():
                self.exhausted = True
                return

    def _choose(self, depth: int, pending: dict[int, Footprint]) -> int | None:
        if depth < len(self._nodes):
            node = self._nodes[depth]
            if node.pending != pending:
                return None
            return node.chosen
        asleep = self._asleep(depth)
        awake = [actor for actor in pending if actor not in asleep]
        if not awake:
            return None
        last = self._nodes[-1].chosen if self._nodes else None
        chosen = last if last in awake else awake[0]
        planned = {chosen} if self._reduce else set(pending)
        self._nodes.append(_Node(pending, chosen, asleep, planned, {chosen}))
        return chosen

    def _asleep(self, depth: int) -> dict[int, Footprint]:
        """Who need not move now, because moving first was tried at an earlier moment and nothing has disturbed it."""
        if depth == 0 or not self._reduce:
            return {}
        before = self._nodes[depth - 1]
        candidates = {
            **before.asleep,
            **{actor: before.pending[actor] for actor in before.tried if actor != before.chosen},
        }
        done = before.pending[before.chosen]
        return {
            actor: footprint
            for actor, footprint in candidates.items()
            if actor != before.chosen and not self._conflict(footprint, done)
        }

    def _plan(self, steps: list[Step]) -> None:
        """Find the pairs whose order can be seen and plan the other order at the moment before the first of them."""
        last_of: dict[int, int] = {}
        clocks: list[dict[int, int]] = []
        for j, step in enumerate(steps):
            clock = dict(clocks[last_of[step.actor]]) if step.actor in last_of else {}
            for i in range(j - 1, -1, -1):
                earlier = steps[i]
                if earlier.actor == step.actor or not self._conflict(earlier.footprint, step.footprint):
                    continue
                if clock.get(earlier.actor, -1) < i:
                    self._plan_before(i, j, clock, clocks, steps)
                for actor, at in clocks[i].items():
                    clock[actor] = max(clock.get(actor, -1), at)
            clock[step.actor] = j
            clocks.append(clock)
            last_of[step.actor] = j

    def _plan_before(
        self, i: int, j: int, clock: dict[int, int], clocks: list[dict[int, int]], steps: list[Step]
    ) -> None:
        """Plan, at the moment before step i, a schedule in which step j comes first.

        Before j comes all that does not follow from i. Any actor that can begin that stretch will do; where one of
        them is planned or asleep already, nothing is missing. `clock` says what j follows from, `clocks` the same of
        the steps before it.
        """
        node = self._nodes[i]
        stretch = [k for k in range(i + 1, j) if clocks[k].get(steps[i].actor, -1) < i]
        beginners: set[int] = set()
        seen: set[int] = set()
        for at, k in enumerate([*stretch, j]):
            actor = steps[k].actor
            follows = clock if k == j else clocks[k]
            if actor not in seen and all(follows.get(steps[m].actor, -1) < m for m in stretch[:at]):
                beginners.add(actor)
            seen.add(actor)
        possible = {actor for actor in beginners if actor in node.pending}
        if not possible:
            node.planned |= set(node.pending)
        elif not possible & (node.planned | set(node.asleep)):
            node.planned.add(steps[j].actor if steps[j].actor in possible else min(possible))

    def _turn_back(self) -> bool:
        """Go back to the last moment at which something planned is left; False when there is none."""
        while self._nodes:
            node = self._nodes[-1]
            left = node.left
            if left:
                node.chosen = min(left)
                node.tried.add(node.chosen)
                return True
            self._nodes.pop()
        return False
