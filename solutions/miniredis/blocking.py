"""Clients that wait: BLPOP and its kind, XREAD BLOCK.

A command that finds nothing to do calls `Client.block` and returns what that returns. The client then stands in line
for its keys. When one of them changes, the command is run again, from the start, for the client that has waited
longest; if there is still nothing for it, it keeps its place. No thread waits, and nothing is polled.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from miniredis.resp import NO_REPLY, Args, Reply

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


class Blocked:
    """All waiting clients of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._changed: dict[tuple[int, bytes], None] = {}
        self._deadlines: list[tuple[int, int, Client, Wait]] = []
        self._order = itertools.count()

    def wait(self, client: Client, wait: Wait) -> None:
        """Put a client in line."""
        ### BEGIN SOLUTION mini.blpop
        client.wait = wait
        for key in wait.keys:
            wait.database.waiting.setdefault(key, {})[client] = None
        if wait.deadline is not None:
            heapq.heappush(self._deadlines, (wait.deadline, next(self._order), client, wait))
        ### END SOLUTION

    def forget(self, client: Client) -> None:
        """Take a client out of every line: it was served, gave up, or has gone."""
        wait, client.wait = client.wait, None
        if wait is None:
            return
        for key in wait.keys:
            line = wait.database.waiting.get(key)
            if line is not None:
                line.pop(client, None)
                if not line:
                    del wait.database.waiting[key]

    def key_changed(self, database: Database, key: bytes) -> None:
        """Somebody waits for this key, and it has changed."""
        self._changed[database.index, key] = None

    def serve(self) -> None:
        """Run the commands of clients whose keys have changed, oldest wait first, until nothing changes any more."""
        ### BEGIN SOLUTION mini.blocking-fair
        while self._changed:
            changed, self._changed = self._changed, {}
            for index, key in changed:
                database = self._server.databases[index]
                for client in list(database.waiting.get(key, ())):
                    if database.peek(key) is None:
                        break
                    self._try_again(client)
        ### END SOLUTION

    def _try_again(self, client: Client) -> None:
        wait = client.wait
        if wait is None:
            return
        client.retrying = True
        reply = self._server.call(client, wait.command, wait.args)
        client.retrying = False
        if reply is NO_REPLY:
            return  # nothing for it yet: it keeps its place
        self.forget(client)
        client.send(reply)
        self._server.wake(client)

    def next_deadline(self) -> int | None:
        """Return when the next wait ends, in milliseconds since 1970, or None."""
        while self._deadlines and self._deadlines[0][2].wait is not self._deadlines[0][3]:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def give_up(self) -> None:
        """Answer the clients whose time is over."""
        ### BEGIN SOLUTION mini.blocking-timeout
        while (deadline := self.next_deadline()) is not None and deadline <= self._server.now:
            _, _, client, wait = heapq.heappop(self._deadlines)
            self.forget(client)
            client.send(wait.on_timeout)
            self._server.wake(client)
        ### END SOLUTION
