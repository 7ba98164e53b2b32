"""Answers that are more alike than their exercise explains.

Fragments of eight tokens are compared, with variables' names taken out (commands and attributes stay: here `r.incr`
and `r.get` are the answer), what the release gave away left out, and what many in the cohort wrote counted as common
knowledge. What is left weighs by how rare it is: log2(n / holders), the weight of a term in information retrieval.

Why no library. copydetect 0.5 (MIT; winnowing after Schleimer, Wilkerson and Aiken) was tried on sixty learners who
each edited the reference or a known wrong answer, three pairs of them sharing work of their own. Comparing exercise by
exercise, starters as boilerplate, it took two minutes (this module three seconds) and put 1,665 of the 1,770 pairs of
learners above 60 %, the planted three at places 478, 535 and 802: it knows no rarity, so the natural answer of a short
exercise makes everybody a suspect, and it reads `r.get(k)` and `r.incr(k)` as the same text. Here they are the first
three of 23. With a window it also chooses fragments by Python's own hash, differently in each process. JPlag and Dolos
need Java and Node; scikit-learn's TF-IDF would do, at 150 MB for every learner's environment.
"""

from __future__ import annotations

import builtins
import keyword
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations

FRAGMENT = 8
"""Tokens of a fragment."""
LEAST_OWN = 30
"""Fragments beyond the starter that an answer needs to be compared: about as many tokens."""
LEAST_ANSWERS = 5
"""Answers an exercise needs before anything in it can be called rare."""
ALIKE = 0.6
"""The share of the rarer part of the smaller answer that the other one has too."""
_COMMON = 0.05  # of the answers hold a fragment: it is common knowledge
_FEWEST, _MOST = 3, 12  # bounds of the same, in answers

_TOKEN = re.compile(
    r"""(?P<skip>\#[^\n]*|\s+|\\\n)
    |(?P<string>[rbfuRBFU]{0,2}(?:\"{3}(?:\\.|[^\\])*?(?:\"{3}|\Z)|'{3}(?:\\.|[^\\])*?(?:'{3}|\Z)
        |\"(?:\\.|[^"\\\n])*(?:\"|$|\Z)|'(?:\\.|[^'\\\n])*(?:'|$|\Z)))
    |(?P<number>\d[\w.]*)
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>[-+*/%&|^=<>!:@]=|->|\*\*|//|.)""",
    re.X | re.S | re.M,
)
_KEPT = frozenset({*keyword.kwlist, *dir(builtins), "self"})


@dataclass(frozen=True)
class Match:
    """Two answers to one exercise. `share` is 0 to 1, `weight` in bits; `marks` are the spans of characters in each
    text that lie in shared rare fragments."""

    slug: str
    share: float
    weight: float
    texts: tuple[str, str]
    marks: tuple[list[tuple[int, int]], list[tuple[int, int]]]


@dataclass(frozen=True)
class Pair:
    """Two learners and the exercises in which their answers are alike, the most telling one first."""

    learners: tuple[str, str]
    matches: tuple[Match, ...]

    @property
    def weight(self) -> float:
        """Bits, all exercises together."""
        return sum(m.weight for m in self.matches)


@dataclass(frozen=True)
class Likeness:
    """What was compared, and what came out: pairs by weight, heaviest first."""

    pairs: tuple[Pair, ...]
    compared: int
    left_out: int


class _Fragments:
    """An answer as fragments: hash to the places of its tokens."""

    def __init__(self, text: str, kept: frozenset[str]) -> None:
        words, self.spans = tokens(text, kept)
        values = [_value(word) for word in words]
        self.places: dict[int, list[int]] = {}
        for i, key in enumerate(_rolling(values)):
            self.places.setdefault(key, []).append(i)

    def marked(self, keys: Iterable[int]) -> list[tuple[int, int]]:
        """The spans of characters that these fragments cover, joined where they touch."""
        held = sorted({i for key in keys for place in self.places[key] for i in range(place, place + FRAGMENT)})
        found: list[tuple[int, int]] = []
        for last, i in zip([-2, *held], held, strict=False):
            start, end = self.spans[i]
            if i == last + 1:
                start = found.pop()[0]
            found.append((start, end))
        return found


def tokens(text: str, kept: frozenset[str] = frozenset()) -> tuple[list[str], list[tuple[int, int]]]:
    """The tokens of Python text, broken or not, and their spans: comments dropped, strings all alike, variables too.

    Args:
        text: an answer.
        kept: names that stay what they are because everybody was given them.
    """
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    for found in _TOKEN.finditer(text):
        kind, word = found.lastgroup, found[0]
        if kind == "skip":
            continue
        if kind == "string":
            word = "S"
        elif kind == "name" and word not in _KEPT and word not in kept and not (words and words[-1] == "."):
            word = "V"
        words.append(word)
        spans.append(found.span())
    return words, spans


def compare(answers: Mapping[str, Mapping[str, str]], given: Mapping[str, Sequence[str]]) -> Likeness:
    """Compare the answers of a cohort, exercise by exercise.

    Args:
        answers: slug -> learner -> text; only answers somebody has worked on.
        given: slug -> texts that everybody was given; their fragments do not count.
    """
    found: dict[tuple[str, str], list[Match]] = defaultdict(list)
    compared = left_out = 0
    for slug in answers:
        matches, used = _in_exercise(slug, answers[slug], given.get(slug, ()))
        compared += used
        left_out += len(answers[slug]) - used
        for learners, match in matches:
            found[learners].append(match)
    pairs = [Pair(who, tuple(sorted(m, key=lambda each: -each.weight))) for who, m in found.items()]
    pairs.sort(key=lambda pair: (-round(pair.weight, 6), pair.learners))
    return Likeness(tuple(pairs), compared, left_out)


def _in_exercise(
    slug: str, texts: Mapping[str, str], given: Sequence[str]
) -> tuple[list[tuple[tuple[str, str], Match]], int]:
    """The matches of one exercise, and how many answers were long enough to be compared."""
    kept = frozenset(word for text in given for word in re.findall(r"[^\W\d]\w*", text))
    starter = {key for text in given for key in _Fragments(text, kept).places}
    seen: dict[str, _Fragments] = {}
    own: dict[str, set[int]] = {}
    for who in sorted(texts):
        text = texts[who]
        if text not in seen:
            seen[text] = _Fragments(text, kept)
        if len(left := seen[text].places.keys() - starter) >= LEAST_OWN:
            own[who] = left
    if len(own) < LEAST_ANSWERS:
        return [], 0
    weights = _weights(own.values())
    holders: dict[int, list[str]] = defaultdict(list)
    for who, keys in own.items():
        for key in keys & weights.keys():
            holders[key].append(who)
    total = {who: math.fsum(weights[key] for key in keys & weights.keys()) for who, keys in own.items()}
    shared: Counter[tuple[str, str]] = Counter()
    for held in holders.values():
        shared.update(combinations(held, 2))
    found = []
    for (one, other), number in sorted(shared.items()):
        if number < LEAST_OWN - FRAGMENT:
            continue
        both = own[one] & own[other] & weights.keys()
        weight = math.fsum(weights[key] for key in both)
        part = weight / min(total[one], total[other])
        if part >= ALIKE:
            a, b = texts[one], texts[other]
            marks = (seen[a].marked(both), seen[b].marked(both))
            found.append(((one, other), Match(slug, part, weight, (a, b), marks)))
    return found, len(own)


def _weights(answers: Iterable[set[int]]) -> dict[int, float]:
    """The weight in bits of each fragment that is not common knowledge."""
    every = list(answers)
    count = Counter(key for keys in every for key in keys)
    most = min(_MOST, max(_FEWEST, int(len(every) * _COMMON)))
    return {key: math.log2(len(every) / held) for key, held in count.items() if held <= most}


_PRIME, _BASE = (1 << 61) - 1, 1_000_003
_LEADING = pow(_BASE, FRAGMENT, _PRIME)
_values: dict[str, int] = {}


def _value(word: str) -> int:
    """A number for a token, the same in every process (Python's own hash is not)."""
    if word not in _values:
        if len(_values) > 100_000:
            _values.clear()
        _values[word] = int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")
    return _values[word]


def _rolling(values: Sequence[int]) -> list[int]:
    """The hash of every run of `FRAGMENT` values."""
    found = []
    now = 0
    for i, value in enumerate(values):
        now = (now * _BASE + value) % _PRIME
        if i >= FRAGMENT:
            now = (now - values[i - FRAGMENT] * _LEADING) % _PRIME
        if i >= FRAGMENT - 1:
            found.append(now)
    return found
