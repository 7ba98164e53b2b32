"""A stranger's text, made safe to look at: on a terminal, in a log, in XML, in Markdown.

What a learner wrote, printed, raised or called a file reaches people and programs only through here. Everything that
is not a plain visible character is shown as Python would escape it: terminal escapes, control characters (C0 and C1),
bidirectional overrides, zero-width and blank letters, halves of surrogate pairs, code points without a character.
So are the two marks by which a CI runner knows a command in a step's output: ``::`` before a line, ``##[`` in one.
"""

from __future__ import annotations

import re
import unicodedata

# They count as letters or marks, and show nothing.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_MOST_MARKS = 4
_RUNNER_COMMAND = re.compile(r"^([ \t]*):(?=:)|##(?=\[)", re.M)


def printable(text: str) -> str:
    r"""`text` with its line breaks and tabs as they are, and all else that is not visible as ``\x1b`` or ``\u202e``.

    More than four combining marks on one letter, which would paint over the lines above, are escaped too.
    """
    if "::" in text or "##[" in text:
        text = _RUNNER_COMMAND.sub(lambda found: "#\\x23" if found[1] is None else f"{found[1]}\\x3a", text)
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for c in text:
        if c in "\n\t" or (c.isascii() and c.isprintable()):
            marks = 0
            shown.append(c)
            continue
        marks = marks + 1 if unicodedata.category(c) in {"Mn", "Me"} else 0
        hidden = c in _INVISIBLE or not c.isprintable() or "\U000e0100" <= c <= "\U000e01ef"
        shown.append(_escaped(c) if hidden or marks > _MOST_MARKS else c)
    return "".join(shown)


def one_line(text: str, limit: int = 0) -> str:
    """`text` printable and on one line, with every stretch of white space as one blank; see `shortened`."""
    return shortened(printable(" ".join(text.split())), limit)


def shortened(text: str, limit: int) -> str:
    """`text`, or its first `limit` characters with an ellipsis as the last; 0 is no limit."""
    return text if not limit or len(text) <= limit else text[: limit - 1] + "…"


def _escaped(c: str) -> str:
    code = ord(c)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
