"""Scores have the digits Redis gives them, also where there would be shorter ones."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterator

import pytest
from available import binary_of
from hypothesis import given
from hypothesis import strategies as st
from miniredis.numbers import format_double

from grader.servers import Server, standalone


@pytest.fixture(scope="module")
def real() -> Iterator[Server]:
    """A real Redis 8.2."""
    with standalone(binary=binary_of("8.2")) as server:
        yield server


def _numbers(count: int) -> list[float]:
    """Numbers of all sizes: any bits, few digits, many digits, around the edges of the forms."""
    chance = random.Random(7)
    found = [1e17, 2.0**62, 2.0**62 + 1024, 1e20, 123456789012345680000.0, 1e-5, 1.5e-6, 1e-7, 5e-324, 86.3520168861399]
    for _ in range(count):
        exponent = chance.randint(-12, 25)
        found += [
            struct.unpack("<d", chance.randbytes(8))[0],
            chance.random() * 10.0**exponent,
            float(f"{chance.random() * 10.0**exponent:.{chance.randint(1, 17)}g}"),
            -chance.random() * 1000,
        ]
    return [number for number in found if math.isfinite(number)]


def test_the_text_of_a_double_is_what_redis_replies(real):
    numbers = _numbers(1500)
    client = real.client(decode_responses=False)
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        client.execute_command("DEL", "z")
        # A large set keeps scores as doubles; GEOPOS, ZSCORE and ZMSCORE write them in the same way.
        client.execute_command("ZADD", "z", *(x for n, number in enumerate(part) for x in (repr(number), n)))
        flat = client.execute_command("EVAL", "return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')", 1, "z")
        texts = dict(zip(map(int, flat[::2]), flat[1::2], strict=True))
        assert {n: format_double(number) for n, number in enumerate(part)} == texts


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_double_reads_back_as_the_same(number):
    assert float(format_double(number)) == number
