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
    ### BEGIN SOLUTION mini.save
    beside = path.with_name(f"temp-{os.getpid()}.rdb")
    try:
        with beside.open("wb") as out:
            write(server, out, aof_base)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    ### END SOLUTION


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
        ### BEGIN SOLUTION mini.save
        out.append(_DATABASE)
        write_length(out, database.index)
        out.append(_SIZES)
        write_length(out, len(database.keys))
        write_length(out, len(database.expires))
        ### END SOLUTION
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
        ### BEGIN SOLUTION mini.rdb-expiry
        out.append(_END_MS)
        write_milliseconds(out, end)
        ### END SOLUTION
    if policy.endswith("lru"):
        out.append(_IDLE)
        write_length(out, eviction.idle_seconds(database, key))
    elif policy.endswith("lfu"):
        out += bytes([_FREQUENCY, eviction.frequency(database, key)])
    ### BEGIN SOLUTION mini.save
    out.append(form_of(value))
    write_string(out, key)
    write_value(out, value)
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.rdb-load
    expected = Reader(data, end).number(8, signed=False)
    if expected and crc64(memoryview(data)[:end]) != expected:
        raise BadFile("Wrong RDB checksum expected: the file is damaged")
    return end + 8
    ### END SOLUTION


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
        ### BEGIN SOLUTION mini.rdb-load
        while (mark := self._reader.byte()) != _EOF:
            found = self._marks.get(mark)
            if found is not None:
                found()
            else:
                self._key(mark)
        ### END SOLUTION

    def _choose(self) -> None:
        index = self._reader.length()
        if index >= len(self._server.databases):
            raise BadFile(f"Data file was created with a Redis server configured to handle more than {index} databases")
        self._database = self._server.databases[index]

    def _key(self, form: int) -> None:
        """Read a key and its value, and store it unless its time is over."""
        ### BEGIN SOLUTION mini.rdb-load
        key = self._reader.string()
        value = read_value(self._reader, form)
        end, self._end = self._end, None
        if value is not None and (end is None or end > self._server.now or self._keep_ended):
            self._database.set(key, value)
            self._database.expire_at(key, end)
            eviction.remember(self._database, key, self._idle, self._frequency)
        self._idle = self._frequency = None
        ### END SOLUTION

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
    ### BEGIN SOLUTION mini.dump
    out = bytearray()
    out.append(form_of(value))
    write_value(out, value)
    out += VERSION.to_bytes(2, "little")
    out += crc64(out).to_bytes(8, "little")
    return bytes(out)
    ### END SOLUTION


def is_dump(payload: bytes) -> bool:
    """Whether the version and the checksum at the end of a dumped value are right."""
    ### BEGIN SOLUTION mini.restore
    if len(payload) < 10 or int.from_bytes(payload[-10:-8], "little") > NEWEST:
        return False
    return crc64(memoryview(payload)[:-8]) == int.from_bytes(payload[-8:], "little")
    ### END SOLUTION


def undump(payload: bytes) -> Value | None:
    """Return the value of what `dump` has made; None for a hash of which every field has ended.

    Raises:
        BadFile: the value within is damaged.
    """
    ### BEGIN SOLUTION mini.restore
    reader = Reader(payload[:-10])
    try:
        return read_value(reader, reader.byte())
    except (ValueError, OverflowError) as error:
        raise BadFile("Bad data format") from error
    ### END SOLUTION
