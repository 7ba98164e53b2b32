"""Memory: what each key weighs, and which keys go when all of them weigh more than `maxmemory`.

Weights are estimates of what Redis 8.2 would need, not of what Python needs: the same keys fill both servers at about
the same point. They are counted while they change, and only where there is a limit.

To find the key that nobody has used for the longest time one would have to keep all keys in that order. Redis takes a
few keys at random and removes the best of them; those that were nearly chosen stay in a pool and compete again. That is
close enough (`maxmemory-samples` says how close), and costs nothing when a key is used but a number written beside it.

That number is the moment of the last use in seconds for all policies but LFU. For LFU it is the minute of the last use
and a counter of eight bits, which grows ever more slowly and shrinks with every minute of no use.
"""

from __future__ import annotations

import bisect
import random
from typing import TYPE_CHECKING, Any, TypeAlias

from miniredis.resp import CommandError
from miniredis.values import Value
from miniredis.values.indexed import Indexed

if TYPE_CHECKING:
    from miniredis.commands.table import Command
    from miniredis.connection import Client
    from miniredis.server import Server
    from miniredis.store import Database

# Measured on an empty Redis 8.2.3, which counts what it needs for itself towards maxmemory.
EMPTY_SERVER = 850_000
# Beside key and value: a slot of the hash table, and the same for the end of a key.
PER_KEY, PER_END = 24, 32
POOL_SIZE = 16
SAMPLE = 1000

OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'."
CANNOT_SAVE = (
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that "
    "may modify the data set are disabled, because this instance is configured to report errors during writes if RDB "
    "snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB "
    "error."
)
# Databases keep keys and ends of keys in the same kind of dictionary.
Candidates: TypeAlias = Indexed[Any]

NEW_COUNTER = 5  # LFU: a new key is not the first to go
MAX_COUNTER = 255


def weight(key: bytes, value: Value) -> int:
    """Return about how many bytes Redis needs for a key with its value: what MEMORY USAGE says. O(1)."""
    if isinstance(value, (bytes, bytearray)):
        separate = 16 if len(value) > 44 else 0
        return 32 + separate + (len(key) + len(value) + 8 & ~7)
    return 16 + (len(key) + 8 & ~7) + value.memory()


# When a command may not run


def refusal(client: Client, command: Command) -> CommandError | None:
    """Return the error for a command that may not run because memory or the disk is full, or None. Makes room first."""
    server = client.server
    if server.memory.limit and not server.memory.make_room():
        raise NotImplementedError("mini.maxmemory")  # course hint mini.maxmemory
    if command.writes or command.denied_when_full or command.name == "ping":
        if server.snapshots.has_failed:
            return CommandError(CANNOT_SAVE)
        if server.aof.error:
            return CommandError(f"MISCONF Errors writing to the AOF file: {server.aof.error}")
    return None


class Memory:
    """What the keys of a server weigh, and the way to get below the limit.

    Attributes:
        limit: `maxmemory` in bytes; 0 for none.
        peak: the most that `used` has found.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.limit = 0
        self.peak = EMPTY_SERVER
        self._total = 0
        self._policy = "noeviction"
        # Keys that were sampled and not removed, the best to remove last: (score, database, key).
        self._pool: list[tuple[int, int, bytes]] = []

    def settings_changed(self) -> None:
        """Take over `maxmemory` and `maxmemory-policy`; begin or cease to count."""
        config = self._server.config
        limit, policy = int(config["maxmemory"]), str(config["maxmemory-policy"])
        if bool(limit) != bool(self.limit):
            self._count_all(counting=bool(limit))
        if policy != self._policy:
            self._pool.clear()
            if policy.endswith("lfu") != self._policy.endswith("lfu"):
                self._remember_use_as(policy)
        self.limit, self._policy = limit, policy

    def _count_all(self, counting: bool) -> None:
        self._total = 0
        for database in self._server.databases:
            database.weights = {} if counting else None
            if counting:
                for key in database.keys:
                    self.weigh(database, key)

    def _remember_use_as(self, policy: str) -> None:
        """Begin to write the other kind of number beside keys; what was known of their use is lost."""
        for database in self._server.databases:
            keys = database.used
            database.used = Frequencies(database) if policy.endswith("lfu") else {}
            for key in keys:
                database.used[key] = self._server.clock

    def count_again(self) -> None:
        """The files have been loaded."""
        if self.limit:
            self._count_all(counting=True)

    def weigh(self, database: Database, key: bytes) -> None:
        """A key has changed, come or gone: count what it weighs now."""
        assert database.weights is not None
        # mini.maxmemory: yours to build (course hint mini.maxmemory)

    def cleared(self, database: Database) -> None:
        """All keys of a database have gone."""
        if database.weights is not None:
            self._total -= sum(database.weights.values())
            database.weights.clear()

    def used(self) -> int:
        """Return what everything weighs, in bytes; without a limit, an estimate from a sample. O(1)."""
        total = self._total if self.limit else sum(map(_estimate, self._server.databases))
        total += EMPTY_SERVER + sum(PER_END * len(database.expires) for database in self._server.databases)
        self.peak = max(self.peak, total)
        return total

    # Making room

    def make_room(self) -> bool:
        """Remove keys until no more than `limit` is used; whether that was possible."""
        while self.used() > self.limit:
            if self._policy == "noeviction":
                return False
            # mini.evict-random: yours to build (course hint mini.evict-random)
        return True

    def _evict(self, database: Database, key: bytes) -> None:
        """Remove a key and tell: the file, the watchers, the listeners."""
        raise NotImplementedError("mini.evict-random")  # course hint mini.evict-random

    def _choose(self) -> tuple[Database, bytes] | None:
        """Return the next key to remove, or None when the policy leaves none."""
        if self._policy.endswith("random"):
            return self._any()
        raise NotImplementedError("mini.evict-lru")  # course hint mini.evict-lru

    def _candidates(self, database: Database) -> Candidates:
        """Under volatile-… only keys that have an end may go."""
        if self._policy.startswith("volatile"):
            raise NotImplementedError("mini.evict-volatile")  # course hint mini.evict-volatile
        return database.keys

    def _any(self) -> tuple[Database, bytes] | None:
        """Any key of any database that has one to give."""
        raise NotImplementedError("mini.evict-random")  # course hint mini.evict-random

    def _fill_pool(self) -> None:
        """Sample some keys of every database; those worth more than the worst of the pool enter it."""
        raise NotImplementedError("mini.evict-lru")  # course hint mini.evict-lru

    def _score(self, database: Database, key: bytes) -> int:
        """How much a key deserves to go: the higher, the sooner."""
        if self._policy.endswith("lfu"):
            return MAX_COUNTER - frequency(database, key)
        raise NotImplementedError("mini.evict-lru")  # course hint mini.evict-lru


def _estimate(database: Database) -> int:
    """What the keys of a database weigh: exactly up to `SAMPLE` keys, beyond that as so many of them on average."""
    count = len(database.keys)
    if count <= SAMPLE:
        return sum(weight(key, value) + PER_KEY for key, value in database.keys.items())
    total = 0
    for _ in range(SAMPLE):
        key = database.keys.random_key()
        assert key is not None
        value = database.keys.get(key)
        assert value is not None
        total += weight(key, value) + PER_KEY
    return total * count // SAMPLE


# How keys are used


def idle_seconds(database: Database, key: bytes) -> int:
    """Return for how many seconds nobody has used a key. For policies other than LFU."""
    return max(database.server.clock - database.used.get(key, 0), 0)


def frequency(database: Database, key: bytes) -> int:
    """Return the counter of a key's use, 0 to 255, less what it has lost since. For LFU."""
    raise NotImplementedError("mini.evict-lfu")  # course hint mini.evict-lfu


class Frequencies(dict[bytes, int]):
    """`Database.used` while the policy is LFU: storing the time of a use counts it instead."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def __setitem__(self, key: bytes, clock: int) -> None:
        """Count one use: the more there were, the less probably."""
        raise NotImplementedError("mini.evict-lfu")  # course hint mini.evict-lfu

    def put(self, key: bytes, counter: int) -> None:
        """Take over a counter that was saved."""
        super().__setitem__(key, self._database.server.clock // 60 << 8 | counter)


def remember(database: Database, key: bytes, idle: int | None, frequency: int | None) -> None:
    """Take over how a key was used before it was saved, where the policy at work asks for it."""
    used = database.used
    if isinstance(used, Frequencies):
        if frequency is not None:
            used.put(key, frequency)
    elif idle is not None:
        used[key] = database.server.clock - idle
