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
    ### BEGIN SOLUTION mini.rdb-collections
    earliest = min(value.ends.values(), default=0)
    if value.ends:
        write_milliseconds(out, earliest)
    write_length(out, len(value))
    for field, text in value.items():
        if value.ends:
            end = value.ends.get(field)
            write_length(out, 0 if end is None else end - earliest + 1)
        write_string(out, field)
        write_string(out, text)
    ### END SOLUTION


def read_hash(reader: Reader, form: int) -> Hash:
    """Return a hash in any of its forms; fields whose time is over are left out."""
    ### BEGIN SOLUTION mini.rdb-collections
    if form in (HASH_LISTPACK, HASH_LISTPACK_ENDS, HASH_LISTPACK_ENDS_OLD):
        return _read_packed(reader, form)
    earliest = reader.number(8) if form == HASH_ENDS else 1
    fields: list[tuple[bytes, bytes, int]] = []
    for _ in range(reader.length()):
        end = 0 if form == HASH else reader.length()
        fields.append((reader.string(), reader.string(), end and end - 1 + earliest))
    return _hash(fields)
    ### END SOLUTION


def _read_packed(reader: Reader, form: int) -> Hash:
    """Field, value, field, value …, or field, value, end, field …"""
    ### BEGIN SOLUTION mini.rdb-compact
    if form == HASH_LISTPACK_ENDS:
        reader.number(8)  # the earliest end
    items = listpack.decode(reader.string())
    if form == HASH_LISTPACK:
        return _hash((field, text, 0) for field, text in zip(items[::2], items[1::2], strict=True))
    return _hash(zip(items[::3], items[1::3], map(int, items[2::3]), strict=True))
    ### END SOLUTION


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
