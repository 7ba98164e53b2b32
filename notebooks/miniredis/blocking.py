"""Clients that wait: BLPOP and its kind, XREAD BLOCK.

A command that finds nothing to do calls `Client.block` and returns what that returns. The client then stands in line
for each of its keys. When one of them changes, the command is run again, from its start, for the client that has
waited longest, then for the next, until there is nothing left to take. No thread waits, and nothing is polled.

It is never the pushing command that serves: all of a command, and all of a transaction, comes first. What a served
client does may serve another: BLMOVE takes from one list and fills the next.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from miniredis.resp import NO_REPLY, Args, Reply
from miniredis.values import List, SortedSet, Stream

if TYPE_CHECKING:
    from miniredis.commands.table import Command
    from miniredis.connection import Client
    from miniredis.server import Server
    from miniredis.store import Database


@dataclass(slots=True)
class Wait:
    """What a client waits for.

    Attributes:
        command, args: what is run again when a key changes.
        database, keys: where it stands in line.
        deadline: in milliseconds since 1970; None waits for ever.
        on_timeout: the reply when the deadline comes first.
    """

    command: Command
    args: Args
    database: Database
    keys: list[bytes]
    deadline: int | None
    on_timeout: Reply

    def concerns(self, value: object) -> bool:
        """Whether it is worth another try with this value under one of the keys, None for nothing.

        A client that waits for a list does not hear of a string. Only XREADGROUP also ends, with an error, when its
        stream is gone.
        """
        name = self.command.name
        if name == "xreadgroup":
            return True
        return type(value) is (Stream if name == "xread" else SortedSet if name.startswith("bz") else List)


class Blocked:
    """All waiting clients of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.changed: dict[tuple[int, bytes], None] = {}  # keys to serve when the command at hand is done
        self._deadlines: list[tuple[int, int, Client, Wait]] = []
        self._order = itertools.count()

    def wait(self, client: Client, wait: Wait) -> None:
        """Put a client in line for all of its keys; it leaves them all when it is served, gives up, or has gone."""
        raise NotImplementedError("mini.blocking-timeout")  # course hint mini.blocking-timeout

    def forget(self, client: Client) -> None:
        """Take a client out of every line."""
        wait, client.wait = client.wait, None
        if wait is None:
            return
        # mini.blocking-timeout: yours to build (course hint mini.blocking-timeout)

    # Serving

    def key_changed(self, database: Database, key: bytes) -> None:
        """Somebody waits for this key, and it has changed: look at it when the command at hand is done."""
        raise NotImplementedError("mini.blocking-serve")  # course hint mini.blocking-serve

    def serve(self) -> None:
        """Serve the keys that have changed, in the order in which they did, until nothing changes any more."""
        while self.changed:
            raise NotImplementedError("mini.blocking-serve")  # course hint mini.blocking-serve

    def _serve_line(self, database: Database, key: bytes) -> None:
        """Let those who wait for a key try again, first come first."""
        raise NotImplementedError("mini.blocking-serve")  # course hint mini.blocking-serve

    def _try_again(self, client: Client, wait: Wait) -> None:
        """Run a waiting client's command again; it waits no longer if there is a reply now, be it an error."""
        raise NotImplementedError("mini.blocking-serve")  # course hint mini.blocking-serve

    @staticmethod
    def _to_the_end_of_the_line(client: Client, wait: Wait) -> None:
        """Who could have been served and was not (a group's entries had gone to another) waits anew, as in Redis."""
        for key in wait.keys:
            line = wait.database.waiting[key]
            del line[client]
            line[client] = None

    def _release(self, client: Client, reply: Reply) -> None:
        """Answer a client that waits, and let it go on with what it has sent meanwhile."""
        self.forget(client)
        client.send(reply)
        self._server.wake(client)

    # Giving up

    def next_deadline(self) -> int | None:
        """Return when the next wait ends, in milliseconds since 1970, or None."""
        while self._deadlines and self._deadlines[0][2].wait is not self._deadlines[0][3]:
            heapq.heappop(self._deadlines)  # it has ended otherwise
        return self._deadlines[0][0] if self._deadlines else None

    def give_up(self) -> None:
        """Answer the clients whose time is over."""
        while (deadline := self.next_deadline()) is not None and deadline <= self._server.now:
            raise NotImplementedError("mini.blocking-timeout")  # course hint mini.blocking-timeout
