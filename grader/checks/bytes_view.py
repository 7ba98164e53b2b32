"""Bytes as a learner reads them: two lines one above the other, and a caret under the first byte that is wrong.

The checks of lessons about the wire call `expect_bytes` where an answer returns bytes, and `point` to mark a place
in bytes that an answer was given. Bytes are written as in Python, ``b'$5\\r\\ncaf\\xc3\\xa9\\r\\n'``; of long ones only
the surroundings of the place are shown. A view is the second and further lines of a sentence: whoever shows it keeps
the line breaks and uses letters of one width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.checks.verdict import Broken, show

WIDTH = 76
_NAMED = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r", 0x27: "\\'", 0x5C: "\\\\"}


def literal(data: bytes, width: int = WIDTH) -> str:
    """`data` as a Python literal, cut at the end to about `width` characters."""
    return _line(_tokens(data), 0, width)


def first_difference(wanted: bytes, got: bytes) -> int | None:
    """How many bytes are the same before the first that is wrong or missing; None if all are the same."""
    if wanted == got:
        return None
    return next((i for i, (a, b) in enumerate(zip(wanted, got, strict=False)) if a != b), min(len(wanted), len(got)))


def compare(wanted: bytes, got: bytes, names: tuple[str, str] = ("wanted", "got"), width: int = WIDTH) -> list[str]:
    """Three lines: what was wanted, what came, and a caret under the first byte that differs; two if none does."""
    label = max(map(len, names)) + 2
    at = first_difference(wanted, got)
    above, below = _tokens(wanted), _tokens(got)
    start = _start(above, at or 0, width - label)
    lines = [f"{names[0]:{label}}{_line(above, start, width - label)}"]
    lines.append(f"{names[1]:{label}}{_line(below, start, width - label)}")
    if at is not None:
        words = f"after {_count(at)} that {'is' if at == 1 else 'are'} right" if at else "the first byte already"
        lines.append(_caret(above, start, at, label, words))
    return lines


def point(data: bytes, at: int, remark: str = "", width: int = WIDTH) -> list[str]:
    """Two lines: `data`, and a caret under the byte number `at` (from 0), with a remark behind it."""
    tokens = _tokens(data)
    start = _start(tokens, at, width)
    return [_line(tokens, start, width), _caret(tokens, start, at, 0, remark)]


def with_view(sentence: str, view: Sequence[str]) -> str:
    """A sentence and, on lines of its own, a view."""
    return "\n".join([sentence, *view])


def expect_bytes(
    actual: object,
    wanted: bytes,
    call: str,
    *,
    known: Mapping[bytes, str] | None = None,
    because: str | None = None,
    remark: str = "",
) -> None:
    """Compare bytes with what was promised, and show the first that is wrong.

    Args:
        actual: what the answer returned, whatever it is.
        wanted: what it should have returned.
        call: the call as the learner would write it.
        known: wrong results that betray a misconception, result -> its name.
        because: the misconception to name for any other wrong bytes.
        remark: a sentence about what the wrong bytes would lead to, said before the view.

    Raises:
        Broken: where they differ.
    """
    if type(actual) is bytes and actual == wanted:
        return
    expected = f"{call} returns {literal(wanted)}"
    if not isinstance(actual, bytes | bytearray):
        raise Broken(expected, f"it returned {show(actual)}, of the type {type(actual).__name__} instead of bytes")
    got = bytes(actual)
    if got == wanted:
        raise Broken(expected, "it returned a bytearray with the right bytes; make it bytes(…)")
    sizes = f"{_count(len(wanted))} expected, {_count(len(got))} came."
    sentence = f"{sizes} {remark}".strip()
    raise Broken(expected, with_view(sentence, compare(wanted, got)), (known or {}).get(got, because))


def _count(number: int) -> str:
    return "1 byte" if number == 1 else f"{number} bytes"


def _tokens(data: bytes) -> list[str]:
    """Each byte as it stands in a Python literal between single quotes."""
    return [_NAMED.get(b) or (chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}") for b in data]


def _start(tokens: Sequence[str], at: int, width: int) -> int:
    """The first byte to show so that byte `at` stands in the first half of a line of `width` characters."""
    room, start = width // 2, min(at, len(tokens))
    while start > 0 and room >= len(tokens[start - 1]):
        start -= 1
        room -= len(tokens[start])
    return start


def _line(tokens: Sequence[str], start: int, width: int) -> str:
    text, end = "b'" if start == 0 else "… ", start
    while end < len(tokens) and len(text) + len(tokens[end]) <= width - 2:
        text += tokens[end]
        end += 1
    return text + ("'" if end == len(tokens) else " …")


def _caret(tokens: Sequence[str], start: int, at: int, label: int, remark: str) -> str:
    column = label + 2 + sum(len(token) for token in tokens[start:at])
    return f"{' ' * column}^ {remark}".rstrip()
