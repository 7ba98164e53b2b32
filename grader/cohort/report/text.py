"""Words of strangers on our page: cut to a length, printable, and escaped.

Names, printed bytes and file names come from learners. A direction override could turn a row around, a lone surrogate
cannot be written as UTF-8, and ten thousand characters are no name. All of the report's text passes through here.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape

from grader.marking.printable import printable

NAME_LIMIT = 44
_printable = lru_cache(maxsize=1 << 15)(printable)  # a cohort says the same things again and again


def visible(text: str, limit: int) -> str:
    """`text` with unseen characters written as Python escapes, cut in the middle beyond `limit` characters."""
    if len(text) > limit:
        half = max(limit // 2, 1)
        text = f"{text[:half]} … {text[-half:]} ({len(text):,} characters)"
    return _printable(text)


def name(text: str) -> str:
    """A learner's name on one line, not yet escaped; something to read even if it is empty."""
    return visible(" ".join(text.split()), NAME_LIMIT) or "(no name)"


def html(text: str) -> str:
    """Escaped for text and for attributes in quotes; nothing unseen is left even where nobody thought of it."""
    return escape(_printable(text), quote=True)


def label(text: str) -> str:
    """The name of a misconception as HTML: the catalog's are short, one from elsewhere may be anything."""
    return html(visible(text, 80))


def named(text: str) -> str:
    """A learner's name as HTML that cannot turn its surroundings around."""
    return f"<bdi>{html(name(text))}</bdi>"


def prose(text: str) -> str:
    """A sentence of ours with `code` between backticks; an odd backtick is a backtick."""
    pieces = html(text).split("`")
    if len(pieces) % 2 == 0:
        return html(text)
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))


def share(value: float | None) -> str:
    """``0.425`` as ``42 %``; a dash for what is not known. Halves go up, as a reader expects."""
    return "–" if value is None else f"{int(value * 100 + 0.5)} %"


def count(number: int, what: str, many: str | None = None) -> str:
    """``1 learner``, ``2 learners``, ``1,000 learners``."""
    return f"{number:,} {what if number == 1 else many or what + 's'}"


def some(names: list[str], limit: int) -> str:
    """Names joined by commas, at most `limit` of them, and how many more there are."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more:,} more" if more > 0 else "")


def signed(value: float | None) -> str:
    """A correlation with two digits and a minus sign that does not break."""
    return "–" if value is None else f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
