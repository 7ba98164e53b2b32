"""One stage's check, run: its generators on the learner's server and on real Redis, then its probes.

Whoever runs stages (the command line, a marking run, the kill matrix) calls `check_stage` with two servers that run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from rich.console import RenderableType
from rich.text import Text

from grader.checks.agreement.agree import Disagreement, compare_servers
from grader.checks.agreement.duel import Mortal, Tally
from grader.checks.agreement.manners import Manner
from grader.checks.agreement.show import Finding
from grader.checks.stages.registry import Generated, Probe, RealRedis, UnderTest, checks_of, taught_by
from grader.checks.verdict import Broken

_ENOUGH, _WAITING = 0.5, 0.5  # of a generator's examples, and of its time


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """What a probe found: the same face as `Finding`, without a script."""

    promise: str
    expected: str
    happened: str
    misconception: str | None = None

    @property
    def text(self) -> str:
        """The whole message."""
        return f"{self.promise}\nexpected\n  {_indented(self.expected)}\nbut\n  {_indented(self.happened)}"

    def renderable(self) -> RenderableType:
        """The same for rich."""
        return Text(self.text)


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


@dataclass(slots=True)
class StageResult:
    """What became of one stage.

    `finding` is None where everything agreed, and `disagreement` has the script behind it where there is one.
    `scripts`, `replies` and `exchanges` count what was compared, `probes` how many were run, `seconds` the time all of
    it took; `complete` is False if the time was over before all scripts were tried.
    """

    slug: str
    finding: Finding | BrokenPromise | None = None
    disagreement: Disagreement | None = None
    scripts: int = 0
    replies: int = 0
    exchanges: int = 0
    probes: int = 0
    seconds: float = 0.0
    complete: bool = True
    tallies: list[Tally] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether the stage is green. One without any check is not."""
        return self.finding is None and bool(self.scripts or self.probes)


def manners_for(generated: Generated, built: Collection[str] | None) -> frozenset[Manner]:
    """The manners in which a generator's scripts are sent to a server that has these stages (None: all of them).

    A manner that some stage teaches waits for that stage.
    """
    if built is None:
        return generated.manners
    taught = taught_by()
    ready = {manner for manner in Manner if manner not in taught or any(slug in built for slug in taught[manner])}
    return generated.manners & (ready | generated.teaches)


def check_stage(
    slug: str,
    theirs: UnderTest,
    real: RealRedis,
    known_commands: Collection[str] | None,
    *,
    built: Collection[str] | None = None,
    effort: float = 1.0,
    seconds: float = 10.0,
    shrink_seconds: float = 4.0,
    timeout: float = 1.0,
    seed: int = 0,
    progress: Callable[[Tally], None] | None = None,
) -> StageResult:
    """Check one stage on a running server; the first finding ends it.

    Args:
        slug: the stage, ``mini.append``.
        theirs: the learner's server; it is left running, with keys in it.
        real: a real Redis for this check alone: it is flushed.
        known_commands: what the stages up to and with this one make work (None: everything), such as "GET" and
            "CONFIG GET"; state is read back with these only.
        built: the slugs of these stages (None: all).
        effort: how many scripts, as a multiple of what each generator asks for.
        seconds: for each generator, after which no further script is tried.
        shrink_seconds: how long a disagreement may be shrunk.
        timeout: seconds of silence that count as no answer.
        seed: the same seed draws the same scripts.
        progress: called now and then with the counts so far.
    """
    started = time.monotonic()
    runs = isinstance(theirs, Mortal) and theirs.pid is not None
    result = StageResult(slug)
    checks = checks_of(slug)
    for generated in checks.generators:
        examples = max(1, round(generated.examples * effort))
        # A machine may stand still for a while; a server that keeps one waiting does so again.
        for _ in range(2):
            found = compare_servers(
                theirs,
                real,
                generated.make(),
                known=known_commands,
                manners=manners_for(generated, built),
                examples=examples,
                seconds=seconds,
                shrink_seconds=shrink_seconds,
                timeout=timeout,
                state=generated.state,
                encoding=generated.encoding,
                seed=seed,
                progress=progress,
            )
            _count(result, found.tally)
            if isinstance(found, Disagreement) or found.complete or not _too_slow(found.tally, examples, seconds):
                break
        else:
            result.finding = _kept_waiting(found.tally, seconds)
            break
        if isinstance(found, Disagreement):
            result.finding, result.disagreement = found.finding, found
            break
        result.complete &= found.complete
    if result.finding is None:
        result.finding = next(
            (broken for probe in checks.probes if (broken := _probed(probe, theirs, real, result))), None
        )
    if result.finding is None and runs and theirs.pid is None:
        result.finding = BrokenPromise("All was answered.", "the server goes on", "its process is gone")
    result.seconds = time.monotonic() - started
    return result


def _too_slow(tally: Tally, examples: int, seconds: float) -> bool:
    """Whether a server is to blame for that the time was over before much could be asked."""
    return tally.scripts < examples * _ENOUGH and tally.waited > seconds * _WAITING


def _kept_waiting(tally: Tally, seconds: float) -> BrokenPromise:
    """What is found of a server that is so slow that hardly anything could be asked."""
    return BrokenPromise(
        "Nobody is kept waiting for an answer that Redis gives at once.",
        f"there is time for enough scripts in {seconds:g} seconds",
        f"after {tally.scripts} of them it was over: {tally.waited:.1f} seconds of it were waiting for yours",
    )


def _count(result: StageResult, tally: Tally) -> None:
    result.tallies.append(tally)
    result.scripts += tally.scripts
    result.replies += tally.replies
    result.exchanges += tally.exchanges


def _probed(probe: Probe, theirs: UnderTest, real: RealRedis, result: StageResult) -> BrokenPromise | None:
    result.probes += 1
    try:
        probe(theirs, real)
    except Broken as broken:
        promise = (probe.__doc__ or getattr(probe, "__name__", "a promise").replace("_", " ")).strip()
        return BrokenPromise(promise, broken.expected, broken.happened, broken.misconception)
    return None
