"""Every disagreement over many scripts, instead of the first: the measure of a server that is nearly right.

`bench/agreement.py` comes here. Nothing is shrunk by Hypothesis; for each command the shortest script
that showed something is kept, and freed of the steps it does not need.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.strategies import SearchStrategy

from grader.checks.agreement.duel import Duel, Meeting, Tally
from grader.checks.agreement.manners import Manner, suits
from grader.checks.agreement.script import Script
from grader.checks.agreement.show import Finding, finding


@dataclass(frozen=True, slots=True)
class Example:
    """The shortest script so far that showed a disagreement about one command."""

    command: str
    script: Script
    meeting: Meeting

    @property
    def finding(self) -> Finding:
        """The same, to be shown."""
        return finding(self.meeting)

    @property
    def weight(self) -> tuple[int, int]:
        """Steps, then bytes."""
        return len(self.script), sum(len(step.encoded()) for step in self.script)


@dataclass(slots=True)
class Sweep:
    """What came of it: the counts, how often each command was answered differently, and an example of each sentence.

    `examples` are keyed by (command, sentence).
    """

    tally: Tally
    examples: dict[tuple[str, str], Example] = field(default_factory=dict)
    seconds: float = 0.0

    def keep(self, example: Example, sentence: str) -> None:
        """Remember it, if it is shorter than what there was."""
        place = (example.command, sentence)
        if place not in self.examples or example.weight < self.examples[place].weight:
            self.examples[place] = example


def sweep(
    duel: Duel,
    strategy: SearchStrategy[Script],
    examples: int,
    *,
    seed: int = 0,
    manners: Collection[Manner] = (Manner.TOGETHER, Manner.ONE_BY_ONE),
    progress: Callable[[], None] | None = None,
    tidy: bool = True,
) -> Sweep:
    """Play `examples` scripts, each in the first of `manners` that suits it, and collect every disagreement.

    `progress` is called once for each script; `tidy` frees the examples of steps that they do not need.
    """
    result = Sweep(duel.tally)
    started = time.monotonic()

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        verbosity=Verbosity.quiet,
    )
    @hypothesis.given(strategy)
    def each(script: Script) -> None:
        if progress:
            progress()
        manner = next((manner for manner in manners if suits(manner, script)), None)
        if manner is None or not script.steps:
            return
        meeting = duel.meet(script, manner)
        if meeting.difference is None:
            return
        if duel.is_chance(script, manner):
            duel.tally.dismiss(meeting.comparison)
            return
        command = meeting.difference.step.name or "(bytes)"
        result.keep(Example(command, script, meeting), _kind(meeting.difference.sentence))

    each()
    if tidy:
        for place, example in result.examples.items():
            result.examples[place] = _tidied(duel, example)
    result.seconds = time.monotonic() - started
    return result


def _kind(sentence: str) -> str:
    """The sentence without its numbers: differences of one kind are counted together."""
    return "".join("#" if letter.isdigit() else letter for letter in sentence)


def _tidied(duel: Duel, example: Example) -> Example:
    """Without the steps it does not need, and one by one if it shows so too."""
    plain = duel.meet(example.script, Manner.ONE_BY_ONE, count=False)
    if plain.difference is not None and (plain.difference.step.name or "(bytes)") == example.command:
        example = Example(example.command, example.script, plain)
    place = 0
    while place < len(example.script):
        steps = example.script.steps
        shorter = Script(steps[:place] + steps[place + 1 :])
        manner = example.meeting.manner
        if shorter.steps and suits(manner, shorter):
            difference = (meeting := duel.meet(shorter, manner, bare=True, count=False)).difference
            if difference is not None and (difference.step.name or "(bytes)") == example.command:
                example = Example(example.command, shorter, meeting)
                continue
        place += 1
    return example
