"""How far a group is behind: counted where nothing was deleted in between, unknown (None) where something was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from miniredis.values.stream_groups import Group, Id

if TYPE_CHECKING:
    from miniredis.values.streams import Stream

_NONE: Id = (0, 0)


def has_gap_after(stream: Stream, id: Id) -> bool:
    """Whether an entry may have been deleted by name behind `id` and not before the first that is left."""
    deleted = stream.max_deleted_id
    if not len(stream) or deleted == _NONE or stream.first_id > deleted:
        return False
    return id <= deleted


def count_read(stream: Stream, id: Id) -> int | None:
    """Return how many entries there have ever been up to `id`, or None where that cannot be known."""
    if not stream.entries_added:
        return 0
    if not len(stream) and id < stream.last_id:
        return stream.entries_added
    if id != _NONE and id < stream.max_deleted_id:
        return None
    if id == stream.last_id:
        return stream.entries_added
    if id > stream.last_id:
        return None
    first, deleted = stream.first_id, stream.max_deleted_id
    if deleted == _NONE or deleted < first:
        if id < first:
            return stream.entries_added - len(stream)
        if id == first:
            return stream.entries_added - len(stream) + 1
    return None


def lag(stream: Stream, group: Group) -> int | None:
    """Return how many entries the group has not been given yet, or None where that cannot be known."""
    if not stream.entries_added or not len(stream):
        return 0
    if group.last_id < stream.first_id and stream.max_deleted_id < stream.first_id:
        return len(stream)
    if group.entries_read is not None and not has_gap_after(stream, group.last_id):
        return stream.entries_added - group.entries_read
    read = count_read(stream, group.last_id)
    return None if read is None else stream.entries_added - read
