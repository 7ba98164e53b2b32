"""LCS: what two strings have in common, in order. The method of the textbooks, with a table of lengths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.resp import Args, CommandError, Map, Reply

Span = tuple[int, int]


@dataclass(slots=True)
class Wanted:
    """[LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]."""

    length: bool = False
    matches: bool = False
    least: int = 0
    lengths: bool = False


@command("LCS", arity=-3, flags="readonly", keys=(1, 2, 1), group="string", since="7.0.0")
def lcs(client: Client, args: Args) -> Reply:
    """LCS key key [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]: what two strings share. O(length * length)."""
    ### BEGIN SOLUTION mini.lcs
    values = [client.db.read_any(key) for key in args[1:3]]
    texts = [bytes(value) for value in values if isinstance(value, (bytes, bytearray))]
    if len(texts) + values.count(None) < 2:
        raise CommandError("ERR The specified keys must contain string values")
    wanted = _read(args[3:])
    one, two = (bytes(value) if isinstance(value, (bytes, bytearray)) else b"" for value in values)
    table = lengths(one, two)
    total = table[-1][-1]
    if wanted.matches:
        spans = [(a, b) for a, b in matches(one, two, table) if a[1] - a[0] + 1 >= wanted.least]
        return Map([b"matches", [_shown(a, b, wanted) for a, b in spans], b"len", total])
    if wanted.length:
        return total
    return b"".join(one[a[0] : a[1] + 1] for a, _ in reversed(list(matches(one, two, table))))
    ### END SOLUTION


def _read(words: Args) -> Wanted:
    ### BEGIN SOLUTION mini.lcs
    wanted = Wanted()
    at = 0
    while at < len(words):
        word = words[at].upper()
        if word == b"LEN":
            wanted.length = True
        elif word == b"IDX":
            wanted.matches = True
        elif word == b"WITHMATCHLEN":
            wanted.lengths = True
        elif word == b"MINMATCHLEN" and at + 1 < len(words):
            at += 1
            wanted.least = integer(words[at])
        else:
            raise syntax_error()
        at += 1
    if wanted.length and wanted.matches:
        raise CommandError("ERR If you want both the length and indexes, please just use IDX.")
    return wanted
    ### END SOLUTION


def _shown(a: Span, b: Span, wanted: Wanted) -> list[object]:
    return [list(a), list(b), *([a[1] - a[0] + 1] if wanted.lengths else [])]


def lengths(one: bytes, two: bytes) -> list[list[int]]:
    """Return the table: at [i][j] the length of what the first i bytes of one and the first j of the other share."""
    ### BEGIN SOLUTION mini.lcs
    table = [[0] * (len(two) + 1)]
    for byte in one:
        above, row = table[-1], [0]
        for j, other in enumerate(two):
            row.append(above[j] + 1 if byte == other else max(above[j + 1], row[j]))
        table.append(row)
    return table
    ### END SOLUTION


def matches(one: bytes, two: bytes, table: list[list[int]]) -> Iterator[tuple[Span, Span]]:
    """Walk back through the table: the pieces that are shared, in both strings, the last one first."""
    ### BEGIN SOLUTION mini.lcs
    i, j = len(one), len(two)
    while i > 0 and j > 0:
        size = 0
        while i > 0 and j > 0 and one[i - 1] == two[j - 1]:
            i, j, size = i - 1, j - 1, size + 1
        if size:
            yield (i, i + size - 1), (j, j + size - 1)
        elif table[i - 1][j] > table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    ### END SOLUTION
