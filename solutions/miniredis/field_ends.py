"""Fields of hashes that have an end, as HEXPIRE gives them.

It is with fields as with keys: one whose time has come is removed when somebody asks for its hash ("lazy"), and some
are looked for ten times a second ("active"), or those nobody asks for would stay. The hash goes with its last field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from miniredis.values import Hash

if TYPE_CHECKING:
    from miniredis.store import Database


def end_fields(database: Database, key: bytes, value: Hash) -> int:
    """Remove the fields whose time has come, and tell; how many they were."""
    server = database.server
    if value.first_end > server.now or server.loading:
        return 0
    ### BEGIN SOLUTION mini.field-expiry
    due = value.due(server.now)
    if due:
        server.stats.expired_fields += len(due)
        server.propagate(database, [b"HDEL", key, *due])
        database.modified(key, "h", "hexpired", changes=0)
        database.delete_if_empty(key, value)
    return len(due)
    ### END SOLUTION


def end_some_fields(database: Database, sample: int) -> int:
    """Look at `sample` hashes that have fields with an end, and remove what is due; in how many that was something."""
    if not database.with_field_ends:
        return 0
    ### BEGIN SOLUTION mini.field-expiry
    ended = 0
    for _ in range(min(sample, len(database.with_field_ends))):
        key = database.with_field_ends.random_key()
        assert key is not None
        value = database.keys.get(key)
        if not isinstance(value, Hash) or not value.ends:
            database.with_field_ends.pop(key)  # it is something else by now
        elif end_fields(database, key, value):
            ended += 1
    return ended
    ### END SOLUTION
