"""How much of a submission is looked at: bytes, entries, cells. Beyond these numbers it is refused with a sentence.

They are many times what honest work needs, and small enough that the worst that fits is read within seconds.
"""

from __future__ import annotations

MEGABYTE = 1_000_000

FILE_BYTES = 20 * MEGABYTE
TOTAL_BYTES = 100 * MEGABYTE
ARCHIVE_BYTES = 100 * MEGABYTE
UNPACKED_BYTES = 150 * MEGABYTE
ENTRIES = 20_000
FOLDERS_DEEP = 8
PACKAGE_FILES = 300

JSON_DEPTH = 64
JSON_TOKENS = 1_000_000
CELLS = 5_000
CELL_CHARACTERS = 200_000
CODE_CHARACTERS = 2_000_000

NOTES = 40
COPIES_LOOKED_AT = 12
