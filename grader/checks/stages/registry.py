"""What each stage is checked with: generators of scripts and probes, registered under the stage's slug.

The modules beside this one (one a family) say it with two decorators:

    @stage("mini.append")
    def append() -> Scripts:
        return scripts(cmd("APPEND", key, text), cmd("GET", key))

    @stage_probe("mini.aof")
    def a_promised_write_survives(theirs: UnderTest, real: Server) -> None:
        …raise Broken(expected, happened)

Several generators and probes may belong to one stage; they run in the order in which they are written, generators
first. `checks_of` finds them; `check_stage` (in `grader.checks.stages.check`) runs them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeAlias

from hypothesis.strategies import SearchStrategy

from grader.checks.agreement.manners import EVERY_MANNER, Manner
from grader.checks.agreement.script import Script, Scripts
from grader.servers import Server
from grader.servers.process import Option


class UnderTest(Protocol):
    """A learner's server that runs: the part of `grader.servers.Server` that checks need, and `sibling`."""

    @property
    def port(self) -> int | None:
        """The TCP port on 127.0.0.1, if it listens on one."""

    @property
    def socket_path(self) -> Path | None:
        """The Unix socket, if it has one."""

    @property
    def pid(self) -> int | None:
        """The process; None when it does not run."""

    @property
    def directory(self) -> Path | None:
        """The folder it was given as --dir."""

    def log(self) -> str:
        """What it has written to its standard output and error."""

    def kill(self) -> None:
        """SIGKILL."""

    def stop(self) -> None:
        """SIGTERM, and wait for its end."""

    def restart(self) -> None:
        """Start it again (ending it first if it runs) on the same folder, address and options."""

    def pause(self) -> None:
        """SIGSTOP."""

    def resume(self) -> None:
        """SIGCONT."""

    def sibling(self, *options: str, directory: Path | None = None) -> AbstractContextManager[UnderTest]:
        """Another one of the same program with more options, such as ``"--appendonly", "yes"``.

        It has a port of its own, and a new empty folder unless `directory` is given; it ends with the context.
        """


class RealRedis(Server, Protocol):
    """The real Redis of a check, and others like it.

    Files of the learner's server are read by such another one only: where this one runs in a sandbox, so does that.
    """

    def sibling(self, *, directory: Path | None = None, **config: Option) -> AbstractContextManager[Server]:
        """Another one of the same program with options of redis.conf; it ends with the context."""


__all__ = [
    "EVERY_MANNER",
    "Generated",
    "Manner",
    "RealRedis",
    "StageChecks",
    "UnderTest",
    "checked_slugs",
    "checks_of",
    "stage",
    "stage_probe",
    "taught_by",
]

Probe: TypeAlias = Callable[[UnderTest, RealRedis], None]
Generator: TypeAlias = Callable[[], "Scripts | SearchStrategy[Script]"]


@dataclass(frozen=True, slots=True)
class Generated:
    """A generator of a stage with how it is used.

    `examples` scripts are tried at most. `manners` are the ways of sending it makes sense in; of these only the
    ones the learner has met are used: `teaches` names those that this very stage is about, and a manner that some
    stage teaches is used from that stage on. `encoding` compares OBJECT ENCODING too when the state is read back.
    `state` can be switched off where reading it back would disturb.
    """

    slug: str
    make: Generator
    examples: int
    manners: frozenset[Manner]
    teaches: frozenset[Manner]
    state: bool
    encoding: bool

    @property
    def name(self) -> str:
        """The function's name, as words."""
        return getattr(self.make, "__name__", "scripts").replace("_", " ")


@dataclass(slots=True)
class StageChecks:
    """Everything that checks one stage."""

    slug: str
    generators: list[Generated] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)


_REGISTERED: dict[str, StageChecks] = {}


def stage(
    slug: str,
    *,
    examples: int = 60,
    manners: frozenset[Manner] = EVERY_MANNER,
    teaches: Manner | tuple[Manner, ...] = (),
    state: bool = True,
    encoding: bool = False,
) -> Callable[[Generator], Generator]:
    """Register the decorated function as a generator of scripts for the stage `slug`; see `Generated`."""
    taught = frozenset((teaches,) if isinstance(teaches, Manner) else teaches)

    def register(make: Generator) -> Generator:
        made = Generated(slug, make, examples, manners | taught, taught, state, encoding)
        _REGISTERED.setdefault(slug, StageChecks(slug)).generators.append(made)
        return make

    return register


def stage_probe(slug: str) -> Callable[[Probe], Probe]:
    """Register the decorated function as a probe of the stage `slug`: it raises `Broken` where a promise is not kept.

    It is called with the learner's running server and a real Redis 8.2; both may hold keys of others, and it leaves
    the learner's server running.
    """

    def register(probe: Probe) -> Probe:
        _REGISTERED.setdefault(slug, StageChecks(slug)).probes.append(probe)
        return probe

    return register


@lru_cache(maxsize=1)
def _load() -> None:
    package = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"{package}.{module.name}")


def checks_of(slug: str) -> StageChecks:
    """What checks the stage `slug`; nothing at all, if nobody wrote it yet."""
    _load()
    return _REGISTERED.get(slug, StageChecks(slug))


def checked_slugs() -> list[str]:
    """Every slug that has a generator or a probe, in the order of their registration."""
    _load()
    return list(_REGISTERED)


def taught_by() -> dict[Manner, frozenset[str]]:
    """The stages that teach each manner of sending; a manner that nobody teaches is missing."""
    _load()
    taught: dict[Manner, frozenset[str]] = {}
    for checks in _REGISTERED.values():
        for generator in checks.generators:
            for manner in generator.teaches:
                taught[manner] = taught.get(manner, frozenset()) | {checks.slug}
    return taught
