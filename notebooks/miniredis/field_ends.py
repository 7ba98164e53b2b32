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
    raise NotImplementedError("mini.field-expiry")  # course hint mini.field-expiry


def end_some_fields(database: Database, sample: int) -> int:
    """Look at `sample` hashes that have fields with an end, and remove what is due; in how many that was something."""
    if not database.with_field_ends:
        return 0
    raise NotImplementedError("mini.field-expiry")  # course hint mini.field-expiry
