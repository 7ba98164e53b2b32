"""Splitting a typed line into words, as `redis-cli`, redis.conf and inline commands have it (sds.c, sdssplitargs)."""

from __future__ import annotations

_ESCAPES = {ord("n"): 10, ord("r"): 13, ord("t"): 9, ord("b"): 8, ord("a"): 7}
_SPACE = b" \n\r\t\v\f\0"
_HEX = b"0123456789abcdefABCDEF"


def split_words(line: bytes) -> list[bytes] | None:
    """Return the words of a line, quotes and escapes resolved; None where the quotes do not balance."""
    words: list[bytes] = []
    at = 0
    while True:
        while at < len(line) and line[at] in _SPACE:
            at += 1
        if at == len(line):
            return words
        word = bytearray()
        while at < len(line) and line[at] not in _SPACE:
            if line[at] in b"\"'":
                end = _quoted(line, at, word)
                if end is None:
                    return None
                at = end
                break  # a closing quote ends the word
            word.append(line[at])
            at += 1
        words.append(bytes(word))


def _quoted(line: bytes, at: int, word: bytearray) -> int | None:
    """Read from the quote at `at` into `word`; the place behind the closing one, None when the quotes are wrong."""
    quote = line[at]
    at += 1
    while at < len(line):
        byte = line[at]
        if byte == quote:
            after = at + 1
            return after if after == len(line) or line[after] in _SPACE else None
        if byte == 92 and quote == 34 and at + 1 < len(line):  # a backslash within double quotes
            code = line[at + 2 : at + 4]
            if line[at + 1] == 120 and len(code) == 2 and all(c in _HEX for c in code):
                word.append(int(code, 16))
                at += 4
                continue
            word.append(_ESCAPES.get(line[at + 1], line[at + 1]))
            at += 2
        elif byte == 92 and line[at + 1 : at + 2] == b"'":
            word.append(39)
            at += 2
        else:
            word.append(byte)
            at += 1
    return None
