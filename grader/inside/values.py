"""Values as JSON, with their exact types, for a pipe between a check and an answer that do not trust each other.

JSON knows lists, texts, numbers and nothing else; the other plain types of Python are objects with one key, their tag.
Whatever is not plain (an object, a function, a subclass that pretends to be a number) never travels: each end turns it
into a reference by its own `refer`, and the other end makes what it likes of that by `resolve`. Nothing is ever
unpickled, and decoding calls no code of whoever sent it.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any

#: How deep values may be nested, and how long an integer may be.
MOST_DEPTH = 60
MOST_DIGITS = 40_000

Reference = dict[str, Any]


class BadValue(ValueError):
    """What arrived is no value: wrong tags, too deep, too long. The other end does not keep to the language."""


class TooDeep(ValueError):
    """A value is nested deeper than `MOST_DEPTH` (or contains itself), so it does not travel."""


def encode(value: Any, refer: Callable[[object], Reference], depth: int = 0) -> Any:
    """`value` as what `json.dumps` takes.

    Args:
        value: anything; exact plain types travel as they are.
        refer: makes the reference (a dictionary for JSON) of anything else.
        depth: how deep it lies already.

    Raises:
        TooDeep: for a value nested too deeply.
    """
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return value if -(2**53) <= value <= 2**53 else _long(value, refer)
    if kind is float:
        return value if math.isfinite(value) else {"f": repr(value)}
    if kind is bytes:
        return {"b": base64.b64encode(value).decode("ascii")}
    if depth >= MOST_DEPTH:
        raise TooDeep(f"nested deeper than {MOST_DEPTH}")
    below = depth + 1
    if kind is list:
        return [encode(each, refer, below) for each in value]
    if kind is dict:
        pairs = value.items()
        return {"d": [[encode(k, refer, below), encode(v, refer, below)] for k, v in pairs]}
    if kind is bytearray:
        return {"a": base64.b64encode(value).decode("ascii")}
    for tag, known in (("t", tuple), ("s", set), ("z", frozenset)):
        if kind is known:
            return {tag: [encode(each, refer, below) for each in value]}
    if kind is range and all(_is_small(each) for each in (value.start, value.stop, value.step)):
        return {"r": [value.start, value.stop, value.step]}
    return {"o": refer(value)}


def _is_small(value: object) -> bool:
    """Whether a range of it has a length: `len` takes no more."""
    return type(value) is int and -(2**53) <= value <= 2**53


def _long(value: int, refer: Callable[[object], Reference]) -> Any:
    return {"i": hex(value)} if value.bit_length() <= 4 * MOST_DIGITS else {"o": refer(value)}


def decode(data: Any, resolve: Callable[[Reference], Any], depth: int = 0) -> Any:
    """The inverse of `encode`, for data out of `json.loads` that may have been made by anybody.

    Args:
        data: what arrived.
        resolve: makes something of a reference; it must not believe it.
        depth: how deep it lies already.

    Raises:
        BadValue: for anything that `encode` does not make.
    """
    if data is None or isinstance(data, bool | str | float):
        return data
    if isinstance(data, int):
        return data
    if depth > MOST_DEPTH:
        raise BadValue("nested too deeply")
    below = depth + 1
    if isinstance(data, list):
        return [decode(each, resolve, below) for each in data]
    if not isinstance(data, dict) or len(data) != 1:
        raise BadValue("an object without its one tag")
    ((tag, held),) = data.items()
    try:
        return _tagged(tag, held, resolve, below)
    except (TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise BadValue(f"no value of the kind {str(tag)[:20]!r}: {type(error).__name__}") from None


def _tagged(tag: str, held: Any, resolve: Callable[[Reference], Any], depth: int) -> Any:
    match tag:
        case "b":
            return base64.b64decode(held, validate=True)
        case "a":
            return bytearray(base64.b64decode(held, validate=True))
        case "i" if isinstance(held, str) and len(held) <= MOST_DIGITS + 3:
            return int(held, 16)
        case "f" if held in ("nan", "inf", "-inf"):
            return float(held)
        case "d" if isinstance(held, list):
            return {decode(k, resolve, depth): decode(v, resolve, depth) for k, v in held}
        case "t" | "s" | "z" if isinstance(held, list):
            kind = {"t": tuple, "s": set, "z": frozenset}[tag]
            return kind(decode(each, resolve, depth) for each in held)
        case "r" if isinstance(held, list) and len(held) == 3 and all(_is_small(each) for each in held):
            return range(*held)
        case "o" if isinstance(held, dict):
            return resolve(held)
    raise BadValue(f"an unknown kind of value: {str(tag)[:20]!r}")
