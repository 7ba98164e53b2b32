"""A learner's work as data: names and bytes, nothing that is run or believed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Submission:
    """What one learner handed in.

    `learner` is the name they are marked under. `files` maps paths below ``notebooks/`` (``week1/04-the-wire.ipynb``,
    ``week1/tinyclient.py``), with ``/`` between their parts, to their bytes. `notes` are sentences about what was
    refused on the way in. It travels between processes and machines as it is.
    """

    learner: str
    files: Mapping[str, bytes]
    notes: tuple[str, ...] = ()

    def digest(self) -> str:
        """SHA-256 of all names and contents, hexadecimal; the same for the same files in any order."""
        found = hashlib.sha256()
        for name in sorted(self.files):
            for part in (name.encode("utf-8", "surrogateescape"), self.files[name]):
                found.update(len(part).to_bytes(8, "big"))
                found.update(part)
        return found.hexdigest()
