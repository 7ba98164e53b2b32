"""Snapshots: the whole data set in one file, as Redis writes it (rdb.c), and single values for DUMP and RESTORE.

A file is a header with the version of the format, then marks that say what follows (a database, a moment, a key with
its value), an end mark, and a checksum of everything before. The version written is 10, that of Redis 7.0, so that
older and newer servers read it; versions up to 12, that of Redis 8.2, are read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from miniredis import REDIS_VERSION, eviction
from miniredis.persistence.crc64 import crc64
from miniredis.persistence.encodings import BadFile, Reader, write_length, write_milliseconds, write_string
from miniredis.persistence.values import form_of, read_value, write_value
from miniredis.values import Value

if TYPE_CHECKING:
    from miniredis.server import Server
    from miniredis.store import Database

VERSION, NEWEST = 10, 12

_SLOT, _FUNCTION, _MODULE, _IDLE, _FREQUENCY, _AUX = 244, 245, 247, 248, 249, 250
_SIZES, _END_MS, _END_S, _DATABASE, _EOF = 251, 252, 253, 254, 255

_CHUNK = 1 << 20


# Writing


def save(server: Server, path: Path, aof_base: bool = False) -> None:
    """Write all databases to `path`: to a file beside it first, so that there is always one whole file.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    raise NotImplementedError("mini.save")  # course hint mini.save


def sync_folder(folder: Path) -> None:
    """Make sure that a new name in a folder survives a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def write(server: Server, out: BinaryIO, aof_base: bool = False) -> None:
    """Write all databases, a megabyte at a time."""
    crc = 0
    for chunk in _chunks(server, aof_base):
        crc = crc64(chunk, crc)
        out.write(chunk)
    out.write(crc.to_bytes(8, "little"))


def _chunks(server: Server, aof_base: bool) -> Iterator[bytearray]:
    """The file without its checksum, in pieces."""
    out = bytearray(b"REDIS%04d" % VERSION)
    _write_facts(server, out, aof_base)
    policy = str(server.config["maxmemory-policy"])
    for database in server.databases:
        if not len(database):
            continue
        # mini.save: yours to build (course hint mini.save)
        for key, value in database.keys.items():
            _write_key(database, key, value, policy, out)
            if len(out) >= _CHUNK:
                yield out
                out = bytearray()
    out.append(_EOF)
    yield out


def _write_facts(server: Server, out: bytearray, aof_base: bool) -> None:
    """What a reader may want to know of the writer; it may skip what it does not know."""
    facts = {
        "redis-ver": REDIS_VERSION,
        "redis-bits": "64",
        "ctime": str(server.now // 1000),
        "used-mem": str(server.memory.used()),
        "aof-base": str(int(aof_base)),
    }
    for name, value in facts.items():
        out.append(_AUX)
        write_string(out, name.encode())
        write_string(out, value.encode())


def _write_key(database: Database, key: bytes, value: Value, policy: str, out: bytearray) -> None:
    """Append one key: its end if it has one, how it was used, its form, its name, its value."""
    end = database.expires.get(key)
    if end is not None:
        raise NotImplementedError("mini.rdb-expiry")  # course hint mini.rdb-expiry
    if policy.endswith("lru"):
        out.append(_IDLE)
        write_length(out, eviction.idle_seconds(database, key))
    elif policy.endswith("lfu"):
        out += bytes([_FREQUENCY, eviction.frequency(database, key)])
    # mini.save: yours to build (course hint mini.save)


# Reading


def load(server: Server, data: bytes, keep_ended: bool = False) -> int:
    """Put what a file holds into the databases; where it ends in `data`.

    Args:
        keep_ended: also keys whose time is over; what follows in an append-only file removes them itself.

    Raises:
        BadFile: it is not such a file, or damaged; some keys may have been stored.
    """
    if data[:5] != b"REDIS":
        raise BadFile("Wrong signature trying to load DB from file")
    version = int(data[5:9]) if data[5:9].isdigit() else 0
    if not 1 <= version <= NEWEST:
        raise BadFile(f"Can't handle RDB format version {data[5:9].decode('latin-1')}")
    reader = Reader(data, 9)
    try:
        _Loader(server, reader, keep_ended).run()
        return _check_sum(data, reader.at) if version >= 5 else reader.at
    except (ValueError, OverflowError) as error:
        raise BadFile(f"{error} (at byte {reader.at})") from error


def _check_sum(data: bytes, end: int) -> int:
    """Compare the checksum that stands at `end`; 0 means that none was made. The place behind it."""
    raise NotImplementedError("mini.rdb-load")  # course hint mini.rdb-load


class _Loader:
    """Reads one file; what marks have said holds for the next key only."""

    def __init__(self, server: Server, reader: Reader, keep_ended: bool) -> None:
        self._server = server
        self._reader = reader
        self._keep_ended = keep_ended
        self._database = server.databases[0]
        self._end: int | None = None
        self._idle: int | None = None
        self._frequency: int | None = None
        self._marks: dict[int, Callable[[], object]] = {
            _DATABASE: self._choose,
            _SIZES: lambda: (reader.length(), reader.length()),
            _AUX: lambda: (reader.string(), reader.string()),
            _SLOT: lambda: (reader.length(), reader.length(), reader.length()),
            _FUNCTION: reader.string,
            _MODULE: self._skip_module,
            _END_MS: lambda: setattr(self, "_end", reader.number(8)),
            _END_S: lambda: setattr(self, "_end", reader.number(4) * 1000),
            _IDLE: lambda: setattr(self, "_idle", reader.length()),
            _FREQUENCY: lambda: setattr(self, "_frequency", reader.byte()),
        }

    def run(self) -> None:
        """Read up to the end mark."""
        raise NotImplementedError("mini.rdb-load")  # course hint mini.rdb-load

    def _choose(self) -> None:
        index = self._reader.length()
        if index >= len(self._server.databases):
            raise BadFile(f"Data file was created with a Redis server configured to handle more than {index} databases")
        self._database = self._server.databases[index]

    def _key(self, form: int) -> None:
        """Read a key and its value, and store it unless its time is over."""
        raise NotImplementedError("mini.rdb-load")  # course hint mini.rdb-load

    def _skip_module(self) -> None:
        """What a module has kept beside the keys: numbers and strings, each behind a mark."""
        reader = self._reader
        reader.length()
        skip: dict[int, Callable[[], object]] = {
            1: reader.length,
            2: reader.length,
            3: lambda: reader.take(4),
            4: reader.double,
            5: reader.string,
        }
        while kind := reader.length():
            if kind not in skip:
                raise BadFile("what a module has written cannot be skipped")
            skip[kind]()


# One value: DUMP and RESTORE


def dump(value: Value) -> bytes:
    """Return a value as bytes: form, value, version of the format, checksum."""
    raise NotImplementedError("mini.dump")  # course hint mini.dump


def is_dump(payload: bytes) -> bool:
    """Whether the version and the checksum at the end of a dumped value are right."""
    raise NotImplementedError("mini.restore")  # course hint mini.restore


def undump(payload: bytes) -> Value | None:
    """Return the value of what `dump` has made; None for a hash of which every field has ended.

    Raises:
        BadFile: the value within is damaged.
    """
    raise NotImplementedError("mini.restore")  # course hint mini.restore
