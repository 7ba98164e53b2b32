"""Real Redis is the key: what it sends is read, and written again to the very same bytes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest
from real_commands import COMMANDS

from grader.resp import (
    INCOMPLETE,
    NULL_ARRAY,
    BigNumber,
    Double,
    ErrorReply,
    Map,
    Push,
    Reader,
    SetReply,
    SimpleString,
    Verbatim,
    encode_command,
    encode_reply,
)
from grader.servers import Binary, standalone
from grader.wire import split_line

MARKER = b"the end of the replies"


@pytest.fixture(scope="module")
def address(binary: Binary) -> Iterator[str]:
    with standalone(binary=binary, enable_debug_command=True) as server:
        yield str(server.socket_path)


def replies(address: str, protocol: int, commands: list[list[bytes]]) -> bytes:
    """Everything that Redis answers, as bytes, with no reader involved."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(address)
        for command in [[b"HELLO", b"%d" % protocol], [b"FLUSHALL"]]:
            connection.sendall(encode_command(*command))
        received = b""
        while not received.endswith(b"+OK\r\n"):
            received += connection.recv(65536)
        connection.sendall(b"".join(encode_command(*command) for command in [*commands, [b"ECHO", MARKER]]))
        received = b""
        while not received.endswith(MARKER + b"\r\n"):
            piece = connection.recv(65536)
            assert piece, "Redis closed the connection"
            received += piece
    return received


def read(stream: bytes) -> list[object]:
    reader = Reader(null_array=NULL_ARRAY)
    reader.feed(stream)
    values = list(reader)
    assert reader.read() is INCOMPLETE
    assert reader.buffered == 0
    return values


@pytest.mark.parametrize("protocol", [2, 3])
def test_the_replies_of_redis_are_read_and_written_again_to_the_same_bytes(address: str, protocol: int) -> None:
    commands = [split_line(line) for line in COMMANDS]
    stream = replies(address, protocol, commands)
    reader = Reader(null_array=NULL_ARRAY)
    reader.feed(stream)
    starts, values = [0], []
    for value in reader:
        values.append(value)
        starts.append(reader.offset)
    assert len(values) == len(commands) + 1
    assert values[-1] == MARKER
    for value, (start, stop) in zip(values, pairwise(starts), strict=True):
        frame = stream[start:stop]
        assert encode_reply(value, protocol) == frame


def test_every_kind_of_value_occurs_in_the_replies(address: str) -> None:
    kinds: set[type] = set()
    todo = read(replies(address, 3, [split_line(line) for line in COMMANDS]))
    todo += read(replies(address, 3, [[b"CLIENT", b"TRACKING", b"on"], [b"GET", b"k"], [b"SET", b"k", b"v"]]))
    while todo:
        value = todo.pop()
        kinds.add(type(value))
        if isinstance(value, list | tuple):
            todo += value
    assert kinds >= {
        bytes, int, bool, type(None), list, SimpleString, ErrorReply, Double, BigNumber, Map, SetReply, Verbatim,
        Push,
    }  # fmt: skip


def test_attributes_are_passed_over(address: str) -> None:
    frames = replies(address, 3, [[b"DEBUG", b"PROTOCOL", b"attrib"]])
    assert frames.startswith(b"|")
    assert read(frames)[:-1] == [b"Some real reply following the attribute"]


def test_doubles_are_written_as_redis_8_writes_them(redis_8: Binary) -> None:
    numbers = [
        0.1, 1e-5, 1e-7, 1.5e-7, -2.5e-9, 1e16, 1e18, 2.0**62, 2.0**63, 9.3e18, 1e20, 1e22, 1.5e300, 5e-324, -0.0,
        0.0, 3.0, -100.5, 123456789.123, 1.23e-18, 0.1234567890123, 1e21, 12345678901234567.0,
    ]  # fmt: skip
    script = "redis.setresp(3); return {double=tonumber(ARGV[1])}"
    with standalone(binary=redis_8) as server:
        commands = [[b"EVAL", script.encode(), b"0", f"{number:.17g}".encode()] for number in numbers]
        stream = replies(str(server.socket_path), 3, commands)
    assert stream == b"".join(encode_reply(number, 3) for number in [*numbers, MARKER])
