"""A submission in a zip or tar file, read where it lies in memory: nothing is unpacked to a disk.

Python's zipfile reads it, after the directory at its end was looked over; tar is read here, block by block, because
tarfile follows links and headers further than a stranger should lead it.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from functools import partial

from grader.checks import Exercise
from grader.marking.intake.choose import Entry, RefusedError, ReleaseOf, is_skipped, take
from grader.marking.intake.limits import (
    ARCHIVE_BYTES,
    ENTRIES,
    FILE_BYTES,
    FOLDERS_DEEP,
    MEGABYTE,
    UNPACKED_BYTES,
)
from grader.marking.intake.sentences import Notes, shown
from grader.marking.submission import Submission

_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x07"
_END_BYTES = 22
_COMMENT_BYTES = 65_535
_DIRECTORY_BYTES = ENTRIES * 150
_BLOCK = 512
_LONG_NAME = 4096
_CHUNK = 1 << 16
_XZ_MEMORY = 100 * MEGABYTE
_DRIVE = re.compile(r"[A-Za-z]:")


def read_archive(
    data: bytes, learner: str, exercises: Iterable[Exercise], release_of: ReleaseOf = lambda _: None
) -> Submission:
    """Read the submission in `data`, a zip, a tar, or a tar packed by gzip, bzip2 or xz.

    Never raises for anything that is in it; sizes, numbers and places that it lies about are refused with a sentence.

    Args:
        data: the archive.
        learner: the name the work is marked under.
        exercises: the course's, or those that are asked for.
        release_of: gives the released bytes of ``week1/02-….ipynb`` or None; helps to choose between copies.
    """
    notes = Notes()
    entries: list[Entry] = []
    try:
        if len(data) > ARCHIVE_BYTES:
            raise RefusedError(f"is larger than {ARCHIVE_BYTES // MEGABYTE} MB")
        found = _zip(data) if data.startswith(b"PK") else _tar(_unpacked(data))
        for number, entry in enumerate(found):
            if number >= ENTRIES:
                notes.add(f"The archive has more than {ENTRIES:,} files; the others were not looked at.")
                break
            if (inside := _placed(entry, notes)) is not None:
                entries.append(inside)
    except RefusedError as refused:
        notes.add(f"The archive {refused}, so nothing was taken from it." if not entries else f"The archive {refused}.")
    return take(_without_twice(entries, notes), learner, exercises, notes, release_of)


def _placed(entry: Entry, notes: Notes) -> Entry | None:
    """`entry` with its path in order; None for one that lies outside of the archive or where nobody looks."""
    path = entry.path.replace("\\", "/")
    parts = [p for p in path.split("/") if p not in ("", ".")]
    if path.startswith("/") or ".." in parts or _DRIVE.match(path):
        notes.add(f"{shown(entry.path)} points out of the archive, so it was left out.")
        return None
    if not parts or len(parts) > FOLDERS_DEEP + 1 or any(is_skipped(p) for p in parts[:-1]):
        return None
    return Entry("/".join(parts), entry.size, entry.read, entry.refused)


def _without_twice(entries: list[Entry], notes: Notes) -> list[Entry]:
    """Of entries of one name the last, as every program that unpacks them leaves it."""
    last = {e.path: e for e in entries}
    if len(last) < len(entries):
        notes.add("The archive has files of the same name; the last of each was taken.")
    return list(last.values())


def _zip(data: bytes) -> Iterator[Entry]:
    _look_at_directory(data)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError, EOFError) as error:
        raise RefusedError(f"is damaged ({shown(str(error))})") from None
    if len(infos) > ENTRIES:
        raise RefusedError(f"has more than {ENTRIES:,} files")
    overlapping = _overlapping(infos)
    for info in infos:
        if info.is_dir():
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        refused = ""
        if kind not in (0, stat.S_IFREG):
            refused = "is a link or no plain file"
        elif info.flag_bits & 1:
            refused = "is encrypted"
        elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            refused = "is packed in a way that is not read here"
        elif info.header_offset in overlapping:
            refused = "lies over another file of the archive"
        # What stands behind a zero byte is cut off by zipfile, and other programs would see another name.
        name = info.filename if "\0" not in info.orig_filename else info.orig_filename
        yield Entry(name, info.file_size, partial(_zip_member, archive, info), refused)


def _look_at_directory(data: bytes) -> None:
    """Refuse a zip whose list of files alone would fill the memory."""
    at = data.rfind(_END, max(0, len(data) - _END_BYTES - _COMMENT_BYTES))
    if at < 0 or len(data) < at + _END_BYTES:
        raise RefusedError("is damaged (its end is missing)")
    if data[max(0, at - 20) : at].startswith(_END_64):
        raise RefusedError("is of the kind for more than 4 GB")
    (size,) = struct.unpack_from("<I", data, at + 12)
    if size > _DIRECTORY_BYTES:
        raise RefusedError(f"has more than {ENTRIES:,} files")


def _overlapping(infos: list[zipfile.ZipInfo]) -> set[int]:
    """Where files begin that share bytes with another one: a small archive can be made enormous that way."""
    found: set[int] = set()
    end, last = 0, -1
    for info in sorted(infos, key=lambda i: i.header_offset):
        if info.header_offset < end:
            found |= {info.header_offset, last}
        if info.header_offset + info.compress_size > end:
            end, last = info.header_offset + 30 + info.compress_size, info.header_offset
    return found


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as member:
            return member.read(FILE_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, struct.error, NotImplementedError, EOFError,
            RuntimeError) as error:  # fmt: skip
        raise RefusedError(f"is damaged ({shown(str(error))})") from None


def _unpacked(data: bytes) -> bytes:
    """The tar inside, of at most `UNPACKED_BYTES`."""
    try:
        if data.startswith(b"\x1f\x8b"):
            return _drained(zlib.decompressobj(wbits=31), data)
        if data.startswith(b"BZh"):
            return _drained(bz2.BZ2Decompressor(), data)
        if data.startswith(b"\xfd7zXZ\0"):
            return _drained(lzma.LZMADecompressor(memlimit=_XZ_MEMORY), data)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise RefusedError(f"is damaged ({shown(str(error))})") from None
    return data


def _drained(unpacker: zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor, data: bytes) -> bytes:
    out = bytearray()
    for at in range(0, len(data), _CHUNK):
        piece = data[at : at + _CHUNK]
        while True:
            room = UNPACKED_BYTES + 1 - len(out)
            if room <= 0:
                raise RefusedError(f"has more than {UNPACKED_BYTES // MEGABYTE} MB in it")
            out += unpacker.decompress(piece, room)
            if unpacker.eof:
                return bytes(out)
            if isinstance(unpacker, bz2.BZ2Decompressor | lzma.LZMADecompressor):
                if unpacker.needs_input:
                    break
                piece = b""
            elif not (piece := unpacker.unconsumed_tail):
                break
    return bytes(out)  # broken off: what is whole in it is read


def _tar(data: bytes) -> Iterator[Entry]:
    """The members of a tar (POSIX, GNU, pax names and sizes)."""
    if len(data) < _BLOCK or not any(data[:_BLOCK]) or not _is_header(data[:_BLOCK]):
        raise RefusedError("is neither a zip nor a tar")
    at, headers = 0, 0
    name, size = "", -1
    while at + _BLOCK <= len(data):
        header = data[at : at + _BLOCK]
        at += _BLOCK
        if not any(header):
            return
        headers += 1
        if headers > 3 * ENTRIES:
            raise RefusedError(f"has more than {ENTRIES:,} files")
        kind = header[156:157]
        held = _tar_number(header[124:136])
        if not _is_header(header) or held < 0:
            raise RefusedError("is damaged; what stands behind the damage was not read")
        if kind in b"Lxg" and kind:
            if kind == b"L":
                name = _text(data[at : at + min(held, _LONG_NAME)])
            elif kind == b"x":
                name, size = _pax(data[at : at + min(held, _CHUNK)], name, size)
            at += -(-held // _BLOCK) * _BLOCK
            continue
        held = size if size >= 0 else held
        path = name or "/".join(p for p in (_prefix(header), _text(header[:100])) if p)
        name, size = "", -1
        if kind in (b"0", b"\0", b"7") and not path.endswith("/"):
            whole = at + held <= len(data)
            yield Entry(path, held, partial(_slice, data, at, held), "" if whole else "is cut off")
        elif kind != b"5" and kind not in (b"\0", b"0"):
            yield Entry(path, 0, None, "is a link or no plain file")
        # Links and devices have no bytes, whatever their size says.
        at += 0 if kind in (b"1", b"2", b"3", b"4", b"5", b"6") else -(-held // _BLOCK) * _BLOCK
    raise RefusedError("breaks off; what stood behind is gone")


def _slice(data: bytes, at: int, size: int) -> bytes:
    return data[at : at + min(size, FILE_BYTES + 1)]


def _is_header(header: bytes) -> bool:
    return sum(header) - sum(header[148:156]) + 8 * 32 == _tar_number(header[148:156])


def _tar_number(field: bytes) -> int:
    """A number as tar writes it: octal, or in base 256; -1 where it is none."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    text = field.split(b"\0")[0].strip()
    try:
        return int(text, 8) if text else 0
    except ValueError:
        return -1


def _prefix(header: bytes) -> str:
    return _text(header[345:500]) if header[257:263] == b"ustar\0" else ""


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "replace")


def _pax(records: bytes, name: str, size: int) -> tuple[str, int]:
    """The name and the size that a pax header gives the member behind it."""
    at = 0
    while at < len(records):
        length, blank, _ = records[at : at + 12].partition(b" ")
        if not blank or not length.isdigit() or not len(length) + 1 < int(length) <= len(records) - at:
            break
        key, _, value = records[at + len(length) + 1 : at + int(length) - 1].partition(b"=")
        if key == b"path":
            name = _text(value[:_LONG_NAME])
        elif key == b"size" and value.isdigit() and len(value) < 20:
            size = int(value)
        at += int(length)
    return name, size
