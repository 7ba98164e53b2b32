"""Limits on clients: how many there may be, how long they may be silent, and how much may wait for them.

Without them one client that never reads, or a thousand that have forgotten to hang up, would be everybody's trouble.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from miniredis.connection import Client
    from miniredis.server import Server

TOO_MANY = b"-ERR max number of clients reached\r\n"


def turn_away(server: Server, sock: socket.socket) -> None:
    """Refuse a connection when there are maxclients already."""
    raise NotImplementedError("mini.maxclients")  # course hint mini.maxclients


def tend(server: Server) -> None:
    """Look after the clients, several times a second."""
    with contextlib.suppress(NotImplementedError):  # not built yet: there are no limits
        if server.config["timeout"]:
            end_idle(server, int(server.config["timeout"]))
        for client in list(server.clients.values()):
            if client.unread:
                check_input(client)


def end_idle(server: Server, seconds: int) -> None:
    """Hang up on those who have said nothing for so long and do not wait for anything."""
    raise NotImplementedError("mini.client-timeout")  # course hint mini.client-timeout


def check_output(client: Client) -> None:
    """Hang up on a client for which too much waits: more than its hard limit, or its soft limit for too long.

    Called when its socket takes no more, and again and again while that is so.
    """
    server = client.server
    hard, soft, seconds = _limits(server, "pubsub" if client.subscriptions else "normal")
    if not hard and not soft:
        return
    # mini.output-limits: yours to build (course hint mini.output-limits)


def _limits(server: Server, kind: str) -> tuple[int, int, int]:
    """Return the hard limit, the soft limit and the seconds of a class of clients."""
    words = str(server.config["client-output-buffer-limit"]).split()
    at = words.index(kind)
    return int(words[at + 1]), int(words[at + 2]), int(words[at + 3])


def check_input(client: Client) -> None:
    """Hang up on a client that has sent more of one command than anybody should."""
    raise NotImplementedError("mini.query-limit")  # course hint mini.query-limit
