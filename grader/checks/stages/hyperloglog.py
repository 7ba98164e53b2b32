"""The stages of HyperLogLog. Reading a key back compares its bytes: registers, encoding and remembered estimate."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.agreement.script import Scripts, cmd, key, many, one_of, scripts, text, word
from grader.checks.stages.registry import stage


def _crowd(most: int) -> st.SearchStrategy[list[bytes]]:
    """Up to `most` elements, numbered from anywhere."""
    return st.tuples(st.integers(0, 10**6), st.integers(1, most)).map(
        lambda drawn: [b"e%d" % number for number in range(drawn[0], drawn[0] + drawn[1])]
    )


_no_hll = st.sampled_from([b"", b"HYLL", b"HYLL\x01" + bytes(11), b"HYLL\x00" + bytes(11), b"HYLL\x02" + bytes(13)])
_broken = st.sampled_from(
    [b"HYLL\x01" + bytes(10) + b"\x80" + tail for tail in (b"", b"\x40", b"\x7f\xfe", b"\x7f\xff\x00")]
)


@stage("mini.pfadd", encoding=True)
def a_few_elements() -> Scripts:
    """PFADD of some hundred elements at most: sparse, to the byte."""
    return scripts(
        cmd("PFADD", key, many(text, min=0)),
        cmd("PFADD", key, many(word)),
        cmd("PFADD", key, _crowd(60)),
        cmd("STRLEN", key),
        setup=[cmd("PFADD", key, _crowd(100)), cmd("SET", key, _no_hll), cmd("SET", key, text)],
    )


@stage("mini.pfcount")
def how_many_different() -> Scripts:
    """PFCOUNT of one key: the very number that Redis estimates, remembered until something changes."""
    return scripts(
        cmd("PFCOUNT", key),
        cmd("PFADD", key, many(text, min=0)),
        cmd("PFADD", key, _crowd(200)),
        setup=[cmd("PFADD", key, _crowd(300)), cmd("SET", key, _no_hll), cmd("SET", key, _broken)],
    )


@stage("mini.pf-dense", encoding=True, examples=30)
def a_great_many() -> Scripts:
    """Thousands of elements: dense from some point on, the same as Redis's."""
    return scripts(
        cmd("PFADD", key, _crowd(3000)),
        cmd("PFADD", key, many(text)),
        cmd("PFCOUNT", key),
        cmd("STRLEN", key),
        setup=[cmd("PFADD", key, _crowd(4000)), cmd("PFADD", key, _crowd(1500))],
        size=5,
    )


@stage("mini.pfmerge", examples=40)
def together() -> Scripts:
    """PFMERGE, and PFCOUNT of several keys: sparse and dense ones, missing ones, and what is none."""
    return scripts(
        cmd("PFMERGE", key, many(key, min=0, max=3)),
        cmd("PFCOUNT", many(key, min=2, max=3)),
        cmd("PFCOUNT", key),
        cmd("PFADD", key, one_of(_crowd(50), many(text))),
        setup=[
            cmd("PFADD", key, _crowd(200)), cmd("PFADD", key, _crowd(2500)), cmd("SET", key, _no_hll),
            cmd("SET", key, _broken),
        ],
        size=6,
    )  # fmt: skip
