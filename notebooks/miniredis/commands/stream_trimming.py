"""Dropping the oldest entries of a stream, and what becomes of the references that groups hold to an entry."""

from __future__ import annotations

from bisect import bisect_left

from miniredis.commands.stream_arguments import Trim
from miniredis.values import Stream
from miniredis.values.stream_groups import Id
from miniredis.values.streams import Node


def delete_entry(stream: Stream, id: Id) -> bool:
    """Delete an entry that was named, and remember the greatest such id; whether it was there."""
    raise NotImplementedError("mini.xdel")  # course hint mini.xdel


def is_referenced(stream: Stream, id: Id) -> bool:
    """Whether any group still needs an entry: it was not given yet, or not acknowledged."""
    return any(group.last_id < id or id in group.pending for group in stream.groups.values())


def trim(stream: Stream, how: Trim) -> int:
    """Drop entries from the old end as `how` says; how many went.

    Whole nodes first: a node goes if nothing in it may stay. Then, unless only whole nodes are wanted, the entries
    of the next one.
    """
    if how.references in (b"DELREF", b"ACKED"):
        return _trim_one_by_one(stream, how)
    raise NotImplementedError("mini.xtrim")  # course hint mini.xtrim


def _all_may_go(stream: Stream, node: Node, how: Trim) -> bool:
    raise NotImplementedError("mini.xtrim")  # course hint mini.xtrim


def _how_many_may_go(stream: Stream, node: Node, how: Trim) -> int:
    """How many entries of the first node may go."""
    raise NotImplementedError("mini.xtrim")  # course hint mini.xtrim


def _trim_one_by_one(stream: Stream, how: Trim) -> int:
    """Trim with regard to the groups, so entry by entry: "~", which drops whole nodes, drops nothing here."""
    raise NotImplementedError("mini.xdelex")  # course hint mini.xdelex


def settle_everywhere(stream: Stream, id: Id) -> None:
    """Forget an entry in all groups (DELREF)."""
    for group in stream.groups.values():
        group.settle(id)
