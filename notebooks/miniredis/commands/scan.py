"""Walking over keys: KEYS, all at once, and SCAN, a page at a time.

SCAN promises that every key that is there from the first page to the last is seen; one that comes or goes meanwhile may
be seen or not, and any may be seen twice. The server remembers nothing between the pages: all it needs is in the cursor
(`values.indexed`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.glob import matcher
from miniredis.numbers import parse_int
from miniredis.resp import Args, CommandError, Reply
from miniredis.values import type_name

UINT64_MAX = 2**64 - 1
PAGE = 10


@command("KEYS", arity=2, flags="readonly", group="generic")
def keys(client: Client, args: Args) -> Reply:
    """KEYS pattern: all keys that match, in one go, however long it takes. O(keys)."""
    raise NotImplementedError("mini.keys")  # course hint mini.keys


@dataclass(slots=True)
class Page:
    """What a command of SCAN's family was asked for.

    Attributes:
        cursor: where the page before ended, 0 for the first.
        count: about how many elements to look at.
        wanted: tells which of them to reply; None for all.
        type: the only type to reply; None for all.
        bare: HSCAN's NOVALUES: the fields without their values.
    """

    cursor: int
    count: int = PAGE
    wanted: Callable[[bytes], object] | None = None
    type: bytes | None = None
    bare: bool = False


@command("SCAN", arity=-2, flags="readonly", group="generic", since="2.8.0")
def scan(client: Client, args: Args) -> Reply:
    """SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]: the next cursor, 0 at the end, and a page of keys."""
    raise NotImplementedError("mini.scan")  # course hint mini.scan


def _on_page(client: Client, page: Page, key: bytes) -> bool:
    """Whether a key that was met is to be replied."""
    value = client.db.peek(key)
    if value is None:
        return False
    if page.wanted is None and page.type is None:
        return True
    raise NotImplementedError("mini.scan-match")  # course hint mini.scan-match


def read_page(args: Args, at: int, command: str = "scan") -> Page:
    """Read a cursor at `at` and the options behind it, for SCAN and for SSCAN, HSCAN, ZSCAN."""
    page = Page(read_cursor(args[at]))
    if at + 1 == len(args):
        return page
    raise NotImplementedError("mini.scan-match")  # course hint mini.scan-match


def _read_option(page: Page, word: bytes, value: bytes) -> None:
    raise NotImplementedError("mini.scan-match")  # course hint mini.scan-match


def read_cursor(arg: bytes) -> int:
    """Return the unsigned 64-bit number that a cursor is; Redis reads it as C's strtoull does, "+1" and "01" too."""
    strict = parse_int(arg)
    digits = arg.lstrip(b" \t\n\v\f\r")
    digits = digits[1:] if digits[:1] in (b"+", b"-") else digits
    if (strict is not None and strict < 0) or not digits.isdigit() or int(digits) > UINT64_MAX:
        raise CommandError("ERR invalid cursor")
    return int(digits) if b"-" not in arg else -int(digits) & UINT64_MAX
