"""The list of the files that make up an append-only file, as Redis keeps it beside them (aof.c).

A line a file, in the order of their kinds: the one *base* (type b) with everything up to some moment, files that are no
longer needed and not yet deleted (*history*, h), and the *increments* (i) since, which are read one after the other.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from miniredis.persistence.encodings import BadFile
from miniredis.words import split_words

KINDS = {"b": "base", "h": "history", "i": "incr"}


class BadManifest(BadFile):
    """The manifest is not what Redis writes."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file: its name, its number among the files of its kind, its kind (b, h or i)."""

    name: str
    number: int
    kind: str

    @property
    def line(self) -> str:
        """How the manifest has it; a name with blanks or the like is quoted."""
        plain = self.name.isascii() and self.name.isprintable() and not set(" \"'\\") & set(self.name)
        name = self.name if plain else '"' + self.name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"file {name} seq {self.number} type {self.kind}\n"


@dataclass(slots=True)
class Manifest:
    """All parts of an append-only file whose name is `name`."""

    name: str
    base: Part | None = None
    history: list[Part] = field(default_factory=list)
    increments: list[Part] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The file."""
        parts = [*([self.base] if self.base else []), *self.history, *self.increments]
        return "".join(part.line for part in parts)

    def next_base(self) -> Part:
        """The base that would come after this one."""
        number = self.base.number + 1 if self.base else 1
        return Part(f"{self.name}.{number}.base.rdb", number, "b")

    def next_increment(self) -> Part:
        """The increment that would come after the last one."""
        number = self.increments[-1].number + 1 if self.increments else 1
        return Part(f"{self.name}.{number}.incr.aof", number, "i")

    def rebased(self, base: Part, first: Part) -> Manifest:
        """This one with another base, which holds everything before the increment `first`."""
        kept = [part for part in self.increments if part.number >= first.number]
        old = [part for part in self.increments if part.number < first.number]
        old += [self.base] if self.base else []
        return Manifest(self.name, base, self.history + [replace(part, kind="h") for part in old], kept)


def parse(name: str, text: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        BadManifest: a line is none, or the files do not go together.
    """
    manifest = Manifest(name)
    for line in text.splitlines():
        if not line.startswith(b"#"):
            _add(manifest, _part(line))
    return manifest


def _part(line: bytes) -> Part:
    words = split_words(line)
    if not words or len(words) % 2:
        raise BadManifest("Invalid AOF manifest file format")
    # Words this version does not know are for later ones.
    facts = dict(zip(words[::2], words[1::2], strict=True))
    name, number, kind = facts.get(b"file", b""), facts.get(b"seq", b""), facts.get(b"type", b"").decode("latin-1")
    if not name or not number.isdigit() or kind not in KINDS:
        raise BadManifest("Invalid AOF manifest file format")
    if b"/" in name:
        raise BadManifest("File can't be a path, just a filename")
    return Part(os.fsdecode(name), int(number), kind)


def _add(manifest: Manifest, part: Part) -> None:
    if part.kind == "b":
        if manifest.base is not None:
            raise BadManifest("Found duplicate base file information")
        manifest.base = part
    elif part.kind == "h":
        manifest.history.append(part)
    else:
        if manifest.increments and part.number <= manifest.increments[-1].number:
            raise BadManifest("Found a non-monotonic sequence number")
        manifest.increments.append(part)


def write(path: Path, manifest: Manifest) -> None:
    """Put the manifest in the place of the one before, whole or not at all."""
    beside = path.with_name(f"temp-{path.name}")
    with beside.open("wb") as out:
        out.write(os.fsencode(manifest.text))
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
