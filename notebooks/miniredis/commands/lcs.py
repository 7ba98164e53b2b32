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
    raise NotImplementedError("mini.lcs")  # course hint mini.lcs


def _read(words: Args) -> Wanted:
    raise NotImplementedError("mini.lcs")  # course hint mini.lcs


def _shown(a: Span, b: Span, wanted: Wanted) -> list[object]:
    return [list(a), list(b), *([a[1] - a[0] + 1] if wanted.lengths else [])]


def lengths(one: bytes, two: bytes) -> list[list[int]]:
    """Return the table: at [i][j] the length of what the first i bytes of one and the first j of the other share."""
    raise NotImplementedError("mini.lcs")  # course hint mini.lcs


def matches(one: bytes, two: bytes, table: list[list[int]]) -> Iterator[tuple[Span, Span]]:
    """Walk back through the table: the pieces that are shared, in both strings, the last one first."""
    raise NotImplementedError("mini.lcs")  # course hint mini.lcs
