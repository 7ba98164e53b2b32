"""One client: bytes from its socket, bytes to its socket, and what it has said about itself.

The socket never blocks. What cannot be sent at once stays in `_unsent` until the loop says that the socket takes more,
so a client that does not read holds up nobody but itself.
"""

from __future__ import annotations

import itertools
import socket
import time
from typing import TYPE_CHECKING

from miniredis.blocking import Wait
from miniredis.resp import NO_REPLY, Args, ProtocolError, Reply, RequestReader, encode, encode_error

if TYPE_CHECKING:
    from miniredis.commands.table import Command
    from miniredis.server import Server
    from miniredis.store import Database

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
    """

    def __init__(self, server: Server, sock: socket.socket | None, address: str = "") -> None:
        self.id = next(_ids)
        self.server = server
        self.socket = sock
        self.address = address
        self.created = time.time()
        self.last_used = self.created
        self.db: Database = server.databases[0]
        self.protocol = 2
        self.name = b""
        self.library: dict[bytes, bytes] = {}
        self.authenticated = not server.config["requirepass"]
        self.queue: list[tuple[Command, Args]] | None = None
        self.queue_is_broken = False
        self.watching: list[tuple[Database, bytes]] = []
        self.watched_key_changed = False
        self.in_exec = False
        self.wait: Wait | None = None
        self.retrying = False
        self.channels: set[bytes] = set()
        self.patterns: set[bytes] = set()
        self.shard_channels: set[bytes] = set()
        self.monitoring = False
        # CLIENT REPLY: "on", "off", "skip" (the next one), "skipping" (this one)
        self.reply_mode = "on"
        self.no_touch = False
        self.last_command: Command | None = None
        self.closing = False  # close once everything is sent
        self.closed = False
        self._reader = RequestReader()
        self._reader.authenticated = self.authenticated
        self._unsent: list[bytes] = []
        self._writing = False  # the loop watches for room in the socket
        self._in_line = False  # stands in server.to_flush

    # In

    def on_readable(self) -> None:
        """Read what is there and run every complete command in it."""
        assert self.socket is not None
        ### BEGIN SOLUTION mini.accept
        try:
            data = self.socket.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._reader.feed(data)
        self.run_commands()
        ### END SOLUTION

    def run_commands(self) -> None:
        """Run the commands that have been read, until one of them waits or the bytes are used up."""
        ### BEGIN SOLUTION mini.ping
        server = self.server
        try:
            while self.wait is None and not self.closing:
                args = self._reader.next()
                if args is None:
                    break
                if args:
                    reply = server.process(self, args)
                    if reply is not NO_REPLY:
                        self.send(reply)
        except ProtocolError as error:
            self.send_error(f"ERR Protocol error: {error}")
            self.closing = True
        ### END SOLUTION

    @property
    def unread(self) -> int:
        """Bytes that were read and not yet understood."""
        return self._reader.buffered

    # Out

    def send(self, reply: Reply) -> None:
        """Queue a reply; it leaves at the end of the loop's turn, together with the others."""
        if reply is NO_REPLY:
            return
        if self.reply_mode != "on" and self._swallow():
            return
        self.send_bytes(encode(reply, self.protocol))

    def push(self, reply: Reply) -> None:
        """Queue a message that is no reply, such as one of a channel: CLIENT REPLY does not hold it back."""
        self.send_bytes(encode(reply, self.protocol))

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

    def _swallow(self) -> bool:
        if self.reply_mode == "skipping":
            self.reply_mode = "on"
            return True
        if self.reply_mode == "skip":
            self.reply_mode = "skipping"
            return True
        return self.reply_mode == "off"

    def flush(self) -> None:
        """Send what is queued, as much as the socket takes."""
        self._in_line = False
        if self.closed or self.socket is None:
            return
        ### BEGIN SOLUTION mini.ping
        data = self._unsent[0] if len(self._unsent) == 1 else b"".join(self._unsent)
        try:
            sent = self.socket.send(data) if data else 0
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self.close()
            return
        self._unsent = [data[sent:]] if sent < len(data) else []
        if bool(self._unsent) != self._writing:
            self._writing = not self._writing
            self.server.watch_socket(self, self._writing)
        if self.closing and not self._unsent:
            self.close()
        ### END SOLUTION

    @property
    def unsent(self) -> int:
        """Bytes that wait for the socket."""
        return sum(map(len, self._unsent))

    # Waiting

    @property
    def may_block(self) -> bool:
        """Whether a command may wait now: not within EXEC, and not while files are loaded."""
        return not self.in_exec and self.socket is not None

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

    def close(self) -> None:
        """Hang up, and take the client out of every list it stands in."""
        if self.closed:
            return
        self.closed = True
        self.server.forget(self)
        if self.socket is not None:
            self.socket.close()
