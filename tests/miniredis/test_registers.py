"""The registers of a HyperLogLog, all at once: the same as one after the other."""

from __future__ import annotations

import random

import pytest
from miniredis.values import hyperloglog as hll


def some_registers(seed: int, highest: int = 51) -> bytes:
    return bytes(random.Random(seed).choices(range(highest + 1), k=hll.REGISTERS))


def bits(packed: bytes) -> list[int]:
    """Six bits each, the lowest first, as hyperloglog.c describes it."""
    number = int.from_bytes(packed, "little")
    return [number >> place * 6 & 63 for place in range(len(packed) * 8 // 6)]


@pytest.mark.parametrize("seed", range(3))
def test_packed_registers_are_those_of_the_description_and_are_read_back(seed: int) -> None:
    ranks = some_registers(seed)
    value = hll.new()
    hll.become_dense(value)
    value[hll.HEADER :] = hll.pack(ranks)
    assert len(value) == hll.DENSE_SIZE
    assert bits(bytes(value[hll.HEADER : hll.HEADER + 300])) == list(ranks[:400])
    assert hll.registers(value) == ranks


@pytest.mark.parametrize("highest", [0, 1, 51, 63])
def test_the_union_has_the_highest_rank_of_each_place(highest: int) -> None:
    several = [some_registers(1, highest), some_registers(2, highest), bytes(hll.REGISTERS), bytes([63]) + bytes(16383)]
    assert hll.highest(several) == bytes(map(max, zip(*several, strict=True)))
    assert hll.highest(several[:1]) == several[0]
