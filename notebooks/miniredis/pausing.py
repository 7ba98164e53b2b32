"""CLIENT PAUSE: commands that wait until everybody may go on, for a failover or a backup without writes in between.

A paused client is not disconnected and its command is not lost: it stands still until the pause is over, and then its
command is looked at again, from the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from miniredis.blocking import Wait
from miniredis.resp import NO_REPLY, Args

if TYPE_CHECKING:
    from miniredis.commands.table import Command
    from miniredis.connection import Client
    from miniredis.server import Server


class Pause:
    """The pause of a server.

    Attributes:
        on: whether there is one now.
        until: when it ends, in milliseconds since 1970.
        writes_only: whether commands that only read may go on.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.on = False
        self.until = 0
        self.writes_only = False
        self._postponed: list[Client] = []

    def begin(self, until: int, writes_only: bool) -> None:
        """Pause, or make the pause that there is longer or stricter; it is never made shorter or milder."""
        # mini.client-pause: yours to build (course hint mini.client-pause)
        self._server.look_out()

    def end(self) -> None:
        """Let everybody go on, in the order in which they came."""
        raise NotImplementedError("mini.client-pause")  # course hint mini.client-pause

    def end_if_due(self) -> None:
        """End the pause if its time is over."""
        if self.until <= self._server.now:
            self.end()

    def holds(self, client: Client, command: Command) -> bool:
        """Whether a command has to wait. A transaction waits as a whole, at its EXEC."""
        raise NotImplementedError("mini.client-pause")  # course hint mini.client-pause

    def postpone(self, client: Client, command: Command, args: Args) -> None:
        """Let a client stand still with its command."""
        client.wait = Wait(command, args, client.db, [], None, NO_REPLY)
        self._postponed.append(client)


def _may_write(command: Command) -> bool:
    # PUBLISH would reach the replicas, PFCOUNT may store what it has counted.
    return command.writes or command.name in ("publish", "spublish", "pfcount")
