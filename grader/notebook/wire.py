"""``from grader.notebook import wire``: what this notebook says to Redis, and what it costs.

    with wire.measure() as cost:
        r.mset({"a": 1, "b": 2})
    cost                                  # a card: round trips, server time, memory, encodings

`connect()` hands out clients that report here; they keep nothing unless somebody measures. A raw socket or a
`redis.asyncio` client is seen when it connects to `wire.address` or `wire.url`, which lead to the same Redis.
``%%wire`` on top of a cell shows the cell's transcript.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import redis

from grader.notebook.quiet import Quiet
from grader.servers import Server, ServerError, learning
from grader.wire.recorder import Wire
from grader.wire.transcript import Cost, Transcript

if TYPE_CHECKING:
    from grader.notebook.cost_card import CostCard
    from grader.wire.proxy import Proxy

__all__ = ["address", "measure", "url"]

address: tuple[str, int]
"""Host and port of a way to the learner's Redis that is seen here; for sockets."""
url: str
"""The same as a URL; for clients of any kind."""

# Trips of the proxy are numbered apart from the trips of the recorded clients.
_OF_THE_PROXY = 1_000_000_000
_PROXY_MEMORY = 32 * 1024 * 1024


class KernelWire(Transcript):
    """Everything one kernel says to Redis: its recorded clients, and what goes through its proxy."""

    def __init__(self) -> None:
        super().__init__()
        self.wire = Wire(keep=False)
        self.server_url = ""
        self._databases: dict[str, int] = {}
        self.unseen = 0
        self._proxy: Proxy | None = None
        self._leads_to = ""
        self._depth = 0

    def watch(self, client: redis.Redis, name: str, server: Server) -> redis.Redis:
        """Record `client`, a client of `server`, from now on."""
        self.server_url = server.url
        self._databases[name] = self._databases[""] = int(client.connection_pool.connection_kwargs.get("db") or 0)
        try:
            return self.wire.watch(client, name)
        except ValueError:  # an encrypted connection: usable, but nothing to be seen of it
            self.unseen += 1
            return client

    def proxy(self) -> Proxy:
        """The way to the learner's Redis for sockets and clients of other makes; opened when first asked for.

        Raises:
            Quiet: when there is no Redis, or its connections are encrypted.
        """
        from grader.wire.proxy import Proxy

        target = self.target()
        if self._proxy is not None and self._leads_to != target:  # `connect()` has found another Redis since
            self._proxy.close()
            atexit.unregister(self._proxy.close)
            self._proxy = None
        if self._proxy is None:
            try:
                self._proxy = Proxy(target, "tcp", memory=_PROXY_MEMORY)
            except (ValueError, OSError) as error:
                raise Quiet(f"No way to Redis that can be watched: {error}") from None
            self._leads_to = target
            atexit.register(self._proxy.close)
        return self._proxy

    def target(self) -> str:
        """The URL of the learner's Redis: the one `connect()` found last.

        Raises:
            Quiet: when there is none.
        """
        if not self.server_url:
            self.server_url = learners_server().url
        return self.server_url

    def database(self, name: str | None) -> int | None:
        """The database that the clients of a name use; that of the newest client for no name."""
        return self._databases.get(name or "")

    @property
    def measuring(self) -> bool:
        """Whether somebody measures or looks just now."""
        return self._depth > 0

    @contextmanager
    def measure(self, client: str | None = None) -> Iterator[Cost]:
        """Record the block's commands, of the recorded clients and, once the block has ended, of the proxy."""
        proxy = self._proxy
        self._depth += 1
        try:
            with self.wire.measure(client) as cost:
                if proxy is None:
                    yield cost
                    passed = _all_of(self._proxy, client)  # it may have been opened in the block
                else:
                    with proxy.measure(client) as passed:
                        yield cost
        finally:
            self._depth -= 1
            if not self._depth:
                self.wire.messages.clear()
        if passed is not None and passed.exchanges:
            _add(cost, passed)
        if self._proxy is not None and not self._depth:
            self._proxy.clear()


def _all_of(proxy: Proxy | None, client: str | None) -> Cost | None:
    """What a proxy has seen since it was opened."""
    if proxy is None:
        return None
    seen = [each for each in proxy.exchanges if client in (None, each.client)]
    sent, received = sum(len(each.sent) for each in seen), sum(len(each.received) for each in seen)
    return Cost(client, seen, sent, received)


def _add(cost: Cost, passed: Cost) -> None:
    """Put what went through the proxy among what the clients sent, in the order of time."""
    for each in passed.exchanges:
        if each.trip < _OF_THE_PROXY:
            each.trip += _OF_THE_PROXY
    cost.exchanges[:] = sorted([*cost.exchanges, *passed.exchanges], key=lambda each: each.sent_at or 0.0)
    cost.bytes_sent += passed.bytes_sent
    cost.bytes_received += passed.bytes_received
    cost.dropped += passed.dropped


_mine: KernelWire | None = None
_owner = 0


def kernel_wire() -> KernelWire:
    """This process's wire."""
    global _mine, _owner
    if _mine is None or _owner != os.getpid():
        _mine, _owner = KernelWire(), os.getpid()
    return _mine


def learners_server(url: str | None = None) -> Server:
    """The Redis to learn on: `url`, ``REDIS_URL``, the course's, or one of this kernel's own.

    Raises:
        Quiet: when there is none.
    """
    from grader.marking.place import NotInCourseError, course_folder

    folder = None
    with suppress(NotInCourseError):
        folder = course_folder()
    try:
        return learning(url, folder=folder)
    except ServerError as error:
        raise Quiet(f"No Redis: {error}") from None


@contextmanager
def measure(name: str | None = None) -> Iterator[CostCard]:
    """Measure what a block costs; shown as a card when it is the last line of a cell.

    Args:
        name: only the clients of that name (``connect(name="A")``).

    Raises:
        Quiet: when there is no Redis to ask.
    """
    from grader.notebook.cost_card import CostCard
    from grader.wire.meter import metered
    from grader.wire.session import Lost

    kernel = kernel_wire()
    with ExitStack() as stack:
        try:
            cost = stack.enter_context(metered(kernel, kernel.target(), name, kernel.database(name), CostCard))
        except (OSError, redis.RedisError, Lost) as error:
            raise Quiet(f"No Redis to ask what the block costs: {error}") from None
        yield cost
        try:
            stack.close()
        except Lost as lost:
            raise Quiet(f"Redis ended before it could be asked what the block cost. {lost}") from None


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name == "url":
        return kernel_wire().proxy().url
    if name == "address":
        return "127.0.0.1", kernel_wire().proxy().port
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
