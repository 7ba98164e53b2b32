"""Channels: a message goes to everybody who listens at that moment, and is kept for nobody.

There are three kinds of subscriptions: to a channel, to all channels that match a pattern, and to a shard channel,
which in a cluster stays on the node that holds its name. In RESP2 a client that has subscribed can only do a handful of
things, since a message could not be told from a reply; in RESP3 messages are pushes, and it can do everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from miniredis.glob import matches
from miniredis.resp import CommandError, Push, encode

if TYPE_CHECKING:
    from miniredis.commands.table import Command
    from miniredis.connection import Client

ALLOWED_WHILE_SUBSCRIBED = frozenset(
    {
        "subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe",
        "ping", "quit", "reset",
    }
)  # fmt: skip

# Who listens, by channel or pattern. Dictionaries keep the order in which they came, which a set would not.
Listeners = dict[bytes, dict["Client", None]]


def not_while_subscribed(command: Command) -> CommandError:
    """The error for other commands of a RESP2 client that has subscribed."""
    return CommandError(
        f"ERR Can't execute '{command.name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET"
        " are allowed in this context"
    )


class PubSub:
    """Who listens to what."""

    def __init__(self) -> None:
        self.channels: Listeners = {}
        self.patterns: Listeners = {}
        self.shard_channels: Listeners = {}

    def publish(self, channel: bytes, message: bytes) -> int:
        """Send a message to all who listen to the channel or to a pattern that it matches; how many that were.

        A client that listens to both gets it twice and counts twice.
        """
        raise NotImplementedError("mini.publish")  # course hint mini.publish
        if self.patterns:
            raise NotImplementedError("mini.psubscribe")  # course hint mini.psubscribe
        return told

    def publish_in_shard(self, channel: bytes, message: bytes) -> int:
        """Send a message to all who listen to a shard channel; how many that were. Patterns do not see it."""
        raise NotImplementedError("mini.shard-channels")  # course hint mini.shard-channels

    def forget(self, client: Client) -> None:
        """Take a client that has gone, or was reset, off every channel."""
        for names, listeners in (
            (client.channels, self.channels),
            (client.patterns, self.patterns),
            (client.shard_channels, self.shard_channels),
        ):
            for name in names:
                remove(listeners, name, client)
            names.clear()


def add(listeners: Listeners, name: bytes, client: Client) -> None:
    """Let a client listen."""
    raise NotImplementedError("mini.subscribe")  # course hint mini.subscribe


def remove(listeners: Listeners, name: bytes, client: Client) -> None:
    """Let a client listen no longer; a channel with nobody left is no channel."""
    raise NotImplementedError("mini.subscribe")  # course hint mini.subscribe


def _tell(clients: Iterable[Client], message: list[bytes]) -> int:
    """Send one message to many, encoded once for each protocol; how many."""
    raise NotImplementedError("mini.publish")  # course hint mini.publish
