"""A peer that means harm gets neither time nor memory: what is kept is in proportion to what was sent, and bounded."""

from __future__ import annotations

import itertools
import random
import tracemalloc
from collections.abc import Callable, Iterable, Iterator

import pytest

from grader.resp import INCOMPLETE, Limits, ProtocolError, Reader, encode_command, encode_reply

SMALL = Limits(depth=8, bulk=64 * 1024, elements=1024, line=256, total=128 * 1024)


def kept(pieces: Iterable[bytes], limits: Limits) -> tuple[int, ProtocolError | None]:
    """The most memory that was in use while the pieces were read, values let go, and what ended the reading."""
    tracemalloc.start()
    try:
        reader = Reader(limits=limits)
        for piece in pieces:
            reader.feed(piece)
            while reader.read() is not INCOMPLETE:
                pass
    except ProtocolError as error:
        return tracemalloc.get_traced_memory()[1], error
    else:
        return tracemalloc.get_traced_memory()[1], None
    finally:
        tracemalloc.stop()


def forever(piece: bytes) -> Iterator[bytes]:
    """The same piece again and again, more often than any limit allows."""
    return itertools.repeat(piece, 200_000)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(lambda: forever(b"+x"), id="a line without an end"),
        pytest.param(lambda: itertools.chain([b"$65536\r\n"], forever(b"xy")), id="a string longer than it said"),
        pytest.param(lambda: itertools.chain([b"*1024\r\n"], forever(b"$200\r\n" + b"x" * 200 + b"\r\n")), id="total"),
        pytest.param(lambda: forever(b"*1\r\n"), id="aggregates inside of each other"),
        pytest.param(lambda: forever(b"|1\r\n+a\r\n+b\r\n"), id="attributes without a value"),
        pytest.param(lambda: itertools.chain([b"*1024\r\n"], forever(b"*0\r\n*")), id="elements"),
        pytest.param(lambda: forever(b"\r\n"), id="empty lines"),
        pytest.param(lambda: itertools.chain([b"("], forever(b"9")), id="a number without an end"),
    ],
)
def test_a_stream_that_never_becomes_a_value_is_refused_in_bounded_memory(
    pieces: Callable[[], Iterable[bytes]],
) -> None:
    memory, error = kept(pieces(), SMALL)
    assert error is not None
    assert memory < 30 * SMALL.total


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_a_value_that_dribbles_in_takes_no_more_memory_than_its_bytes_a_few_times(size: int) -> None:
    frame = b"$500000\r\n" + random.Random(size).randbytes(500_000) + b"\r\n"
    pieces = [frame[at : at + size] for at in range(0, len(frame), size)]
    memory, error = kept(pieces, Limits())
    assert error is None
    assert memory < 4 * len(frame)


@pytest.mark.parametrize(
    "member", [b"*0\r\n", b":1000000\r\n", b"$0\r\n\r\n", b"_\r\n", b"%0\r\n", b",1.5\r\n", b"+\r\n"]
)
def test_what_a_value_takes_is_at_most_forty_times_its_bytes(member: bytes) -> None:
    frame = b"*10000\r\n" + member * 10_000
    memory, error = kept([frame], Limits())
    assert error is None
    assert memory < 40 * len(frame)


def test_values_that_were_read_are_not_kept() -> None:
    memory, error = kept(itertools.repeat(encode_reply([b"x" * 1000] * 10, 3), 2_000), SMALL)
    assert error is None
    assert memory < 10 * 10_000


def test_damaged_streams_end_or_wait_within_the_limits_whatever_the_damage() -> None:
    """Two thousand seeded streams: valid replies and commands, bytes flipped, cut out, doubled, in random pieces."""
    good = [
        encode_command("SET", "key", "value\r\n"),
        encode_reply([b"a", [1, None, {b"k": 2.5}], {True}], 3),
        encode_reply("x" * 300, 3),
        b"|1\r\n+ttl\r\n:5\r\n>2\r\n+message\r\n$1\r\na\r\n",
    ]
    outcomes = set()
    for seed in range(2_000):
        rng = random.Random(seed)
        stream = bytearray(b"".join(rng.choices(good, k=rng.randint(1, 6))))
        for _ in range(rng.randint(0, 4)):
            at = rng.randrange(len(stream))
            match rng.randrange(4):
                case 0:
                    stream[at] ^= 1 << rng.randrange(8)
                case 1:
                    del stream[at : at + rng.randint(1, 5)]
                case 2:
                    stream[at:at] = stream[at : at + rng.randint(1, 9)]
                case _:
                    stream[at:at] = rng.choice([b"\r\n", b"$-1", b"*9999999999\r\n", b"\x00", b"$99999999\r\n"])
        reader = Reader(limits=SMALL)
        try:
            while stream:
                size = rng.randint(1, len(stream))
                reader.feed(bytes(stream[:size]))
                del stream[:size]
                while reader.read() is not INCOMPLETE:
                    pass
            assert reader.buffered <= SMALL.total
            outcomes.add("waits" if reader.buffered else "whole")
        except ProtocolError as error:
            assert error.message
            outcomes.add("refused")
    assert outcomes == {"waits", "whole", "refused"}
