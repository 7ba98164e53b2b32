"""Marking on many machines with dask.distributed: the same function, the same scores.

A submission travels as bytes and its marks come back as JSON text; learner code runs only in job processes beside the
dask workers, never in them. Everybody who can reach a dask scheduler can run code on its workers: keep it in a network
of your own, or give it TLS.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import platform
import queue
import threading
import zlib
from collections.abc import Callable, Generator, Iterable
from typing import Any

from grader.cohort.errors import CohortError
from grader.cohort.jobs import Job
from grader.cohort.kept import course_version
from grader.cohort.own_servers import everything, is_server
from grader.cohort.task import Batch, Finished, Task, marks_after_failure
from grader.marking.marks import Marks
from grader.marking.sandbox import SandboxMissing, asked_for

LOCAL = "local"
_CONNECT_SECONDS = 15
_RETRIES = 2
_LOOK_SECONDS = 2.0
_ALONE_SECONDS = 60.0
_AHEAD = 2  # tasks a worker thread has waiting, so that it is never idle

_own = threading.local()
_jobs: list[Job] = []


def this_worker() -> dict[str, str]:
    """What has to be the same everywhere: the course with its checks, and Python's minor version."""
    return {"course": course_version(), "python": ".".join(platform.python_version_tuple()[:2])}


def how_held(kind: str | None) -> dict[str, Any]:
    """Runs on a worker: whether marks of its sandbox can be trusted, and its words; or why it has none of `kind`."""
    try:
        sandbox = asked_for(kind)
    except SandboxMissing as missing:
        return {"missing": str(missing)}
    return {"trusted": sandbox.trusted, "words": sandbox.words}


def mark_packed(
    week: str,
    learner: str,
    packed: bytes,
    slugs: list[str],
    head: dict[str, Any],
    release: bytes,
    versions: dict[str, str],
) -> str:
    """Runs on a worker: the marks of a submission as JSON, or ``{"refused": …}`` with this worker's versions.

    Args:
        week: its assignment.
        learner: whose it is.
        packed: the submission (`grader.cohort.task.pack`).
        slugs: what to mark in it.
        head: what is the same for all (`Batch.head`), the course's secret in it.
        release: the released notebooks, packed and compressed.
        versions: what `this_worker` says where the batch was started.
    """
    mine = this_worker()
    if mine != versions:
        return json.dumps({"refused": mine})
    job: Job | None = getattr(_own, "job", None)
    if job is None or _own.batch != (head, release):
        if not _jobs:
            atexit.register(_end_jobs)
        job = _own.job = Job(Batch.of(head, zlib.decompress(release)))
        _own.batch = (head, release)
        _jobs.append(job)
    return json.dumps({"marks": job.mark(Task(week, learner, packed, tuple(slugs))).to_dict()})


def _end_jobs() -> None:
    for job in _jobs:
        job.stop()


def mark_on_cluster(
    tasks: Iterable[Task],
    address: str,
    jobs: int,
    batch: Batch,
    *,
    started: Callable[[Any], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
) -> Generator[Finished]:
    """Mark `tasks` on a dask cluster; yields them as they are finished, in any order.

    Args:
        tasks: what to mark.
        address: ``tcp://host:port`` of a scheduler, or ``local`` for workers of this machine.
        jobs: how many workers a local cluster gets.
        batch: what is the same for all tasks.
        started: told dask's client when it is connected.
        warn: told, before anything is marked, what a worker says that has no sandbox.

    Raises:
        CohortError: when the cluster cannot be reached, has no workers, has another version, lacks the sandbox that
            was asked for, or is lost.
    """
    with contextlib.ExitStack() as stack:
        client = _connect(stack, address, jobs)
        started(client)
        _compare(client, address)
        _look_at_sandboxes(client, batch, warn)
        yield from _mark(client, tasks, batch)


def _connect(stack: contextlib.ExitStack, address: str, jobs: int) -> Any:
    import logging

    import dask
    from distributed import Client, LocalCluster

    stack.enter_context(dask.config.set({"distributed.admin.tick.limit": "1h"}))
    target: Any = address
    if address == LOCAL:
        target = stack.enter_context(
            LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                memory_limit=0,
                silence_logs=logging.CRITICAL,
            )
        )
    try:
        client = Client(target, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CohortError(
            f"No dask scheduler answers at {address} ({told}). Start one with `dask scheduler`, and on each machine "
            f"`dask worker {address}`."
        ) from None
    return stack.enter_context(client)


def _workers(client: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
    return found


def _compare(client: Any, address: str) -> None:
    if not _workers(client):
        raise CohortError(f"The cluster at {address} has no workers. Start some with `dask worker {address}`.")
    try:
        found: dict[str, dict[str, str]] = client.run(this_worker)
    except Exception as error:
        raise CohortError(
            f"The workers of {address} cannot load the course ({type(error).__name__}: {error}). Install the same "
            "version of it there."
        ) from None
    for worker, theirs in found.items():
        _refuse_other(worker, theirs)


def _look_at_sandboxes(client: Any, batch: Batch, warn: Callable[[str], None]) -> None:
    found: dict[str, dict[str, Any]] = client.run(how_held, batch.sandbox or None)
    for worker, said in found.items():
        if "missing" in said:
            raise CohortError(f"The worker {worker} cannot hold submissions as asked: {said['missing']}")
        if not said["trusted"]:
            warn(f"The worker {worker}: {said['words']}")


def _refuse_other(worker: str, theirs: dict[str, str]) -> None:
    mine = this_worker()
    differing = [f"{name} {theirs.get(name)} instead of {version}" for name, version in mine.items()
                 if theirs.get(name) != version]  # fmt: skip
    if differing:
        raise CohortError(
            f"The worker {worker} has {' and '.join(differing)}. Scores could differ: install the same version there."
        )


def _mark(client: Any, tasks: Iterable[Task], batch: Batch) -> Generator[Finished]:
    waiting = iter(tasks)
    done: queue.SimpleQueue[tuple[Task, Any]] = queue.SimpleQueue()
    running: dict[str, Any] = {}
    versions, release = this_worker(), zlib.compress(batch.release)

    def submit() -> None:
        task = next(waiting, None)
        if task is None:
            return
        future = client.submit(
            mark_packed, task.week, task.learner, task.packed, list(task.slugs), batch.head(), release, versions,
            pure=False, retries=_RETRIES,
        )  # fmt: skip
        running[future.key] = future
        future.add_done_callback(lambda ended: done.put((task, ended)))

    threads = sum(worker["nthreads"] for worker in _workers(client).values())
    for _ in range(threads * _AHEAD):
        submit()
    try:
        alone = 0.0
        while running:
            try:
                task, future = done.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                alone = 0.0 if _has_workers(client) else alone + _LOOK_SECONDS
                if alone >= _ALONE_SECONDS:
                    raise CohortError(_LOST) from None
                continue
            del running[future.key]
            submit()
            yield Finished(task, _marks(task, future, batch))
    finally:
        with contextlib.suppress(Exception):
            client.cancel(list(running.values()), force=True)


_LOST = (
    "The cluster has no workers any more. What is marked is kept: run the same command again when it is back, or "
    "without --cluster."
)


def _has_workers(client: Any) -> bool:
    try:
        return client.status == "running" and bool(_workers(client))
    except Exception:
        return False


def _marks(task: Task, future: Any, batch: Batch) -> Marks:
    """The marks of a future that has ended; grader errors where no worker lived to say them."""
    from distributed import KilledWorker

    if future.status == "cancelled" or future.status == "lost":
        raise CohortError(_LOST)
    try:
        said = json.loads(future.result())
    except KilledWorker:
        sentence = "Every worker that marked this submission was lost. Look at it by hand."
        marks = marks_after_failure(task, everything(), [], course_version(), sentence)
        marks.partial = batch.partial and not is_server(task.week)
        return marks
    if "refused" in said:
        _refuse_other("that joined later", said["refused"])
    return Marks.from_dict(said["marks"])
