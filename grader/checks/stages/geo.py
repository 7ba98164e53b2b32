"""Places: geohashes as scores, distances, and what is near."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.agreement.script import (
    Scripts,
    any_order,
    cmd,
    count,
    key,
    keys,
    many,
    maybe,
    member,
    one_of,
    scripts,
    small,
    text,
    word,
)
from grader.checks.stages.registry import stage

_member = one_of(word, word, member)


def _degrees(least: float, most: float) -> st.SearchStrategy[bytes]:
    """A number of degrees, with few digits or with many."""
    return st.tuples(st.floats(least, most), st.sampled_from((2, 4, 9))).map(lambda n: f"{n[0]:.{n[1]}f}".encode())


# A town, the whole world, both sides of the date line, and what is no place.
_near = st.tuples(_degrees(13.0, 13.9), _degrees(52.1, 52.9))
_far = st.tuples(_degrees(-180, 180), _degrees(-85, 85))
_date_line = st.tuples(st.one_of(_degrees(179, 180), _degrees(-180, -179)), _degrees(-5, 5))
_place = st.one_of(_near, _near, _far, _date_line)
_no_place = one_of("181 0", "0 86", "x 0", "0 x", "-180 -85.05112878", "180 85.05112878", "0 -85.06", "nan 0", "1e3 0")
_places = many(_place, _member)
_fill = cmd("GEOADD", key, many(_place, _member, min=2, max=5))
_fill_town = cmd("GEOADD", key, many(_near, _member, min=3, max=5))
_unit = one_of("M", "KM", "FT", "MI")
_reach = st.sampled_from([b"100", b"10", b"30", b"1000", b"5000", b"20000", b"0", b"0.5", b"1e5", b"-1", b"x"])
_number = one_of(small, count)
_with = any_order(maybe("WITHDIST"), maybe("WITHCOORD"), maybe("WITHHASH"))
_how_many = one_of("COUNT 1", "COUNT 2", "COUNT 3")


@stage("mini.geoadd")
def places_are_kept() -> Scripts:
    """GEOADD and GEOPOS of places all over the world, of none, with options, and what ZRANGE makes of them."""
    return scripts(
        cmd("GEOADD", key, _places),
        cmd("GEOADD", key, maybe(one_of("NX", "XX", "CH", "NX CH", "NX XX", "GT")), _places),
        cmd("GEOADD", key, _place, _member, one_of(_no_place, _place), maybe(_member)),
        cmd("GEOPOS", key, many(_member)),
        cmd("ZRANGE", key, 0, -1, "WITHSCORES"),
        cmd("GEOPOS", key),
        setup=[_fill],
    )


@stage("mini.geodist")
def distances() -> Scripts:
    """GEODIST in every unit, of places that are close and far, the same, or missing."""
    return scripts(
        cmd("GEODIST", key, _member, _member),
        cmd("GEODIST", key, _member, _member, _unit),
        cmd("GEODIST", key, _member, _member, one_of("parsec", "", text)),
        cmd("ZADD", key, one_of("1", "-5", "1.5", "inf", "4503599627370496"), _member),
        setup=[_fill, _fill, _fill_town],
    )


@stage("mini.geohash")
def letters() -> Scripts:
    """GEOHASH of places, and of scores that no GEOADD has made."""
    return scripts(
        cmd("GEOHASH", key, many(_member)),
        cmd("GEOADD", key, _places),
        cmd("ZADD", key, one_of("1", "-5", "1.5", "inf", "4503599627370496"), _member),
        cmd("GEOHASH", key),
        setup=[_fill],
    )


_from = one_of(("FROMMEMBER", _member), ("FROMLONLAT", _near), ("FROMLONLAT", _place))
_by = one_of(("BYRADIUS", _reach, _unit), ("BYBOX", _reach, _reach, _unit))


@stage("mini.geosearch", examples=150)
def what_is_near() -> Scripts:
    """GEOSEARCH around members and places, in circles and boxes, with every option and with those that do not fit."""
    wrong = one_of(
        "ANY", "COUNT", "ASC", "STOREDIST", "BYBOX 1 1 km", "BYRADIUS 1 km", "FROMLONLAT 0 0", "FROMMEMBER a"
    )
    return scripts(
        cmd("GEOSEARCH", key, "FROMMEMBER", _member, "BYRADIUS", _reach, _unit, one_of("ASC", "DESC"), _with),
        cmd("GEOSEARCH", key, _from, _by, any_order(maybe(one_of("ASC", "DESC")), _with, maybe(_how_many))),
        cmd("GEOSEARCH", key, _by, _from, one_of(("COUNT", _number), "COUNT 1 ANY", "COUNT 100 ANY ASC")),
        cmd("GEOSEARCH", key, any_order(_from, maybe(_by), maybe(wrong), maybe(wrong))),
        cmd("GEOSEARCH", key, _from, _by, maybe(text)),
        setup=[_fill_town, _fill],
    )


@stage("mini.geosearchstore")
def what_is_near_is_kept() -> Scripts:
    """GEOSEARCHSTORE as places and as distances, over other keys, and of nothing."""
    return scripts(
        cmd("GEOSEARCHSTORE", keys("l", "k"), key, _from, _by, any_order(maybe("STOREDIST"), maybe(_how_many))),
        cmd("GEOSEARCHSTORE", keys("l", "k"), key, _from, _by, one_of("WITHDIST", "ASC", text)),
        cmd("ZRANGE", keys("l", "k"), 0, -1, "WITHSCORES"),
        setup=[_fill_town, _fill],
    )


@stage("mini.georadius", examples=100)
def the_older_forms() -> Scripts:
    """GEORADIUS and GEORADIUSBYMEMBER with their options, STORE among them, and the two that do not store."""
    stored = maybe(one_of("STORE", "STOREDIST"), keys("l", "k"))
    return scripts(
        cmd("GEORADIUS", key, _place, _reach, _unit, any_order(_with, maybe(one_of("ASC", "DESC")), maybe(_how_many))),
        cmd("GEORADIUSBYMEMBER", key, _member, _reach, _unit, one_of("ASC", "DESC"), _with),
        cmd("GEORADIUS", key, _near, _reach, _unit, any_order(stored, maybe(_how_many), maybe("WITHDIST"))),
        cmd("GEORADIUSBYMEMBER", key, _member, _reach, _unit, any_order(stored, maybe(_how_many))),
        cmd("GEORADIUS_RO", key, _near, _reach, _unit, "ASC", maybe(one_of("STORE l", "COUNT 1", text))),
        cmd("GEORADIUSBYMEMBER_RO", key, _member, _reach, _unit, "ASC", maybe(one_of("STORE l", "COUNT 0", text))),
        setup=[_fill_town, _fill],
    )
