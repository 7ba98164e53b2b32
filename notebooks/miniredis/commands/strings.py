"""Strings: bytes of any content, up to 512 MB."""

from __future__ import annotations

from dataclasses import dataclass

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.table import command, wrong_arity
from miniredis.connection import Client
from miniredis.numbers import INT64_MAX
from miniredis.resp import OK, Args, CommandError, Reply

MAX_LENGTH = 512 * 1024 * 1024


@command("GET", arity=2, flags="readonly fast", keys=(1, 1, 1))
def get(client: Client, args: Args) -> Reply:
    """GET key: the value, or nil."""
    raise NotImplementedError("mini.set")  # course hint mini.set


@command("SET", arity=-3, flags="write denyoom", keys=(1, 1, 1))
def set_(client: Client, args: Args) -> Reply:
    """SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]: store a string. OK; nil if not."""
    if len(args) > 3:
        return _set_with_options(client, args)
    raise NotImplementedError("mini.set")  # course hint mini.set


def _set_with_options(client: Client, args: Args) -> Reply:
    raise NotImplementedError("mini.set-conditions")  # course hint mini.set-conditions


def _store(client: Client, key: bytes, value: bytes, end: int | None, keep_ttl: bool = False) -> None:
    """Store a string with an end. The file gets the moment, not the duration: it may be read much later."""
    raise NotImplementedError("mini.setex")  # course hint mini.setex


@dataclass(slots=True)
class Options:
    """What SET and GETEX were asked for beyond their fixed part; `unit` and `time` as they were sent."""

    only_new: bool = False
    only_old: bool = False
    answer_old: bool = False
    keep_ttl: bool = False
    persist: bool = False
    unit: bytes = b""
    time: bytes = b""


_UNITS = (b"EX", b"PX", b"EXAT", b"PXAT")
_OPTIONS_OF_SET = (b"NX", b"XX", b"GET", b"KEEPTTL", *_UNITS)
_OPTIONS_OF_GETEX = (b"PERSIST", *_UNITS)


def read_options(args: Args, at: int, allowed: tuple[bytes, ...]) -> Options:
    """Read the options of SET or GETEX from `at` on; those that exclude one another are a syntax error."""
    raise NotImplementedError("mini.set-conditions")  # course hint mini.set-conditions


def _read_end(args: Args, at: int, options: Options) -> int:
    """Read EX seconds and its kind; the position of its number."""
    raise NotImplementedError("mini.set-ex")  # course hint mini.set-ex


def end_of(client: Client, command: str, options: Options) -> int | None:
    """Return the moment an option such as EX names, in milliseconds since 1970; None where there is none."""
    if not options.unit:
        return None
    raise NotImplementedError("mini.setex")  # course hint mini.setex


def invalid_expire_time(command: str) -> CommandError:
    """The error for a time that cannot be, such as EX 0."""
    return CommandError(f"ERR invalid expire time in '{command}' command")


@command("SETNX", arity=3, flags="write denyoom fast", keys=(1, 1, 1))
def setnx(client: Client, args: Args) -> Reply:
    """SETNX key value: store only where there is no key yet. 1, or 0 if there was one."""
    raise NotImplementedError("mini.setnx")  # course hint mini.setnx


@command("SETEX", arity=4, flags="write denyoom", keys=(1, 1, 1), since="2.0.0")
def setex(client: Client, args: Args) -> Reply:
    """SETEX key seconds value: store with an end."""
    raise NotImplementedError("mini.setex")  # course hint mini.setex


@command("PSETEX", arity=4, flags="write denyoom", keys=(1, 1, 1), since="2.6.0")
def psetex(client: Client, args: Args) -> Reply:
    """PSETEX key milliseconds value: store with an end."""
    raise NotImplementedError("mini.setex")  # course hint mini.setex


@command("GETSET", arity=3, flags="write denyoom fast", keys=(1, 1, 1))
def getset(client: Client, args: Args) -> Reply:
    """GETSET key value: store, and the value there was before, or nil."""
    raise NotImplementedError("mini.getset")  # course hint mini.getset


@command("GETDEL", arity=2, flags="write fast", keys=(1, 1, 1), since="6.2.0")
def getdel(client: Client, args: Args) -> Reply:
    """GETDEL key: the value, or nil; the key is gone."""
    raise NotImplementedError("mini.getset")  # course hint mini.getset


@command("GETEX", arity=-2, flags="write fast", keys=(1, 1, 1), since="6.2.0")
def getex(client: Client, args: Args) -> Reply:
    """GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]: the value, or nil; its end is set anew or taken away."""
    raise NotImplementedError("mini.getex")  # course hint mini.getex


@command("MGET", arity=-2, flags="readonly fast", keys=(1, -1, 1))
def mget(client: Client, args: Args) -> Reply:
    """MGET key [key …]: the values, nil for those that are missing or no strings. O(keys)."""
    raise NotImplementedError("mini.mget")  # course hint mini.mget


@command("MSET", arity=-3, flags="write denyoom", keys=(1, -1, 2), since="1.0.1")
def mset(client: Client, args: Args) -> Reply:
    """MSET key value [key value …]: store them all. OK."""
    raise NotImplementedError("mini.mget")  # course hint mini.mget


@command("MSETNX", arity=-3, flags="write denyoom", keys=(1, -1, 2), since="1.0.1")
def msetnx(client: Client, args: Args) -> Reply:
    """MSETNX key value [key value …]: store them all, or none if one of the keys is there. 1 or 0."""
    raise NotImplementedError("mini.setnx")  # course hint mini.setnx


@command("STRLEN", arity=2, flags="readonly fast", keys=(1, 1, 1), since="2.2.0")
def strlen(client: Client, args: Args) -> Reply:
    """STRLEN key: the length in bytes, 0 where there is nothing."""
    raise NotImplementedError("mini.append")  # course hint mini.append


@command("APPEND", arity=3, flags="write denyoom fast", keys=(1, 1, 1), since="2.0.0")
def append(client: Client, args: Args) -> Reply:
    """APPEND key value: add to the end of a string. The new length, in bytes."""
    raise NotImplementedError("mini.append")  # course hint mini.append


@command("GETRANGE", arity=4, flags="readonly", keys=(1, 1, 1), since="2.4.0")
def getrange(client: Client, args: Args) -> Reply:
    """GETRANGE key start end: the bytes from start to end, both included; negative positions count from the end."""
    raise NotImplementedError("mini.getrange")  # course hint mini.getrange


@command("SUBSTR", arity=4, flags="readonly", keys=(1, 1, 1))
def substr(client: Client, args: Args) -> Reply:
    """SUBSTR key start end: the old name of GETRANGE."""
    raise NotImplementedError("mini.getrange")  # course hint mini.getrange


@command("SETRANGE", arity=4, flags="write denyoom", keys=(1, 1, 1), since="2.2.0")
def setrange(client: Client, args: Args) -> Reply:
    """SETRANGE key offset value: write over a string from offset on, with zero bytes up to there. The new length."""
    raise NotImplementedError("mini.setrange")  # course hint mini.setrange


def changeable(client: Client, key: bytes, value: bytes | bytearray | None) -> bytearray:
    """Return the string at `key` as one that can be changed in place, stored there as such; its end stays.

    A `bytes` would be copied by every change. Redis makes the same turn, from "embstr" and "int" to "raw".
    """
    if isinstance(value, bytearray):
        return value
    copy = bytearray(value or b"")
    client.db.set(key, copy, keep_ttl=True)
    return copy


def grow(value: bytearray, size: int) -> None:
    """Fill up with zero bytes to `size`."""
    if len(value) < size:
        value.extend(bytes(size - len(value)))


def check_length(size: int) -> None:
    """Refuse a string that would become too long."""
    if size > MAX_LENGTH:
        raise CommandError("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
