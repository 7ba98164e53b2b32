"""Lists, sets and hashes as values, without a server: the order and the form that Redis gives them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniredis.values.hashes import Hash
from miniredis.values.lists import EMPTY_LISTPACK, List, entry_size
from miniredis.values.packing import LIMITS
from miniredis.values.sets import Set


@given(st.lists(st.binary(max_size=3)), st.integers(0, 12), st.integers(0, 12))
def test_a_part_of_a_list_is_a_slice_from_whichever_end_it_is_read(
    elements: list[bytes], start: int, more: int
) -> None:
    stop = min(start + more, len(elements))
    start = min(start, stop)
    assert List(elements).part(start, stop) == elements[start:stop]


@given(st.lists(st.one_of(st.binary(max_size=200), st.integers(-(2**63), 2**63 - 1).map(lambda n: b"%d" % n))))
def test_a_list_knows_its_size_after_any_changes(elements: list[bytes]) -> None:
    value = List(elements)
    rng = random.Random(len(elements))
    value.push([b"1", b"x"], left=True)
    value.replace(0, b"y" * 100)
    value.put(1, b"-70000")
    value.drop(b"x", -1)
    value.take(left=rng.random() < 0.5, count=2)
    assert value.packed == EMPTY_LISTPACK + sum(map(entry_size, value))


@pytest.mark.parametrize(
    ("element", "size"),
    [
        *((b"0", 2), (b"127", 2), (b"128", 3), (b"-1", 3), (b"4095", 3), (b"4096", 4), (b"-32769", 5), (b"8388608", 6)),
        *((b"2147483648", 10), (b"", 2), (b"01", 4), (b"x" * 63, 65), (b"x" * 64, 67), (b"x" * 126, 130)),
    ],
)
def test_entries_take_as_many_bytes_as_in_redis(element: bytes, size: int) -> None:
    assert entry_size(element) == size


def test_a_set_of_numbers_is_sorted_until_a_word_joins_it() -> None:
    value = Set([b"10", b"9", b"-1"])
    assert (value.encoding, list(value)) == ("intset", [b"-1", b"9", b"10"])
    value.add(b"word")
    assert (value.encoding, list(value)) == ("listpack", [b"-1", b"9", b"10", b"word"])


def test_a_walk_over_a_large_set_sees_what_stays() -> None:
    value = Set(b"m%d" % number for number in range(1000))
    seen: set[bytes] = set()
    cursor, rng = 0, random.Random(1)
    while True:
        cursor, page = value.scan(cursor, 10)
        seen.update(page)
        value.remove(b"m%d" % rng.randrange(0, 1000, 2))
        value.add(b"new%d" % cursor)
        if cursor == 0:
            break
    assert {b"m%d" % number for number in range(1, 1000, 2)} <= seen


def test_fields_that_end_come_first_and_those_given_an_end_last_before_their_equals() -> None:
    value = Hash((field, b"") for field in (b"a", b"b", b"c", b"d"))
    value.end_at(b"c", 50)
    value.end_at(b"b", 90)
    value.end_at(b"d", 90)
    assert list(value) == [b"c", b"d", b"b", b"a"]
    value.end_at(b"c", None)
    assert list(value) == [b"d", b"b", b"a", b"c"]


def test_due_fields_leave_and_the_next_end_is_known() -> None:
    value = Hash((field, b"") for field in (b"a", b"b", b"c"))
    value.end_at(b"a", 10)
    value.end_at(b"b", 20)
    assert value.first_end == 10
    assert value.due(15) == [b"a"]
    assert (len(value), value.first_end) == (2, 20)


def test_a_hash_becomes_a_table_past_its_limit_and_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, "hash-max-listpack-entries", 2)
    value = Hash([(b"a", b"1"), (b"b", b"2")])
    assert value.encoding == "listpack"
    value.set(b"c", b"3")
    value.delete(b"c")
    assert value.encoding == "hashtable"
    assert dict(value.items()) == {b"a": b"1", b"b": b"2"}
