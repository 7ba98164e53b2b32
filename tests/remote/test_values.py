"""What travels between a check and a worker keeps its exact type, and nothing else can be made of it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.inside.values import MOST_DEPTH, BadValue, Reference, TooDeep, decode, encode

hashable = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
plain = st.recursive(
    hashable | st.binary().map(bytearray),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=4)
        | st.tuples(inner)
    ),
    max_leaves=12,
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=12,
)
tagged = st.recursive(
    anything,
    lambda inner: st.dictionaries(st.sampled_from("btaszdirfo"), inner, min_size=1, max_size=1) | st.lists(inner),
    max_leaves=12,
)


def _nothing(value: object) -> Reference:
    raise AssertionError(f"{value!r} is plain")


def _shape(value: Any) -> Any:
    """The value with its types, so that 1, 1.0 and True are told apart at any depth."""
    if isinstance(value, dict):
        return dict, sorted(((repr(_shape(k)), repr(_shape(v))) for k, v in value.items()))
    if isinstance(value, set | frozenset):
        return type(value), sorted(repr(_shape(v)) for v in value)
    if isinstance(value, list | tuple):
        return type(value), [_shape(v) for v in value]
    return type(value), repr(value)


@given(plain)
def test_a_plain_value_comes_back_as_it_was_types_included(value: object) -> None:
    sent = json.dumps(encode(value, _nothing))
    assert _shape(decode(json.loads(sent), lambda _: None)) == _shape(value)


@given(tagged)
def test_whatever_arrives_is_a_value_or_refused(data: Any) -> None:
    with contextlib.suppress(BadValue):
        decode(data, lambda reference: repr(reference))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, 2**70, -(2**53) - 1, range(3, 9, 2)])
def test_numbers_that_json_has_no_word_for(value: object) -> None:
    assert repr(decode(json.loads(json.dumps(encode(value, _nothing))), lambda _: None)) == repr(value)


def test_a_value_that_contains_itself_or_is_very_deep_does_not_travel() -> None:
    endless: list[Any] = []
    endless.append(endless)
    deep: list[Any] = []
    for _ in range(MOST_DEPTH + 1):
        deep = [deep]
    for value in (endless, deep):
        with pytest.raises(TooDeep):
            encode(value, _nothing)


class _Liar(str):
    """Compares equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


def test_a_subclass_travels_as_a_reference_and_not_as_what_it_pretends_to_be() -> None:
    seen = []

    def refer(value: object) -> Reference:
        seen.append(value)
        return {"object": 1}

    assert encode([_Liar("x"), True], refer) == [{"o": {"object": 1}}, True]
    assert type(seen[0]) is _Liar


def test_digits_without_end_are_refused_quickly() -> None:
    with pytest.raises(BadValue):
        decode({"i": "0x" + "f" * 100_000}, lambda _: None)
