"""Dropping the oldest entries of a stream, and what becomes of the references that groups hold to an entry."""

from __future__ import annotations

from bisect import bisect_left

from miniredis.commands.stream_arguments import Trim
from miniredis.values import Stream
from miniredis.values.stream_groups import Id
from miniredis.values.streams import Node


def delete_entry(stream: Stream, id: Id) -> bool:
    """Delete an entry that was named, and remember the greatest such id; whether it was there."""
    ### BEGIN SOLUTION mini.xdel
    if not stream.delete(id):
        return False
    stream.max_deleted_id = max(stream.max_deleted_id, id)
    return True
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.xtrim
    removed = 0
    while stream.nodes:
        node = stream.nodes[0]
        entries = len(node.ids)
        if how.by == b"MAXLEN" and len(stream) <= how.most:
            break
        if how.limit and removed + entries > how.limit:
            break
        if not _all_may_go(stream, node, how):
            if not how.roughly:
                removed += stream.drop_first(_how_many_may_go(stream, node, how))
            break
        removed += stream.drop_first(entries)
    return removed
    ### END SOLUTION


def _all_may_go(stream: Stream, node: Node, how: Trim) -> bool:
    ### BEGIN SOLUTION mini.xtrim
    if how.by == b"MAXLEN":
        return len(stream) - len(node.ids) >= how.most
    return node.last < how.least
    ### END SOLUTION


def _how_many_may_go(stream: Stream, node: Node, how: Trim) -> int:
    """How many entries of the first node may go."""
    ### BEGIN SOLUTION mini.xtrim
    if how.by == b"MAXLEN":
        return len(stream) - how.most
    return bisect_left(node.ids, how.least)
    ### END SOLUTION


def _trim_one_by_one(stream: Stream, how: Trim) -> int:
    """Trim with regard to the groups, so entry by entry: "~", which drops whole nodes, drops nothing here."""
    ### BEGIN SOLUTION mini.xdelex
    removed = 0
    for id in [] if how.roughly else [id for id, _ in stream]:
        if len(stream) <= how.most if how.by == b"MAXLEN" else id >= how.least:
            break
        if how.references == b"DELREF":
            settle_everywhere(stream, id)
        elif is_referenced(stream, id):
            continue
        stream.delete(id)
        removed += 1
    return removed
    ### END SOLUTION


def settle_everywhere(stream: Stream, id: Id) -> None:
    """Forget an entry in all groups (DELREF)."""
    for group in stream.groups.values():
        group.settle(id)
