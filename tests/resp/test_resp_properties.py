"""What holds for any value and for any bytes, tried with generated ones and against hiredis."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import hiredis
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.resp import (
    INCOMPLETE,
    NULL_ARRAY,
    BigNumber,
    Double,
    ErrorReply,
    Limits,
    Map,
    ProtocolError,
    Push,
    Reader,
    SetReply,
    SimpleString,
    Verbatim,
    encode_command,
    encode_reply,
)

lines = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
integers = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-3, 1030))
resp2_scalars = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b"\r\n", b"$1\r\na\r\n", b"\r", b"\n"]),
    lines.map(SimpleString),
    lines.map(ErrorReply),
    integers,
    st.none(),
)
resp3_scalars = st.one_of(
    resp2_scalars,
    st.booleans(),
    st.floats().map(Double.of),
    st.integers(-(10**40), 10**40).map(BigNumber),
    st.builds(Verbatim, st.sampled_from(["txt", "mkd"]), st.binary(max_size=20)),
    st.text(max_size=12).map(lambda text: ErrorReply(f"ERR {text}")),
)
resp2_values = st.recursive(
    st.one_of(resp2_scalars, st.just(NULL_ARRAY)), lambda inner: st.lists(inner, max_size=4), max_leaves=12
)


def aggregates(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    members = st.lists(inner, max_size=4)
    return st.one_of(members, members.map(SetReply), st.lists(st.tuples(inner, inner), max_size=3).map(Map))


resp3_values = st.recursive(resp3_scalars, aggregates, max_leaves=12)
resp3_messages = st.one_of(resp3_values, st.lists(resp3_values, max_size=3).map(Push))


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in pieces, cut at the places that lie in it."""
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:stop] for start, stop in pairwise(bounds)]


def read_all(pieces: list[bytes], **options: Any) -> tuple[list[str], bool, int]:
    """The values that come out, whether the stream was refused, and how many bytes are left waiting."""
    reader = Reader(**options)
    values: list[str] = []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (value := reader.read()) is not INCOMPLETE:
                values.append(repr(value))
    except ProtocolError as error:
        assert 0 <= error.offset <= sum(map(len, pieces))
        return values, True, 0
    return values, False, reader.buffered


@settings(deadline=None)
@given(st.lists(resp3_messages, max_size=4), st.lists(st.integers(0), max_size=6))
def test_what_is_encoded_is_read_back_however_it_is_cut(values: list[object], places: list[int]) -> None:
    stream = b"".join(encode_reply(value, 3) for value in values)
    assert read_all(cut(stream, places)) == (list(map(repr, values)), False, 0)


@settings(deadline=None)
@given(st.lists(resp2_values, max_size=4), st.lists(st.integers(0), max_size=6))
def test_what_is_encoded_as_resp2_is_read_back_as_resp2(values: list[object], places: list[int]) -> None:
    stream = b"".join(encode_reply(value, 2) for value in values)
    options = {"protocol": 2, "null_array": NULL_ARRAY}
    assert read_all(cut(stream, places), **options) == (list(map(repr, values)), False, 0)


@settings(deadline=None)
@given(resp3_messages)
def test_resp3_values_become_valid_resp2(value: object) -> None:
    try:
        frame = encode_reply(value, 2)
    except ValueError:
        return
    values, refused, left = read_all([frame], protocol=2)
    assert (len(values), refused, left) == (1, False, 0)


@settings(max_examples=60, deadline=None)
@given(resp3_messages)
def test_every_beginning_of_a_frame_is_incomplete_and_every_cut_gives_the_value(value: object) -> None:
    frame = encode_reply(value, 3)
    for place in range(len(frame)):
        assert read_all([frame[:place]]) == ([], False, place)
        assert read_all([frame[:place], frame[place:]]) == ([repr(value)], False, 0)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5), st.lists(st.integers(0), max_size=4))
def test_commands_are_read_back_as_their_arguments(args: list[bytes], places: list[int]) -> None:
    values, refused, left = read_all(cut(encode_command(*args), places), protocol=2)
    assert (values, refused, left) == ([repr(args)], False, 0)


resp_like = st.lists(
    st.sampled_from([bytes([byte]) for byte in b"$*+-:_,#!=(%~>|0123459-\r\nxtf?"] + [b"\r\n"] * 4), max_size=40
).map(b"".join)


@st.composite
def damaged_frames(draw: st.DrawFn) -> bytes:
    frame = bytearray(encode_reply(draw(resp3_messages), 3))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(frame)))
        frame[place : place + draw(st.integers(0, 2))] = draw(st.one_of(resp_like, st.binary(max_size=2)))
    return bytes(frame)


@settings(max_examples=400, deadline=None)
@given(st.one_of(resp_like, damaged_frames(), st.binary(max_size=60)), st.lists(st.integers(0), max_size=8))
@example(b"*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", [4])
@example(b"+a\rb\nc\r\n", [4])
def test_hostile_bytes_end_the_same_way_however_they_are_cut(data: bytes, places: list[int]) -> None:
    limits = Limits(depth=3, bulk=30, elements=5, line=24, total=50)
    whole = read_all([data], limits=limits)
    assert read_all(cut(data, places), limits=limits) == whole
    assert read_all([bytes([byte]) for byte in data], limits=limits) == whole


def no_longer_than(value: Any, limits: Limits, depth: int = 0) -> bool:
    if isinstance(value, bytes):
        return len(value) <= limits.bulk
    if isinstance(value, list | tuple):
        room = limits.elements if isinstance(value, list) else 2
        deeper = depth + isinstance(value, list)
        return (
            len(value) <= room
            and deeper <= limits.depth + (not value)
            and all(no_longer_than(member, limits, deeper) for member in value)
        )
    return True


@settings(deadline=None)
@given(st.one_of(resp3_messages.map(lambda value: encode_reply(value, 3)), damaged_frames()))
def test_no_value_over_the_limits_comes_out(data: bytes) -> None:
    limits = Limits(depth=2, bulk=4, elements=2, line=10, total=30)
    reader = Reader(limits=limits)
    reader.feed(data)
    try:
        while (start := reader.offset) >= 0 and (value := reader.read()) is not INCOMPLETE:
            assert no_longer_than(value, limits)
            assert reader.offset - start <= limits.total
    except ProtocolError:
        return
    assert reader.buffered <= limits.total, "what waits is no more than one value may be"


def as_hiredis(value: Any) -> Any:
    """The value as hiredis hands it out: a status and a string alike, a map a dict, a set a list."""
    match value:
        case SimpleString():
            return str(value).encode("utf-8", "surrogateescape")
        case ErrorReply():
            return ("error", value.text)
        case Verbatim():
            return value.data
        case BigNumber():
            return int.__repr__(value).encode()
        case Map():
            return {as_hiredis(key): as_hiredis(item) for key, item in value}
        case list():
            return [as_hiredis(member) for member in value]
        case float():
            return repr(float(value))
        case _:
            return value


def from_hiredis(value: Any) -> Any:
    match value:
        case hiredis.HiredisError():
            return ("error", str(value))
        case dict():
            return {key: from_hiredis(item) for key, item in value.items()}
        case list():
            return [from_hiredis(member) for member in value]
        case float():
            return repr(value)
        case _:
            return value


def hiredis_can_read(value: Any) -> bool:
    """hiredis decodes an error's text strictly, and cannot read a bulk error, a key that is an aggregate or
    a null for a key that was there before."""
    match value:
        case ErrorReply():
            return value.text.isascii() and "\n" not in value.text and "\r" not in value.text
        case Map():
            keys = [key for key, _ in value]
            return (
                all(isinstance(key, bytes | int | None) for key in keys)
                and len(set(keys)) == len(keys)
                and all(hiredis_can_read(item) for _, item in value)
            )
        case list():
            return all(map(hiredis_can_read, value))
        case _:
            return True


@settings(deadline=None)
@given(resp3_messages.filter(hiredis_can_read))
def test_valid_replies_are_read_as_hiredis_reads_them(value: object) -> None:
    frame = encode_reply(value, 3)
    theirs = hiredis.Reader()
    theirs.feed(frame)
    ours = Reader()
    ours.feed(frame)
    assert as_hiredis(ours.read()) == from_hiredis(theirs.gets())
