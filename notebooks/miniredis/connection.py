"""One client: bytes from its socket, bytes to its socket, and what it has said about itself.

The socket never blocks. What cannot be sent at once stays in `_unsent` until the loop says that the socket takes more,
so a client that does not read holds up nobody but itself.
"""

from __future__ import annotations

import itertools
import socket
import time
from typing import TYPE_CHECKING

from miniredis import limits, transactions
from miniredis.blocking import Wait
from miniredis.pipeline_reader import PipelineReader
from miniredis.resp import NO_REPLY, Args, ProtocolError, Reply, RequestReader, encode, encode_error

if TYPE_CHECKING:
    from miniredis.commands.table import Command
    from miniredis.server import Server
    from miniredis.store import Database
    from miniredis.tracking import Tracking

READ_SIZE = 64 * 1024
_ids = itertools.count(1)


class Client:
    """A connection and its session.

    Attributes:
        db: the selected database.
        protocol: 2 or 3, as HELLO set it.
        queue: the commands since MULTI, or None outside a transaction.
        wait: what a blocked client waits for (`blocking`).
        retrying: while a blocked command is run again.
        postponed: the command it stood still with during CLIENT PAUSE, to be looked at again.
        plain: nothing below makes it special, so its commands need no second look; see `session_changed`.
        reply_mode: of CLIENT REPLY: "on", "off", "skip" while the reply at hand is left out, "skip next" before that.
    """

    def __init__(self, server: Server, sock: socket.socket | None, address: str = "") -> None:
        self.id = next(_ids)
        self.server = server
        self.socket = sock
        self.address = address
        self.created = time.time()
        self.last_used = server.now
        self.db: Database = server.databases[0]
        self.protocol = 2
        self.name = b""
        self.library: dict[bytes, bytes] = {}
        self.authenticated = not server.config["requirepass"]
        self.plain = self.authenticated
        self.queue: list[tuple[Command, Args]] | None = None
        self.queue_is_broken = False
        self.watching: list[tuple[Database, bytes]] = []
        self.watched_key_changed = False
        self.in_exec = False
        self.wait: Wait | None = None
        self.retrying = False
        self.postponed: Args | None = None
        self.channels: dict[bytes, None] = {}
        self.patterns: dict[bytes, None] = {}
        self.shard_channels: dict[bytes, None] = {}
        self.tracking: Tracking | None = None
        self.monitoring = False
        self.reply_mode = "on"
        self.no_touch = False
        self.no_evict = False
        self.last_command: Command | None = None
        self.closing = False  # close once everything is sent
        self.closed = False
        self._reader = PipelineReader() if server.config["parser"] == "split" else RequestReader()
        self._reader.authenticated = self.authenticated
        self.bytes_in = 0
        self.bytes_out = 0
        self.commands = 0
        self._pushes: list[bytes] = []  # what must not leave before the reply at hand
        self._unsent: list[bytes | memoryview] = []
        self._waiting = 0  # bytes in the first `_weighed` of them
        self._weighed = 0
        self.over_limit_since: int | None = None  # more than the soft limit waits, since then
        self._writing = False  # the loop watches for room in the socket
        self._room = False  # and there is room now
        self._in_line = False  # stands in server.to_flush

    @property
    def over_unix_socket(self) -> bool:
        """Whether it came through `unixsocket`."""
        return self.socket is not None and self.socket.family == socket.AF_UNIX

    @property
    def is_local(self) -> bool:
        """Whether it comes from this machine."""
        return self.over_unix_socket or self.address.startswith(("127.", "::1:", "[::1]:"))

    @property
    def own_address(self) -> str:
        """The address of the server that it has connected to."""
        if self.socket is None or self.closed:
            return ""
        name = self.socket.getsockname()
        return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else f"{name}:0"

    # In

    def on_readable(self) -> None:
        """Read what is there and run every complete command in it."""
        assert self.socket is not None
        # mini.accept: yours to build (course hint mini.accept)
        self.last_used = self.server.now

    def run_commands(self) -> None:
        """Run the commands that have been read, until one of them waits or the bytes are used up."""
        raise NotImplementedError("mini.ping")  # course hint mini.ping

    def resume(self) -> None:
        """Go on after a wait: with the command that stood still, then with those that have come meanwhile."""
        if self.closed:
            return
        if self.postponed is not None:
            postponed, self.postponed = self.postponed, None
            self.send(self.server.process(self, postponed))
        self.run_commands()

    @property
    def unread(self) -> int:
        """Bytes that were read and not yet understood."""
        return self._reader.buffered

    # Out

    def send(self, reply: Reply) -> None:
        """Queue a reply; it leaves at the end of the loop's turn, together with the others."""
        if reply is NO_REPLY:
            return
        if self.plain:
            self._unsent.append(encode(reply, self.protocol))
            if not self._in_line:
                self._in_line = True
                self.server.to_flush.append(self)
            return
        if self.reply_mode in ("on", "skip next"):
            self.send_bytes(encode(reply, self.protocol))
        if self._pushes and not self.in_exec:
            self._send_pushes()

    def confirm(self, message: Reply) -> None:
        """Queue a message that stands for a reply, such as that of SUBSCRIBE: CLIENT REPLY does not hold it back."""
        self.send_bytes(encode(message, self.protocol))

    def push(self, message: Reply) -> None:
        """Queue a message that is no reply."""
        self.push_bytes(encode(message, self.protocol))

    def push_bytes(self, wire: bytes) -> None:
        """Queue a message that is encoded. Caused by this client's own command, it comes after that command's reply."""
        if self is not self.server.acting:
            self.send_bytes(wire)
            return
        self._pushes.append(wire)
        self.plain = False
        self.send_bytes(b"")

    def _send_pushes(self) -> None:
        pushes, self._pushes = self._pushes, []
        self.send_bytes(b"".join(pushes))
        self.session_changed()

    def send_error(self, text: str) -> None:
        """Queue an error reply."""
        self.send_bytes(encode_error(text))

    def send_bytes(self, wire: bytes) -> None:
        """Queue bytes that are already encoded."""
        if self.socket is None or self.closed:
            return
        self._unsent.append(wire)
        if not self._in_line:
            self._in_line = True
            self.server.to_flush.append(self)

    def flush(self) -> None:
        """Send what is queued, as much as the socket takes."""
        self._in_line = False
        if self._pushes:
            self._send_pushes()
        if self.closed or self.socket is None:
            self._unsent.clear()
            return
        if self._writing and not self._room:
            limits.check_output(self)
            return
        self._room = False
        # mini.ping: yours to build (course hint mini.ping)
        self._waiting = self._weighed = 0
        if self._writing:
            limits.check_output(self)

    def on_writable(self) -> None:
        """The socket takes more. Not yet: what was queued in this turn may only leave after the file is written."""
        self._room = True
        if not self._in_line:
            self._in_line = True
            self.server.to_flush.append(self)

    @property
    def unsent(self) -> int:
        """Bytes that wait for the socket. Only what is new is weighed: there may be very many of them."""
        self._waiting += sum(map(len, self._unsent[self._weighed :]))
        self._weighed = len(self._unsent)
        return self._waiting

    # The session

    @property
    def subscriptions(self) -> int:
        """How many channels, patterns and shard channels it listens to."""
        return len(self.channels) + len(self.patterns) + len(self.shard_channels)

    def session_changed(self) -> None:
        """Look again whether there is anything special: after AUTH, MULTI, SUBSCRIBE, CLIENT REPLY and their like."""
        self._reader.authenticated = self.authenticated
        self.plain = (
            self.authenticated
            and self.queue is None
            and self.reply_mode == "on"
            and self.tracking is None
            and not self.monitoring
            and not self.subscriptions
            and not self._pushes
        )

    def begin_command(self) -> None:
        """Forget what was said about one command only. Called for clients that are not plain."""
        if self.reply_mode in ("skip", "skip next"):
            self.reply_mode = "skip" if self.reply_mode == "skip next" else "on"
        if self.tracking is not None and self.queue is None:
            last = self.last_command
            if last is None or last.name != "client|caching":
                self.tracking.caching = None

    def reset(self) -> None:
        """Make the connection what it was when it was new."""
        server = self.server
        if self.queue is not None or self.watching:
            transactions.discard(self)
        server.pubsub.forget(self)
        server.trackers.forget(self)
        if self.monitoring:
            server.monitors.remove(self)
            server.look_out()
        self.monitoring = self.no_touch = self.no_evict = False
        self.db = server.databases[0]
        self.name = b""
        self.protocol = 2
        self.reply_mode = "on"
        self.authenticated = not server.config["requirepass"]
        self.session_changed()

    # Waiting

    @property
    def may_block(self) -> bool:
        """Whether a command may wait now: not within EXEC, and not while files are loaded."""
        raise NotImplementedError("mini.blocking-exec")  # course hint mini.blocking-exec

    def block(self, keys: list[bytes], deadline: int | None, on_timeout: Reply) -> Reply:
        """Wait until one of `keys` changes; what a handler returns when there is nothing for it yet.

        The command at hand is run again, from its start, when a key changes.

        Args:
            keys: in the order in which they are looked at.
            deadline: in milliseconds since 1970, None for ever.
            on_timeout: the reply when nothing came, and at once where waiting is not allowed (`may_block`).
        """
        if self.retrying:
            return NO_REPLY
        if not self.may_block:
            return on_timeout
        command, args = self.server.current
        self.server.blocked.wait(self, Wait(command, args, self.db, keys, deadline, on_timeout))
        return NO_REPLY

    # The end

    def kill(self) -> None:
        """Hang up because somebody else wants it: at once, but not before the reply to one's own command has left."""
        if self is self.server.acting:
            self.closing = True
        else:
            self.close()

    def close(self) -> None:
        """Hang up, and take the client out of every list it stands in."""
        if self.closed:
            return
        self.closed = True
        self.server.forget(self)
        if self.socket is not None:
            self.socket.close()
