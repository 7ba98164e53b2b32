"""Each type as RDB files and DUMP have it: a number for the form, then the value.

Redis knows several forms of every type. The one written here is the plainest that both Redis 7.0 and 8.2 accept: a
count, then the elements. Reading understands the compact ones as well, which Redis writes by default: a listpack or a
set of integers in one string, a list of listpacks, and for streams nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from miniredis.persistence import listpack
from miniredis.persistence.encodings import BadFile, Reader, write_double, write_length, write_string
from miniredis.persistence.hashes import (
    HASH,
    HASH_ENDS,
    HASH_ENDS_OLD,
    HASH_LISTPACK,
    HASH_LISTPACK_ENDS,
    HASH_LISTPACK_ENDS_OLD,
    form_of_hash,
    read_hash,
    write_hash,
)
from miniredis.persistence.streams import STREAM_1, STREAM_2, STREAM_3, read_stream, write_stream
from miniredis.values import Hash, List, Set, SortedSet, Stream, Value

STRING, LIST, SET, ZSET_TEXT, ZSET = 0, 1, 2, 3, 5
SET_INTSET, ZSET_LISTPACK, LIST_QUICKLIST, SET_LISTPACK = 11, 17, 18, 20

_PLAIN_NODE = 1


# Writing


def form_of(value: Value) -> int:
    """Return the form in which a value is written."""
    if isinstance(value, Hash):
        return form_of_hash(value)
    if isinstance(value, List):
        return LIST
    if isinstance(value, Set):
        return SET
    if isinstance(value, SortedSet):
        return ZSET
    if isinstance(value, Stream):
        return STREAM_2
    return STRING


def write_value(out: bytearray, value: Value) -> None:
    """Append a value in the form that `form_of` says."""
    if isinstance(value, Hash):
        write_hash(out, value)
    elif isinstance(value, (List, Set)):
        _write_strings(out, value)
    elif isinstance(value, SortedSet):
        _write_scored(out, value)
    elif isinstance(value, Stream):
        write_stream(out, value)
    else:
        write_string(out, value)


def _write_strings(out: bytearray, value: List | Set) -> None:
    """A count, then the elements."""
    raise NotImplementedError("mini.rdb-collections")  # course hint mini.rdb-collections


def _write_scored(out: bytearray, value: SortedSet) -> None:
    """A count, then each member with its score, the highest first: so Redis can put each before the one it has."""
    raise NotImplementedError("mini.rdb-collections")  # course hint mini.rdb-collections


# Reading


def read_value(reader: Reader, form: int) -> Value | None:
    """Return the value that begins where the reader stands; None for a collection without elements.

    Raises:
        ValueError: the form is not known, or the bytes are damaged.
    """
    read = _READERS.get(form)
    if read is None:
        raise BadFile(f"Unknown RDB encoding type {form}")
    value = read(reader)
    return value if isinstance(value, (bytes, Stream)) or len(value) else None


def _read_strings(reader: Reader) -> list[bytes]:
    raise NotImplementedError("mini.rdb-collections")  # course hint mini.rdb-collections


def _read_quicklist(reader: Reader) -> List:
    """A list as Redis keeps it: nodes, each a listpack, or one large element."""
    raise NotImplementedError("mini.rdb-compact")  # course hint mini.rdb-compact


def _read_intset(reader: Reader) -> Set:
    """Integers in the order of their size: how many bytes each takes, how many they are, the integers."""
    raise NotImplementedError("mini.rdb-compact")  # course hint mini.rdb-compact


def _read_scored(reader: Reader, score: Callable[[], float]) -> SortedSet:
    raise NotImplementedError("mini.rdb-collections")  # course hint mini.rdb-collections


def _read_scored_listpack(reader: Reader) -> SortedSet:
    """Member, score, member, score …, the scores as text."""
    raise NotImplementedError("mini.rdb-compact")  # course hint mini.rdb-compact


def _scored(pairs: Iterable[tuple[bytes, float]]) -> SortedSet:
    value = SortedSet(pairs)
    if any(math.isnan(score) for score, _ in value):
        raise BadFile("a score that is not a number")
    return value


_READERS: dict[int, Callable[[Reader], Value]] = {
    STRING: Reader.string,
    LIST: lambda reader: List(_read_strings(reader)),
    LIST_QUICKLIST: _read_quicklist,
    SET: lambda reader: Set(_read_strings(reader)),
    SET_INTSET: _read_intset,
    SET_LISTPACK: lambda reader: Set(listpack.decode(reader.string())),
    ZSET_TEXT: lambda reader: _read_scored(reader, reader.double_text),
    ZSET: lambda reader: _read_scored(reader, reader.double),
    ZSET_LISTPACK: _read_scored_listpack,
    HASH: lambda reader: read_hash(reader, HASH),
    HASH_LISTPACK: lambda reader: read_hash(reader, HASH_LISTPACK),
    HASH_ENDS_OLD: lambda reader: read_hash(reader, HASH_ENDS_OLD),
    HASH_LISTPACK_ENDS_OLD: lambda reader: read_hash(reader, HASH_LISTPACK_ENDS_OLD),
    HASH_ENDS: lambda reader: read_hash(reader, HASH_ENDS),
    HASH_LISTPACK_ENDS: lambda reader: read_hash(reader, HASH_LISTPACK_ENDS),
    STREAM_1: lambda reader: read_stream(reader, STREAM_1),
    STREAM_2: lambda reader: read_stream(reader, STREAM_2),
    STREAM_3: lambda reader: read_stream(reader, STREAM_3),
}
