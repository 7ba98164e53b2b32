"""Keyspace notifications: what happens to keys, told over pub/sub.

An event goes to two channels: ``__keyspace@0__:KEY`` with the event as its message, for those who follow a key, and
``__keyevent@0__:EVENT`` with the key, for those who follow a kind of event. notify-keyspace-events says in letters
which channels (K, E) and which classes of events there are; nothing by default, since it costs time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from miniredis.server import Server
    from miniredis.store import Database

# The classes that "A" stands for, in the order in which Redis writes them. New keys (n), overwritten ones (o), changed
# types (c) and misses (m) have to be asked for.
ALL = "g$lshzxetd"
RARE = "noc"


def classes(setting: str) -> str:
    """Return the letters that a setting switches on, "A" resolved; nothing if no channel is among them."""
    if not setting:
        return ""
    raise NotImplementedError("mini.notify")  # course hint mini.notify


def written(setting: str) -> str | None:
    """Return a setting as CONFIG GET shows it, or None where a letter means nothing."""
    letters = set(setting.replace("A", ALL))
    if not letters <= {*ALL, *RARE, *"KEm"}:
        return None
    order = "KEm" if letters >= set(ALL) else ALL + RARE + "KEm"  # Redis is silent about the rare ones beside "A"
    return "A" * (letters >= set(ALL)) + "".join(letter for letter in order if letter in letters)


def publish(server: Server, database: Database, key: bytes, kind: str, event: str) -> None:
    """Tell those who follow the key, and those who follow the event."""
    raise NotImplementedError("mini.notify")  # course hint mini.notify
