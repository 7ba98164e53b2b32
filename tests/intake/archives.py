"""Archives, honest and hostile, made on the spot."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

END = struct.Struct("<4s4H2LH")
CENTRAL = struct.Struct("<4s6H3L5H2L")


def files_below(folder: Path, prefix: str = "") -> dict[str, bytes]:
    return {prefix + p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def with_mode(name: str, data: bytes, mode: int) -> bytes:
    """A zip of one entry that says it is what `mode` says."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, data)
    return out.getvalue()


def tarred(files: Mapping[str, bytes], kind: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def tar_member(name: str, kind: bytes, target: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return out.getvalue()


def overlapping(name: str, size: int) -> bytes:
    """A zip whose directory names one packed piece twice, under two names of one length."""
    out = zipped({name: bytes(size)})
    end = out.rindex(b"PK\x05\x06")
    fields = list(END.unpack_from(out, end))
    start, length = fields[6], fields[5]
    directory = out[start : start + length]
    other = name.replace("01", "02").replace("is-redis-the-right-tool", "strings-and-counterz").encode()
    second = directory.replace(name.encode(), other.ljust(len(name), b"z"))
    fields[3] = fields[4] = 2
    fields[5] = len(directory) + len(second)
    return out[:start] + directory + second + END.pack(*fields)


def bomb(size: int) -> bytes:
    """A gzip of so many zeros, made without holding them."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as packed:
        piece = bytes(1 << 20)
        for _ in range(size >> 20):
            packed.write(piece)
    return out.getvalue()


def lying_about_size(name: str, data: bytes, told: int) -> bytes:
    """A zip that says of an entry that it has `told` bytes when unpacked."""
    out = bytearray(zipped({name: data}))
    end = out.rindex(b"PK\x05\x06")
    start = END.unpack_from(out, end)[6]
    struct.pack_into("<L", out, 22, told)
    struct.pack_into("<L", out, start + 24, told)
    return bytes(out)
