"""From a file's bytes to text, whatever editor, mail program or version control last had it in its hands."""

from __future__ import annotations

import codecs
import itertools
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", ""),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_MARKER = re.compile(r"^(<{7}|\|{7}|={7}|>{7})(?:[ \r].*)?$", re.M)
_SURROGATE = re.compile("[\ud800-\udfff]")
_UTF8_LONGEST = 4
_MOST_MARKS = 1000


def decode(data: bytes) -> tuple[str, str]:
    """The text of `data` and a sentence about its encoding, which is empty for UTF-8 with or without a mark.

    Never raises: bytes that are no UTF-8 are read as Windows' western encoding, of which every byte is a character.
    """
    for mark, encoding, name in _MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, "ignore")
            return text, f"It was saved as {name}; that costs nothing." if name else ""
    for encoding, zero in (("utf-16-le", 1), ("utf-16-be", 0)):
        head = data[:64]
        if len(head) >= 4 and len(head[zero::2]) * 2 >= len(head) - 1 and not any(head[zero::2]):
            return data.decode(encoding, "ignore"), "It was saved as UTF-16; that costs nothing."
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        if error.end >= len(data) and error.start > len(data) - _UTF8_LONGEST:
            # Cut off in the middle of a character.
            return data[: error.start].decode("utf-8"), ""
        text = data.decode("cp1252", "replace")
        return text, "It is not UTF-8 text; it was read as Windows-1252. Save it as UTF-8."


def without_surrogates(text: str) -> str:
    """`text` that can be encoded: halves of surrogate pairs are replaced by U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("�", text)


def sides_of_conflict(text: str) -> tuple[str, ...]:
    """The two texts that a version control could not decide between, one's own first; none where it left no marks."""
    marks = list(itertools.islice(_MARKER.finditer(text), _MOST_MARKS + 1))
    if not 0 < len(marks) <= _MOST_MARKS:
        return ()
    ours: list[str] = []
    theirs: list[str] = []
    state, at = " ", 0
    found = False
    for mark in marks:
        kind = mark[1][0]
        fits = {"<": " ", "|": "<", "=": "<|", ">": "="}[kind]
        if state not in fits:
            continue  # a line of seven equal signs in somebody's text
        _deal(text[at : mark.start()], state, ours, theirs)
        at = min(mark.end() + 1, len(text))
        state = " " if kind == ">" else kind
        found = found or kind == ">"
    if not found:
        return ()
    _deal(text[at:], state, ours, theirs)
    return "".join(ours), "".join(theirs)


def _deal(piece: str, state: str, ours: list[str], theirs: list[str]) -> None:
    if state in " <":
        ours.append(piece)
    if state in " =":
        theirs.append(piece)
