"""The server: one loop, one thread, one command at a time.

A turn of the loop waits for sockets or for the next thing that is due, reads from those that have something, runs the
commands, and then writes: first the append-only file, then the replies. So a client never hears of a change that is not
yet as safe as `appendfsync` promises.
"""

from __future__ import annotations

import contextlib
import gc
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from miniredis import eviction, limits, notifications, shutdown, transactions
from miniredis.blocking import Blocked
from miniredis.commands.table import COMMANDS, Command, lookup, unknown_command, unknown_subcommand, wrong_arity
from miniredis.config import Config
from miniredis.connection import Client
from miniredis.field_ends import end_some_fields
from miniredis.latency import Latency
from miniredis.monitor import feed
from miniredis.pausing import Pause
from miniredis.persistence.aof import AppendOnlyFile, CannotGoOn
from miniredis.persistence.snapshots import Snapshots
from miniredis.pubsub import ALLOWED_WHILE_SUBSCRIBED, PubSub, not_while_subscribed
from miniredis.resp import NO_REPLY, Args, CommandError, Reply, encode_error
from miniredis.slowlog import Slowlog
from miniredis.stats import Stats
from miniredis.store import Database
from miniredis.tracking import Trackers
from miniredis.values import packing

BACKLOG = 511


class Server:
    """A running miniredis.

    Attributes:
        databases: the numbered keyspaces.
        now: milliseconds since 1970, taken once a turn of the loop.
        clock: what `Database.used` is stamped with.
        dirty: changes so far; a command that leaves it as it was has changed nothing.
        current: the command at hand and its arguments.
        loading: while files are read at the start.
        notify: the classes of events to publish, as in notify-keyspace-events.
        trackers: clients that want to hear which keys have become invalid (`tracking`).
        monitors: clients that want to see every command.
        acting: the client whose commands are being run; what is pushed to it waits until its reply is out.
        measure_from: seconds from which a command's time is looked at more closely; see `settings_changed`.
        logging: whether changes are passed on at all: there is an append-only file and it is not being loaded.
        guarded: memory or the disk may be full, or there is a pause, so each command is looked at before it runs.
        observed: somebody monitors or tracks, so each command is looked at when it has run.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.started = time.time()
        self.now = int(self.started * 1000)
        self.clock = self.now // 1000
        self.stats = Stats()
        self.dirty = 0
        self.loading = False
        self.notify = ""
        self.trackers = Trackers(self)
        self.pubsub = PubSub()
        self.monitors: list[Client] = []
        self.slowlog = Slowlog()
        self.latency = Latency()
        self.pause = Pause(self)
        self.acting: Client | None = None
        self.memory = eviction.Memory(self)
        self.snapshots = Snapshots(self)
        self.aof = AppendOnlyFile(self)
        self.databases = [Database(i, self) for i in range(int(config["databases"]))]
        self.clients: dict[int, Client] = {}
        self.to_flush: list[Client] = []
        self.blocked = Blocked(self)
        self.current: tuple[Command, Args] = (COMMANDS[b"PING"], [b"PING"])
        self.logging = False
        self._instead: list[Args] | None = None  # what to log for the command at hand; None: as it was typed
        self._unit: list[tuple[int, Args]] = []  # what the outermost command has changed: database, command
        self._on_its_own = False  # no client asked for what is being changed, as in active expiry
        self._selector = selectors.DefaultSelector()
        self._listening: list[socket.socket] = []
        self._to_wake: list[Client] = []
        self._next_cron = time.monotonic()
        self._stopping = False
        self.guarded = self.observed = False
        self._loaded = False
        self.measure_from = 0.0
        self.active_expire = True
        self.rate = 0  # commands a second, of late
        self._rate_from = (time.monotonic(), 0)
        self.settings_changed()

    def settings_changed(self) -> None:
        """Read the settings that are kept elsewhere too, for speed: after the start and after CONFIG SET."""
        config = self.config
        events = str(config["notify-keyspace-events"])
        self.notify = notifications.classes(events) if events else ""
        slow, latency = int(config["slowlog-log-slower-than"]), int(config["latency-monitor-threshold"])
        limits = [slow / 1e6] * (slow >= 0) + [latency / 1e3] * (latency > 0) + [0.0] * bool(config["latency-tracking"])
        self.measure_from = min(limits, default=float("inf"))
        packing.adopt(config)
        self.memory.settings_changed()
        if self._loaded and bool(config["appendonly"]) != self.aof.on:
            self.aof.switch(bool(config["appendonly"]))
        self.look_out()

    def look_out(self) -> None:
        """Find out again whether commands need a look before they run (`guarded`) or afterwards (`observed`).

        Called when memory gets a limit, the disk fails or recovers, a pause begins or ends, somebody begins or ends
        to monitor or to track.
        """
        self.guarded = bool(self.memory.limit or self.snapshots.has_failed or self.aof.error or self.pause.on)
        self.observed = bool(self.monitors or self.trackers)

    def load(self) -> None:
        """Read what the files hold, before the first client is heard: the append-only file, or the snapshot.

        Raises:
            BadFile, OSError: they are damaged, or cannot be read or written.
        """
        self._read(self.aof.load if self.config["appendonly"] else self.snapshots.load)
        if self.config["appendonly"]:
            self.aof.open()
        self.logging = self.aof.on
        self._loaded = True

    def load_again(self, read: Callable[[], None], flush: bool) -> None:
        """Read a file while the server runs (DEBUG RELOAD, DEBUG LOADAOF), after forgetting everything if `flush`.

        Raises:
            BadFile, OSError: it is damaged, or cannot be read.
        """
        for database in self.databases if flush else ():
            database.clear()
        self._read(read)

    def _read(self, read: Callable[[], None]) -> None:
        """Run `read`. Nothing that it does is a change: it is neither logged nor counted, and no key ends meanwhile."""
        dirty, logging = self.dirty, self.logging
        self.loading, self.logging = True, False
        try:
            read()
        finally:
            self.loading, self.logging, self.dirty = False, logging, dirty
        self.memory.count_again()

    # The loop

    def listen(self) -> None:
        """Open the sockets of `bind`, `port` and `unixsocket`.

        Raises:
            OSError: an address is in use, or not ours.
        """
        for word in str(self.config["bind"]).split():
            host = {"*": "0.0.0.0", "::*": "::"}.get(word.removeprefix("-"), word.removeprefix("-"))
            # "-::1" is an address that need not be there.
            with contextlib.suppress(*(OSError,) * word.startswith("-")):
                listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if listening.family == socket.AF_INET6:
                    listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listening.bind((host, int(self.config["port"])))
                self._listen_on(listening)
        if path := str(self.config["unixsocket"]):
            Path(path).unlink(missing_ok=True)
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listening.bind(path)
            self._listen_on(listening)

    def _listen_on(self, listening: socket.socket) -> None:
        listening.listen(BACKLOG)
        listening.setblocking(False)
        self._listening.append(listening)
        self._selector.register(listening, selectors.EVENT_READ, listening)

    @property
    def port(self) -> int:
        """The TCP port that is listened on: the one asked for, or a free one for port 0."""
        return int(self._listening[0].getsockname()[1])

    @property
    def multiplexing(self) -> str:
        """How the loop waits for sockets, in Redis's words: "epoll", "kqueue"."""
        return type(self._selector).__name__.removesuffix("Selector").lower()

    def run(self) -> None:
        """Serve until `stop`.

        Raises:
            CannotGoOn: what `appendfsync always` promises cannot be kept.
            SystemExit: SHUTDOWN.
        """
        while True:
            if self._stopping:
                with contextlib.suppress(NotImplementedError):  # not built yet: leave as one is
                    self._stopping = shutdown.prepare(self)
                if self._stopping:
                    return
            events = self._selector.select(self._patience())
            self.now = int(time.time() * 1000)
            for key, mask in events:
                try:
                    if isinstance(key.data, Client):
                        if mask & selectors.EVENT_READ:
                            self.acting = key.data
                            key.data.on_readable()
                        if mask & selectors.EVENT_WRITE:
                            key.data.on_writable()
                    else:
                        self._accept(key.data)
                except NotImplementedError as missing:
                    self._not_built(key.data, missing)
            self.acting = None
            if time.monotonic() >= self._next_cron:
                self._cron()
            self.blocked.serve()  # keys may have changed without a command: one has ended
            self.blocked.give_up()
            if self.pause.on:
                self.pause.end_if_due()
            self._before_sleep()

    def _not_built(self, source: Client | socket.socket, missing: NotImplementedError) -> None:
        """A part of this server that every command needs is not there yet: say so, and hang up."""
        print(f"not built yet: {missing}", file=sys.stderr, flush=True)
        sock = source.socket if isinstance(source, Client) else source.accept()[0]
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.send(encode_error(f"ERR not built yet: {missing}"))
        if isinstance(source, Client):
            source.close()
        elif sock is not None:
            sock.close()

    def stop(self) -> None:
        """Leave at the end of this turn, unless the data set cannot be saved: SIGTERM."""
        self._stopping = True

    def close_sockets(self) -> None:
        """Close this process's hold of all sockets. In a child: or they would stay open for as long as it works."""
        for listening in self._listening:
            listening.close()
        for client in self.clients.values():
            if client.socket is not None:
                client.socket.close()

    def _accept(self, listening: socket.socket) -> None:
        raise NotImplementedError("mini.accept")  # course hint mini.accept

    def _patience(self) -> float:
        """Seconds until something is due."""
        if self._to_wake:
            return 0.0
        wait = self._next_cron - time.monotonic()
        deadline = self.blocked.next_deadline()
        if deadline is not None:
            wait = min(wait, deadline / 1000 - time.time())
        if self.pause.on:
            wait = min(wait, self.pause.until / 1000 - time.time())
        return max(wait, 0.0)

    def _before_sleep(self) -> None:
        """Finish the turn: commands that had to wait, the file, then the replies."""
        while self._to_wake:
            self.acting = self._to_wake.pop(0)
            self.acting.resume()
        self.acting = None
        if self.trackers:
            self.trackers.broadcast()
        if self.aof.on:
            self.aof.flush()
        clients, self.to_flush = self.to_flush, []
        for client in clients:
            try:
                client.flush()
            except NotImplementedError as missing:
                self._not_built(client, missing)

    def _cron(self) -> None:
        """What is done `hz` times a second."""
        self._next_cron = time.monotonic() + 1 / int(self.config["hz"])
        self._count_rate()
        for job in (self._end_idle, self._end_keys, self.snapshots.tend, self.aof.tend):
            with contextlib.suppress(NotImplementedError):  # not built yet: the server lives without it
                job()
        self.clock = self.now // 1000
        self.look_out()

    def _end_idle(self) -> None:
        """Hang up on clients that have been silent for too long."""
        limits.tend(self)

    def _end_keys(self) -> None:
        """Active expiry: remove keys that have ended, though nobody asks for them."""
        self._on_its_own = True
        try:
            for database in self.databases if self.active_expire and not self.pause.on else ():
                # A database with many ended keys is worth another look at once.
                while database.end_some(20) > 5:
                    pass
                while end_some_fields(database, 20) > 5:
                    pass
        finally:
            self._on_its_own = False

    def _count_rate(self) -> None:
        """Commands a second, for INFO: taken about once a second."""
        now, (since, counted) = time.monotonic(), self._rate_from
        if now - since >= 1 or counted > self.stats.commands:
            self.rate = int(max(self.stats.commands - counted, 0) / max(now - since, 1e-3))
            self._rate_from = now, self.stats.commands

    def watch_socket(self, client: Client, writing: bool) -> None:
        """Ask the loop to say (or no longer to say) when a client's socket has room."""
        assert client.socket is not None
        mask = selectors.EVENT_READ | selectors.EVENT_WRITE if writing else selectors.EVENT_READ
        self._selector.modify(client.socket, mask, client)

    def wake(self, client: Client) -> None:
        """A client waits no longer: run what it has sent meanwhile."""
        self._to_wake.append(client)

    def forget(self, client: Client) -> None:
        """Take a closed client out of every list."""
        self.clients.pop(client.id, None)
        self.blocked.forget(client)
        self.trackers.forget(client)
        self.pubsub.forget(client)
        if client.watching:
            transactions.unwatch(client)
        if client.monitoring:
            self.monitors.remove(client)
            self.look_out()
        if client.socket is not None:
            self._selector.unregister(client.socket)

    # Commands

    def process(self, client: Client, args: Args) -> Reply:
        """Run a command if it may run now; its reply."""
        if not client.plain:
            client.begin_command()
        command = COMMANDS.get(args[0])
        if command is None or command.subcommands:
            command = lookup(args)
            if command is None:
                return self.reject(client, None, unknown_command(args))
            if command.subcommands and len(args) > 1:
                return self.reject(client, None, unknown_subcommand(args))
        # mini.arity: yours to build (course hint mini.arity)
        client.last_command = command
        if self.guarded or not client.plain:
            try:
                instead = self._instead_of_running(client, command, args)
            except NotImplementedError as missing:
                return CommandError(f"ERR not built yet: {missing}")
            if instead is not None:
                return instead
        reply = self.call(client, command, args)
        if self.blocked.changed:
            self.blocked.serve()
        return reply

    def _instead_of_running(self, client: Client, command: Command, args: Args) -> Reply | None:
        """What happens instead of running a command now: an error, QUEUED, or a wait. None when nothing is in its way.

        The order of the questions is Redis's own (server.c, processCommand): it decides which error comes first.
        """
        if not client.authenticated:
            raise NotImplementedError("mini.auth")  # course hint mini.auth
        if client.queue is not None and "no_multi" in command.flags:
            return self.reject(client, command, CommandError("ERR Command not allowed inside a transaction"))
        if self.guarded and (error := eviction.refusal(client, command)) is not None:
            return self.reject(client, command, error)
        if client.protocol == 2 and client.subscriptions:
            raise NotImplementedError("mini.subscribed-mode")  # course hint mini.subscribed-mode
        if client.monitoring and (command.writes or "readonly" in command.flags):
            return self.reject(client, command, CommandError("ERR Replica can't interact with the keyspace"))
        if self.pause.on and self.pause.holds(client, command):
            self.pause.postpone(client, command, args)
            return NO_REPLY
        if client.queue is not None and command.name not in transactions.NEVER_QUEUED:
            return transactions.enqueue(client, command, args)
        return None

    def reject(self, client: Client, command: Command | None, error: CommandError) -> Reply:
        """A command that will not be run: what its client is told. Inside MULTI the transaction is lost with it."""
        self.stats.count_error(error.text)
        if command is not None:
            command.rejected_calls += 1
        return transactions.rejected(client, command, error)

    def call(self, client: Client, command: Command, args: Args) -> Reply:
        """Run a command, measure it, and pass on what it changed; its reply, an error as a value."""
        self.current = command, args
        dirty = self.dirty
        started = time.perf_counter()
        try:
            reply = command.handler(client, args)
        except CommandError as error:
            command.failed_calls += 1
            self.stats.count_error(error.text)
            reply = error
        except NotImplementedError as missing:
            reply = CommandError(f"ERR not built yet: {missing}")
        except CannotGoOn:
            raise
        except Exception as bug:
            reply = self._stumbled(bug)
        if reply is not NO_REPLY or client.wait is None:
            seconds = time.perf_counter() - started
            command.calls += 1
            command.microseconds += seconds * 1e6
            self.stats.commands += 1
            if seconds >= self.measure_from:
                with contextlib.suppress(NotImplementedError):  # not built yet: nobody writes down what was slow
                    self._measure(client, command, args, seconds)
        if self.observed:
            self._tell(client, command, args)
        if self.logging:
            self._collect(client, command, args, self.dirty != dirty)
        return reply

    def _stumbled(self, bug: Exception) -> CommandError:
        """What a client hears of a mistake in this very program. The log has its place, and the others are served on.

        Redis ends itself here, for nobody knows in what state it is; but it has fewer such moments than a server that
        is being built.
        """
        traceback.print_exception(bug, file=sys.stderr)
        sys.stderr.flush()
        return CommandError(" ".join(f"ERR internal error: {type(bug).__name__}: {bug}".split()))

    def _measure(self, client: Client, command: Command, args: Args, seconds: float) -> None:
        """Keep what took long, for SLOWLOG and LATENCY."""
        config = self.config
        microseconds = int(seconds * 1e6)
        if 0 <= int(config["slowlog-log-slower-than"]) <= microseconds and "skip_slowlog" not in command.flags:
            self.slowlog.add(client, command, args, microseconds, int(config["slowlog-max-len"]))
        threshold = int(config["latency-monitor-threshold"])
        if 0 < threshold <= microseconds // 1000:
            self.latency.add("fast-command" if "fast" in command.flags else "command", microseconds // 1000)
        if config["latency-tracking"]:
            command.count_time(microseconds)

    def _tell(self, client: Client, command: Command, args: Args) -> None:
        """A command has been run: show it to MONITOR's clients, and remember what a tracking client has read."""
        hidden = "admin" in command.flags or "skip_monitor" in command.hidden or client.retrying
        if self.monitors and not hidden:
            feed(self.monitors, client, command, args)
        if self.trackers:
            self.trackers.ran(client, command, args)

    # What is passed on to the append-only file

    def rewrite(self, *commands: Args) -> None:
        """Log these commands in place of the one at hand; several calls add up, and without any nothing is logged.

        For a command that would do something else when it is run again later: EXPIRE becomes PEXPIREAT, SPOP becomes
        SREM, BLPOP becomes LPOP.
        """
        if self.logging:
            self._instead = [*(self._instead or ()), *commands]

    def propagate(self, database: Database, args: Args) -> None:
        """Log a change that no command asked for by name, such as the DEL of a key whose time has come.

        Within a command it stands before it, so that both are loaded in the order in which they happened.
        """
        if not self.logging:
            return
        self._unit.append((database.index, args))
        if self._on_its_own:
            self.end_unit()

    def _collect(self, client: Client, command: Command, args: Args, changed: bool) -> None:
        """A command has been run: keep what to log of it, and log it at the end of the outermost command.

        EXEC itself is not kept: its commands come through here one by one, with `client.in_exec` set.
        """
        instead, self._instead = self._instead, None
        if instead is not None:
            raise NotImplementedError("mini.aof-effects")  # course hint mini.aof-effects
        elif changed and command.name != "exec":
            self._unit.append((client.db.index, args))
        if self._unit and not client.in_exec:
            self.end_unit()

    def end_unit(self) -> None:
        """Log what one command, one transaction or one step of the server itself has changed: all of it or nothing."""
        unit, self._unit = self._unit, []
        self.aof.append(unit)

    def notify_event(self, database: Database, key: bytes, kind: str, event: str) -> None:
        """Publish an event of a key to those who subscribed to it."""
        notifications.publish(self, database, key, kind, event)

    def invalidate(self, key: bytes) -> None:
        """Tell the clients that track this key that it has changed."""
        self.trackers.invalidate(key)


def start(config: Config) -> Server:
    """Make a server that listens and has read its files.

    Raises:
        OSError: an address is in use, or a file cannot be read or written.
        BadFile: a file is damaged.
    """
    server = Server(config)
    # The address first: whoever has it also owns the files, and would not like them to be repaired meanwhile.
    server.listen()
    server.load()
    return server


def serve(server: Server) -> None:
    """Say that the server is ready, and serve until SIGTERM, SIGINT or SHUTDOWN.

    Raises:
        CannotGoOn: the append-only file cannot be written any more.
    """

    def leave(number: int, frame: Any) -> None:
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    # The collector walks all containers there are, and none of those that a server keeps for long is part of a cycle.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    if server.config.ignored:
        print(f"without effect here: {', '.join(dict.fromkeys(server.config.ignored))}", flush=True)
    print(f"miniredis is ready on port {server.port}", flush=True)
    server.run()
