"""Client-side caching: the server tells clients which of the keys they have read are no longer what they were.

By default the server remembers who read what, and tells once: whoever wants to know more has to read again. With BCAST
it remembers nothing; a client names prefixes and hears of every key that begins with one.

Messages are pushes in RESP3. A RESP2 client lets them go to another connection (REDIRECT) that listens to the channel
``__redis__:invalidate``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from miniredis.resp import Args, Push, encode

if TYPE_CHECKING:
    from miniredis.commands.table import Command
    from miniredis.connection import Client
    from miniredis.server import Server

CHANNEL = b"__redis__:invalidate"


@dataclass(slots=True)
class Tracking:
    """What a client has asked for with CLIENT TRACKING.

    Attributes:
        mode: "" for all keys it reads, "optin" for those after CACHING YES, "optout" for those without CACHING NO,
            "bcast" for all keys with a prefix.
        noloop: do not tell it of its own changes.
        redirect: the id of the client that gets the messages, 0 for itself.
        broken: that client has gone.
        caching: what CLIENT CACHING said about the next command.
        prefixes: for "bcast".
    """

    mode: str = ""
    noloop: bool = False
    redirect: int = 0
    broken: bool = False
    caching: bool | None = None
    prefixes: list[bytes] = field(default_factory=list)


class Trackers:
    """All clients that track, and what they have read."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._clients: dict[Client, Tracking] = {}
        self._readers: dict[bytes, dict[int, None]] = {}
        self._to_broadcast: dict[bytes, Client | None] = {}

    def __len__(self) -> int:
        return len(self._clients)

    @property
    def keys(self) -> int:
        """How many keys somebody has read."""
        return len(self._readers)

    @property
    def items(self) -> int:
        """How many pairs of a key and a client there are to remember."""
        return sum(map(len, self._readers.values()))

    @property
    def prefixes(self) -> int:
        """How many different prefixes clients have named with BCAST."""
        return len({prefix for tracking in self._clients.values() for prefix in tracking.prefixes})

    def add(self, client: Client, tracking: Tracking) -> None:
        """Begin to track for a client, or change how."""
        client.tracking = tracking
        self._clients[client] = tracking
        self._server.look_out()

    def forget(self, client: Client) -> None:
        """Track for a client no longer; what it has read is forgotten when the key changes."""
        client.tracking = None
        if self._clients.pop(client, None) is not None:
            self._server.look_out()

    def ran(self, client: Client, command: Command, args: Args) -> None:
        """A command has been run: remember the keys it has read; forget everything if it has emptied a database."""
        raise NotImplementedError("mini.tracking")  # course hint mini.tracking

    def invalidate(self, key: bytes) -> None:
        """A key has changed: tell those who have read it, once."""
        # mini.tracking: yours to build (course hint mini.tracking)
        self._to_broadcast[key] = self._server.acting

    def broadcast(self) -> None:
        """Tell the clients with BCAST what has changed in this turn of the loop: one message for each prefix."""
        changed, self._to_broadcast = self._to_broadcast, {}
        if not changed or not self.prefixes:
            return
        # mini.tracking-bcast: yours to build (course hint mini.tracking-bcast)

    def _flushed(self) -> None:
        """All keys are gone: nil stands for every key there is."""
        self._readers.clear()
        for client, tracking in list(self._clients.items()):
            self._tell(client, tracking, None)

    def _tell(self, client: Client, tracking: Tracking, keys: list[bytes] | None) -> None:
        """Send one message, to the client or to the one it has named."""
        raise NotImplementedError("mini.tracking")  # course hint mini.tracking
