"""The sorted structure below sorted sets: it does what a sorted list does, and its cost hardly grows."""

from __future__ import annotations

import random
import time
from bisect import bisect_left, bisect_right, insort

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from miniredis.values import sorted_blocks
from miniredis.values.sorted_blocks import SortedBlocks

items = st.tuples(st.integers(0, 5), st.sampled_from([b"", b"a", b"b", b"c"]))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), items),
        st.tuples(st.just("remove"), st.integers(0, 200)),
        st.tuples(st.just("cut"), st.tuples(st.integers(-3, 60), st.integers(-3, 60))),
    ),
    max_size=120,
)


@settings(max_examples=300, deadline=None)
@given(before=st.lists(items, max_size=40), changes=steps, probe=items, block=st.integers(1, 9))
def test_it_is_a_sorted_list_after_any_changes(before, changes, probe, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_blocks, "BLOCK", block)
        blocks, plain = SortedBlocks(before), sorted(before)
        for what, argument in changes:
            if what == "add":
                blocks.add(argument)
                insort(plain, argument)
            elif what == "remove" and plain:
                blocks.remove(plain[argument % len(plain)])
                del plain[argument % len(plain)]
            elif what == "cut":
                start, stop = max(argument[0], 0), max(argument[1], 0)
                assert blocks.remove_between(*argument) == plain[start:stop]
                del plain[start:stop]
            assert len(blocks) == len(plain)
            assert blocks.rank(probe) == bisect_left(plain, probe)
            assert blocks.rank(probe, after=True) == bisect_right(plain, probe)
        assert list(blocks) == plain
        assert list(reversed(blocks)) == plain[::-1]
        assert [blocks[rank] for rank in range(-len(plain), len(plain))] == plain * 2
        assert blocks.rank(3, key=lambda item: item[0]) == bisect_left(plain, (3,))
        for start, stop in [(0, 5), (2, 9), (-4, 3), (5, 2), (7, 1000)]:
            assert blocks.between(start, stop) == plain[max(start, 0) : stop]


def test_what_is_not_there_cannot_be_removed():
    blocks = SortedBlocks([1, 3])
    for missing in (0, 2, 4):
        with pytest.raises(KeyError):
            blocks.remove(missing)
    with pytest.raises(IndexError):
        blocks[2]


def seconds_a_step(size: int) -> float:
    """The time of one insertion with one question for a rank and one removal, among `size` items; the best of ten."""
    chance = random.Random(1)
    blocks = SortedBlocks((chance.random(), b"m") for _ in range(size))
    best = float("inf")
    for _ in range(10):
        new = [(chance.random(), b"n") for _ in range(500)]
        started = time.perf_counter()
        for item in new:
            blocks.add(item)
            blocks.rank(item)
            blocks.remove(item)
        best = min(best, (time.perf_counter() - started) / len(new))
    return best


def test_a_thousand_times_the_items_cost_less_than_fifty_times_as_much():
    assert seconds_a_step(1_000_000) < 50 * seconds_a_step(1_000)
