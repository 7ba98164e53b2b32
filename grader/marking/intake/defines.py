"""What a cell defines, told from its lines.

Python's own parser can be made to run out of memory or stack, and this is asked in the process that gives the marks: a
pattern at the beginning of lines is enough to find an answer.
"""

from __future__ import annotations

import re
from collections import Counter

_NAMES = re.compile(
    r"^(?:(?:async[ \t]++)?(?:def|class)[ \t]++(\w++)"
    r"|(\w++(?:[ \t]*+,[ \t]*+\w++)*+)[ \t]*+(?::[^=\n]{0,200}+)?=(?!=)"
    r"|(?:from[ \t]++[\w.]++[ \t]++)?import[ \t]++([^\n#]{1,500}))",
    re.M,
)
_GIVEN = re.compile(r"\b(?:def|class)[ \t]++(\w++)|\b(\w++)(?![ \t]*+\()")
_LOOKED_AT = 20_000
_WORD = re.compile(r"\w+")


def defined(source: str) -> Counter[str]:
    """How often each name is defined at the top of `source`: functions, classes, values, imports."""
    found: Counter[str] = Counter()
    for match in _NAMES.finditer(source):
        if match[1]:
            found[match[1]] += 1
        else:
            found.update(_WORD.findall(match[2] or match[3]))
    return found


def perhaps_defined(source: str) -> set[str]:
    """Every name that `source` may give a value, in a branch, a loop or a string: too many, not too few.

    A name that is only called is none of them.
    """
    return {given or word for given, word in _GIVEN.findall(source)}


def goes_on(source: str) -> bool:
    """Whether `source` can only be the rest of something: its first line is indented."""
    first = next((line for line in source.split("\n") if line.strip()), "")
    return first[:1] in (" ", "\t")


def likeness(one: str, other: str) -> float:
    """How much of two texts is the same, from 0 to 1: lines in common, whatever their order (as difflib's quick_ratio).

    It takes time in proportion to their length, so nobody can make it slow.
    """
    a, b = (Counter(line.strip() for line in text[:_LOOKED_AT].split("\n") if line.strip()) for text in (one, other))
    both = a.total() + b.total()
    return 2 * (a & b).total() / both if both else 0.0
