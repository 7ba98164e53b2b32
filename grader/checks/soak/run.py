"""A soak: many clients of many kinds at one server, for a while, every reply judged and the memory watched."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence

import redis

from grader.checks.soak.clients import Client, Scene, troupe, try_hello
from grader.checks.soak.families import FAMILIES
from grader.checks.soak.line import Line, Lost, encode
from grader.checks.soak.memory import resident_memory
from grader.checks.soak.mind import steps_of
from grader.checks.soak.result import Sample, Soak
from grader.checks.soak.tally import Lacking, Tally, add_up
from grader.checks.soak.work import Work
from grader.servers import Server

_LOOK = 0.25  # seconds between two samples
_ESSENTIAL = (("connection", "ping"), ("strings", "set"), ("strings", "get"))
_REHEARSALS = 6  # of each operation: it takes one turn or another


class NotReadyError(ValueError):
    """The server cannot be soaked yet; the message says what it lacks."""


def soak(
    server: Server,
    *,
    seconds: float,
    clients: int,
    families: Sequence[str] = (),
    seed: int | None = None,
    tell: Callable[[Sample], None] = lambda sample: None,
) -> Soak:
    """Soak `server` in commands for `seconds`.

    All keys begin with a name that nothing else has; they are removed at the end, and nothing else is touched.

    Args:
        server: a learner's, the reference, or a real Redis.
        seconds: how long the clients are at work.
        clients: how many, of all kinds.
        families: names of the families of commands to use; all that the server has if none.
        seed: of everything random but the order in which threads run; a new one if None.
        tell: called four times a second.

    Returns:
        What happened. Ctrl-C ends the soak early; the result says so (`interrupted`).

    Raises:
        NotReadyError: it lacks PING, SET or GET, or a family that was asked for.
    """
    seed = secrets.randbelow(10**6) if seed is None else seed
    scene = Scene(
        url=server.url,
        home=f"soak:{secrets.token_hex(3)}",
        families=_chosen(families),
        seed=seed,
        stop=threading.Event(),
        lacking=Lacking(),
    )
    memory = resident_memory(server)
    before = memory()
    rehearsed = _rehearse(scene)
    _must_have(scene.lacking, families)
    here = troupe(scene, clients)
    faults: list[BaseException] = []
    threads = [threading.Thread(target=_run, args=(each, scene, faults), name=f"soak {each.kind}") for each in here]
    samples: list[Sample] = []
    interrupted = False
    start = time.monotonic()

    def look() -> None:
        done = sum(sum(dict(tally.operations).values()) for each in here for tally in each.tallies)
        samples.append(Sample(time.monotonic() - start, done, memory()))
        tell(samples[-1])

    for thread in threads:
        thread.start()
    try:
        while time.monotonic() - start < seconds and any(thread.is_alive() for thread in threads):
            scene.stop.wait(_LOOK)
            look()
    except KeyboardInterrupt:
        interrupted = True
    finally:
        scene.stop.set()
        for thread in threads:
            thread.join()
    took = time.monotonic() - start
    look()
    if faults:
        raise faults[0]
    _clean_up(scene, here)
    return Soak(
        seconds=took,
        clients=len(here),
        seed=seed,
        tally=add_up([rehearsed, *(tally for each in here for tally in each.tallies)]),
        samples=samples,
        memory_before=before,
        memory_after=memory(),
        lacking=scene.lacking.by_family(),
        interrupted=interrupted,
        ended_early=not interrupted and took < seconds * 0.9,
    )


def family_names() -> list[str]:
    """What may be asked for."""
    return [family.family for family in FAMILIES]


def _chosen(names: Sequence[str]) -> Sequence[type[Work]]:
    unknown = sorted(set(names) - set(family_names()))
    if unknown:
        raise NotReadyError(f"There is no family {', '.join(unknown)}. There are: {', '.join(family_names())}.")
    return [family for family in FAMILIES if not names or family.family in names]


def _rehearse(scene: Scene) -> Tally:
    """Try every operation alone, so that what the server cannot do is known before anybody is at work."""
    mind = scene.mind("rehearsal")
    line: Line | None = None
    try:
        for drawn in mind.rehearse(_REHEARSALS):
            line = line or Line(scene.url)
            line.send(b"".join([encode(step.args) for step in drawn.steps]))
            if not mind.judge([drawn], [line.reply() for _ in drawn.steps]):
                line.close()
                line = None
        for step in mind.farewell():
            line = line or Line(scene.url)
            line.send(encode(step.args))
            line.reply()
    except Lost as error:
        mind.tally.add_wrong(drawn.work.family, steps_of([drawn])[0].args, "a reply", error)
    finally:
        if line is not None:
            line.close()
    try_hello(scene)
    return mind.tally


def _must_have(lacking: Lacking, families: Sequence[str]) -> None:
    absent = lacking.by_family()
    wanted = {family: absent[family] for family in families if family in absent}
    if any(operation in lacking for operation in _ESSENTIAL):
        wanted = {family: absent[family] for family, _ in _ESSENTIAL if family in absent}
    if wanted:
        commands = ", ".join(command for found in wanted.values() for command in found)
        raise NotReadyError(f"The server cannot be soaked yet: it does not know {commands}.")


def _run(client: Client, scene: Scene, faults: list[BaseException]) -> None:
    try:
        client.run()
    except BaseException as error:
        faults.append(error)  # ours: told at the end, by who waits for this thread
        scene.stop.set()


def _clean_up(scene: Scene, clients: Sequence[Client]) -> None:
    """Remove all keys; a server that has gone has none."""
    try:
        line = Line(scene.url)
        for step in [step for each in clients for step in each.farewell()]:
            line.send(encode(step.args))
            line.reply()
        line.close()
    except (OSError, redis.RedisError):
        return
