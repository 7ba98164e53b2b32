"""SCAN's promise, tried on the dictionary that keeps it: who is there all the time is seen, whatever the others do."""

from hypothesis import given
from hypothesis import strategies as st
from miniredis.values.indexed import KEEP_ORDER, Indexed

NAMES = st.integers(0, 3 * KEEP_ORDER).map(lambda number: b"%d" % number)
# What happens between two pages: keys that come, keys that go, and how many slots the next page looks at.
BETWEEN = st.tuples(st.lists(NAMES, max_size=20), st.lists(NAMES, max_size=20), st.integers(1, 40))


def walk(keys: Indexed[int], between: list[tuple[list[bytes], list[bytes], int]]) -> tuple[set[bytes], set[bytes]]:
    """Walk to the end while keys come and go; the names that were seen, and those that were there all the time."""
    staying, seen = set(keys), set()
    cursor, page = 0, 0
    while True:
        come, go, count = between[page] if page < len(between) else ([], [], 10)
        cursor, found = keys.scan(cursor, count)
        seen.update(found)
        if cursor == 0:
            return seen, staying
        for name in come:
            keys.set(name, page)
        for name in go:
            keys.pop(name)
        staying -= set(go)
        page += 1


@given(st.sets(NAMES, max_size=2 * KEEP_ORDER), st.lists(BETWEEN, max_size=30))
def test_a_walk_sees_every_key_that_is_there_from_its_first_page_to_its_last(
    names: set[bytes], between: list[tuple[list[bytes], list[bytes], int]]
) -> None:
    keys: Indexed[int] = Indexed()
    for name in names:
        keys.set(name, 0)
    seen, staying = walk(keys, between)
    assert staying <= seen


def test_a_walk_over_keys_that_do_not_change_sees_each_of_them_once() -> None:
    keys: Indexed[int] = Indexed()
    for number in range(1000):
        keys.set(b"%d" % number, number)
    cursor, seen = 0, []
    while True:
        cursor, found = keys.scan(cursor, 7)
        seen += found
        if cursor == 0:
            break
    assert sorted(seen) == sorted(keys)


@given(st.integers(min_value=0), st.integers(1, 10))
def test_any_number_is_a_cursor(cursor: int, count: int) -> None:
    keys: Indexed[int] = Indexed()
    for number in range(5):
        keys.set(b"%d" % number, number)
    following, found = keys.scan(cursor, count)
    assert 0 <= following <= 5
    assert set(found) <= set(keys)


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=600))
def test_it_is_a_dictionary(steps: list[tuple[bytes, bool]]) -> None:
    keys: Indexed[int] = Indexed()
    plain: dict[bytes, int] = {}
    for number, (name, put) in enumerate(steps):
        if put:
            assert keys.set(name, number) == (name not in plain)
            plain[name] = number
        else:
            assert keys.pop(name) == plain.pop(name, None)
    assert dict(keys.items()) == plain
    assert (keys.random_key() in plain) == bool(plain)
