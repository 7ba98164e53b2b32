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
    ### BEGIN SOLUTION mini.keys
    db = client.db
    found = db.keys.keys() if args[1] == b"*" else filter(matcher(args[1]), db.keys.keys())
    return [key for key in found if db.peek(key) is not None]
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.scan
    page = read_page(args, 1)
    db = client.db
    cursor, found = db.keys.scan(page.cursor, page.count)
    return [b"%d" % cursor, [key for key in found if _on_page(client, page, key)]]
    ### END SOLUTION


def _on_page(client: Client, page: Page, key: bytes) -> bool:
    """Whether a key that was met is to be replied."""
    value = client.db.peek(key)
    if value is None:
        return False
    if page.wanted is None and page.type is None:
        return True
    ### BEGIN SOLUTION mini.scan-match
    if page.wanted is not None and page.wanted(key) is None:
        return False
    return page.type is None or type_name(value).encode() == page.type
    ### END SOLUTION


def read_page(args: Args, at: int, command: str = "scan") -> Page:
    """Read a cursor at `at` and the options behind it, for SCAN and for SSCAN, HSCAN, ZSCAN."""
    page = Page(read_cursor(args[at]))
    if at + 1 == len(args):
        return page
    ### BEGIN SOLUTION mini.scan-match
    at += 1
    while at < len(args):
        word = args[at].upper()
        if word == b"NOVALUES":
            if command != "hscan":
                raise CommandError("ERR NOVALUES option can only be used in HSCAN")
            page.bare = True
            at += 1
            continue
        if at + 1 == len(args) or word not in (b"MATCH", b"COUNT", *((b"TYPE",) if command == "scan" else ())):
            raise syntax_error()
        _read_option(page, word, args[at + 1])
        at += 2
    return page
    ### END SOLUTION


def _read_option(page: Page, word: bytes, value: bytes) -> None:
    ### BEGIN SOLUTION mini.scan-match
    if word == b"MATCH":
        page.wanted = None if value == b"*" else matcher(value)
    elif word == b"TYPE":
        page.type = value.lower()
    else:
        page.count = integer(value)
        if page.count < 1:
            raise syntax_error()
    ### END SOLUTION


def read_cursor(arg: bytes) -> int:
    """Return the unsigned 64-bit number that a cursor is; Redis reads it as C's strtoull does, "+1" and "01" too."""
    strict = parse_int(arg)
    digits = arg.lstrip(b" \t\n\v\f\r")
    digits = digits[1:] if digits[:1] in (b"+", b"-") else digits
    if (strict is not None and strict < 0) or not digits.isdigit() or int(digits) > UINT64_MAX:
        raise CommandError("ERR invalid cursor")
    return int(digits) if b"-" not in arg else -int(digits) & UINT64_MAX
