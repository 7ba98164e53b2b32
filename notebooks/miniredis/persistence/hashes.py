"""Hashes in RDB files: plain, in a listpack, and with fields that have an end of their own (Redis 7.4 and later).

A hash whose fields have ends begins with the earliest of them, and each field's end is told as its distance from that,
plus one; 0 is for a field without. Within a listpack the ends are full moments, one behind each value.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from miniredis.persistence import listpack
from miniredis.persistence.encodings import Reader, write_length, write_milliseconds, write_string
from miniredis.values import Hash

HASH, HASH_LISTPACK = 4, 16
HASH_ENDS_OLD, HASH_LISTPACK_ENDS_OLD, HASH_ENDS, HASH_LISTPACK_ENDS = 22, 23, 24, 25


def form_of_hash(value: Hash) -> int:
    """Return the form in which a hash is written."""
    return HASH_ENDS if value.ends else HASH


def write_hash(out: bytearray, value: Hash) -> None:
    """Append a hash: a count, then fields and values, with ends before them where there are any."""
    raise NotImplementedError("mini.rdb-collections")  # course hint mini.rdb-collections


def read_hash(reader: Reader, form: int) -> Hash:
    """Return a hash in any of its forms; fields whose time is over are left out."""
    raise NotImplementedError("mini.rdb-collections")  # course hint mini.rdb-collections


def _read_packed(reader: Reader, form: int) -> Hash:
    """Field, value, field, value …, or field, value, end, field …"""
    raise NotImplementedError("mini.rdb-compact")  # course hint mini.rdb-compact


def _hash(fields: Iterable[tuple[bytes, bytes, int]]) -> Hash:
    """A hash of fields, values and ends in milliseconds since 1970, 0 for none."""
    value = Hash()
    now = time.time() * 1000
    for field, text, end in fields:
        if not end or end > now:
            value.set(field, text)
            if end:
                value.end_at(field, end)
    return value
