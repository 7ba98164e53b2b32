"""Long arrays of strings are written in one go; whatever else is in them, the bytes are those of the slow way."""

from __future__ import annotations

import pytest
from miniredis.resp import MANY, OK, CommandError, Map, Push, SetReply, Verbatim, encode

ODD = [
    None, 7, 1.5, True, b"", b"x" * 5000, b"\r\n", bytearray(b"raw"), [b"nested"], [], Map([b"k", b"v"]),
    SetReply([b"m"]), Verbatim(b"text"), OK, CommandError("ERR one of several"),
]  # fmt: skip


def one_by_one(items: list[object], protocol: int) -> bytes:
    return b"*%d\r\n" % len(items) + b"".join(encode(item, protocol) for item in items)


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("count", [0, 1, MANY - 1, MANY, MANY + 1, 1000])
def test_an_array_of_strings(count: int, protocol: int) -> None:
    strings: list[object] = [b"%d" % number for number in range(count)]
    assert encode(strings, protocol) == one_by_one(strings, protocol)
    assert encode(tuple(strings), protocol) == one_by_one(strings, protocol)


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("at", [0, 1, MANY])
def test_an_array_with_one_odd_item(odd: object, at: int, protocol: int) -> None:
    items: list[object] = [b"string"] * (MANY * 2)
    items[at] = odd
    assert encode(items, protocol) == one_by_one(items, protocol)


@pytest.mark.parametrize("count", [2, MANY * 2])
def test_maps_sets_and_pushes_hold_their_items_in_the_same_way(count: int) -> None:
    strings = [b"%d" % number for number in range(count)]
    inside = one_by_one(list(strings), 2).partition(b"\r\n")[2]
    assert encode(Map(strings), 3) == b"%%%d\r\n" % (count // 2) + inside
    assert encode(SetReply(strings), 3) == b"~%d\r\n" % count + inside
    assert encode(Push(strings), 3) == b">%d\r\n" % count + inside
    assert encode(Map(strings), 2) == b"*%d\r\n" % count + inside
