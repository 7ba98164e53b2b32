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
    ### BEGIN SOLUTION mini.set
    value = client.db.read_string(args[1])
    return value if value is None else bytes(value)
    ### END SOLUTION


@command("SET", arity=-3, flags="write denyoom", keys=(1, 1, 1))
def set_(client: Client, args: Args) -> Reply:
    """SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]: store a string. OK; nil if not."""
    if len(args) > 3:
        return _set_with_options(client, args)
    ### BEGIN SOLUTION mini.set
    client.db.set(args[1], args[2])
    client.db.modified(args[1], "$", "set")
    return OK
    ### END SOLUTION


def _set_with_options(client: Client, args: Args) -> Reply:
    ### BEGIN SOLUTION mini.set-conditions
    key, value = args[1], args[2]
    options = read_options(args, 3, _OPTIONS_OF_SET)
    end = end_of(client, "set", options)
    old = None
    if options.answer_old:
        old = client.db.read_string(key)
    present = client.db.edit_any(key) is not None
    if (options.only_new and present) or (options.only_old and not present):
        return old
    _store(client, key, value, end, options.keep_ttl)
    return old if options.answer_old else OK
    ### END SOLUTION


def _store(client: Client, key: bytes, value: bytes, end: int | None, keep_ttl: bool = False) -> None:
    """Store a string with an end. The file gets the moment, not the duration: it may be read much later."""
    ### BEGIN SOLUTION mini.setex
    client.db.set(key, value, keep_ttl)
    client.db.modified(key, "$", "set")
    if end is not None:
        client.db.expire_at(key, end)
        client.db.modified(key, "g", "expire", changes=0)
        client.server.rewrite([b"SET", key, value, b"PXAT", b"%d" % end])
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.set-conditions
    options = Options()
    while at < len(args):
        word = args[at].upper()
        if word not in allowed:
            raise syntax_error()
        if word == b"NX" and not options.only_old:
            options.only_new = True
        elif word == b"XX" and not options.only_new:
            options.only_old = True
        elif word == b"GET":
            options.answer_old = True
        elif word == b"KEEPTTL" and not options.unit:
            options.keep_ttl = True
        elif word == b"PERSIST" and not options.unit:
            options.persist = True
        elif word in _UNITS:
            at = _read_end(args, at, options)
        else:
            raise syntax_error()
        at += 1
    return options
    ### END SOLUTION


def _read_end(args: Args, at: int, options: Options) -> int:
    """Read EX seconds and its kind; the position of its number."""
    ### BEGIN SOLUTION mini.set-ex
    unit = args[at].upper()
    if at + 1 == len(args) or options.keep_ttl or options.persist or options.unit not in (b"", unit):
        raise syntax_error()
    options.unit, options.time = unit, args[at + 1]
    return at + 1
    ### END SOLUTION


def end_of(client: Client, command: str, options: Options) -> int | None:
    """Return the moment an option such as EX names, in milliseconds since 1970; None where there is none."""
    if not options.unit:
        return None
    ### BEGIN SOLUTION mini.setex
    amount = integer(options.time)
    milliseconds = amount if options.unit[:1] == b"P" else amount * 1000
    end = milliseconds if options.unit.endswith(b"AT") else milliseconds + client.server.now
    if amount <= 0 or end > INT64_MAX:
        raise invalid_expire_time(command)
    return end
    ### END SOLUTION


def invalid_expire_time(command: str) -> CommandError:
    """The error for a time that cannot be, such as EX 0."""
    return CommandError(f"ERR invalid expire time in '{command}' command")


@command("SETNX", arity=3, flags="write denyoom fast", keys=(1, 1, 1))
def setnx(client: Client, args: Args) -> Reply:
    """SETNX key value: store only where there is no key yet. 1, or 0 if there was one."""
    ### BEGIN SOLUTION mini.setnx
    if client.db.edit_any(args[1]) is not None:
        return 0
    client.db.set(args[1], args[2])
    client.db.modified(args[1], "$", "set")
    return 1
    ### END SOLUTION


@command("SETEX", arity=4, flags="write denyoom", keys=(1, 1, 1), since="2.0.0")
def setex(client: Client, args: Args) -> Reply:
    """SETEX key seconds value: store with an end."""
    ### BEGIN SOLUTION mini.setex
    _store(client, args[1], args[3], end_of(client, "setex", Options(unit=b"EX", time=args[2])))
    return OK
    ### END SOLUTION


@command("PSETEX", arity=4, flags="write denyoom", keys=(1, 1, 1), since="2.6.0")
def psetex(client: Client, args: Args) -> Reply:
    """PSETEX key milliseconds value: store with an end."""
    ### BEGIN SOLUTION mini.setex
    _store(client, args[1], args[3], end_of(client, "psetex", Options(unit=b"PX", time=args[2])))
    return OK
    ### END SOLUTION


@command("GETSET", arity=3, flags="write denyoom fast", keys=(1, 1, 1))
def getset(client: Client, args: Args) -> Reply:
    """GETSET key value: store, and the value there was before, or nil."""
    ### BEGIN SOLUTION mini.getset
    old = client.db.read_string(args[1])
    client.db.set(args[1], args[2])
    client.db.modified(args[1], "$", "set")
    client.server.rewrite([b"SET", args[1], args[2]])
    return old
    ### END SOLUTION


@command("GETDEL", arity=2, flags="write fast", keys=(1, 1, 1), since="6.2.0")
def getdel(client: Client, args: Args) -> Reply:
    """GETDEL key: the value, or nil; the key is gone."""
    ### BEGIN SOLUTION mini.getset
    value = client.db.read_string(args[1])
    if value is not None:
        client.db.delete(args[1])
        client.db.modified(args[1], "g", "del")
        client.server.rewrite([b"DEL", args[1]])
    return value
    ### END SOLUTION


@command("GETEX", arity=-2, flags="write fast", keys=(1, 1, 1), since="6.2.0")
def getex(client: Client, args: Args) -> Reply:
    """GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]: the value, or nil; its end is set anew or taken away."""
    ### BEGIN SOLUTION mini.getex
    options = read_options(args, 2, _OPTIONS_OF_GETEX)
    db, key = client.db, args[1]
    value = db.read_string(key)
    if value is None:
        return None
    end = end_of(client, "getex", options)
    if options.persist and db.expires_at(key) is not None:
        db.expire_at(key, None)
        db.modified(key, "g", "persist")
        client.server.rewrite([b"PERSIST", key])
    elif end is not None and end <= client.server.now:
        db.delete(key)
        db.modified(key, "g", "del")
        client.server.rewrite([b"DEL", key])
    elif end is not None:
        db.expire_at(key, end)
        db.modified(key, "g", "expire")
        client.server.rewrite([b"PEXPIREAT", key, b"%d" % end])
    return bytes(value)
    ### END SOLUTION


@command("MGET", arity=-2, flags="readonly fast", keys=(1, -1, 1))
def mget(client: Client, args: Args) -> Reply:
    """MGET key [key …]: the values, nil for those that are missing or no strings. O(keys)."""
    ### BEGIN SOLUTION mini.mget
    values = [client.db.read_any(key) for key in args[1:]]
    return [bytes(value) if isinstance(value, (bytes, bytearray)) else None for value in values]
    ### END SOLUTION


@command("MSET", arity=-3, flags="write denyoom", keys=(1, -1, 2), since="1.0.1")
def mset(client: Client, args: Args) -> Reply:
    """MSET key value [key value …]: store them all. OK."""
    ### BEGIN SOLUTION mini.mget
    if len(args) % 2 == 0:
        raise wrong_arity("mset")
    for key, value in zip(args[1::2], args[2::2], strict=True):
        client.db.set(key, value)
        client.db.modified(key, "$", "set")
    return OK
    ### END SOLUTION


@command("MSETNX", arity=-3, flags="write denyoom", keys=(1, -1, 2), since="1.0.1")
def msetnx(client: Client, args: Args) -> Reply:
    """MSETNX key value [key value …]: store them all, or none if one of the keys is there. 1 or 0."""
    ### BEGIN SOLUTION mini.setnx
    if len(args) % 2 == 0:
        raise wrong_arity("msetnx")
    if any(client.db.edit_any(key) is not None for key in args[1::2]):
        return 0
    for key, value in zip(args[1::2], args[2::2], strict=True):
        client.db.set(key, value)
        client.db.modified(key, "$", "set")
    return 1
    ### END SOLUTION


@command("STRLEN", arity=2, flags="readonly fast", keys=(1, 1, 1), since="2.2.0")
def strlen(client: Client, args: Args) -> Reply:
    """STRLEN key: the length in bytes, 0 where there is nothing."""
    ### BEGIN SOLUTION mini.append
    return len(client.db.read_string(args[1]) or b"")
    ### END SOLUTION


@command("APPEND", arity=3, flags="write denyoom fast", keys=(1, 1, 1), since="2.0.0")
def append(client: Client, args: Args) -> Reply:
    """APPEND key value: add to the end of a string. The new length, in bytes."""
    ### BEGIN SOLUTION mini.append
    key, more = args[1], args[2]
    old = client.db.edit_string(key)
    if old is None:
        client.db.set(key, more)
        size = len(more)
    else:
        check_length(len(old) + len(more))
        value = changeable(client, key, old)
        value.extend(more)
        size = len(value)
    client.db.modified(key, "$", "append")
    return size
    ### END SOLUTION


@command("GETRANGE", arity=4, flags="readonly", keys=(1, 1, 1), since="2.4.0")
def getrange(client: Client, args: Args) -> Reply:
    """GETRANGE key start end: the bytes from start to end, both included; negative positions count from the end."""
    ### BEGIN SOLUTION mini.getrange
    start, end = integer(args[2]), integer(args[3])
    value = client.db.read_string(args[1]) or b""
    size = len(value)
    if start < 0 and end < 0 and start > end:
        return b""
    start = max(start + size, 0) if start < 0 else start
    end = max(end + size, 0) if end < 0 else end
    return bytes(value[start : end + 1])
    ### END SOLUTION


@command("SUBSTR", arity=4, flags="readonly", keys=(1, 1, 1))
def substr(client: Client, args: Args) -> Reply:
    """SUBSTR key start end: the old name of GETRANGE."""
    ### BEGIN SOLUTION mini.getrange
    return getrange(client, args)
    ### END SOLUTION


@command("SETRANGE", arity=4, flags="write denyoom", keys=(1, 1, 1), since="2.2.0")
def setrange(client: Client, args: Args) -> Reply:
    """SETRANGE key offset value: write over a string from offset on, with zero bytes up to there. The new length."""
    ### BEGIN SOLUTION mini.setrange
    key, piece = args[1], args[3]
    offset = integer(args[2])
    if offset < 0:
        raise CommandError("ERR offset is out of range")
    old = client.db.edit_string(key)
    if not piece:
        return len(old or b"")
    check_length(offset + len(piece))
    value = changeable(client, key, old)
    grow(value, offset)
    value[offset : offset + len(piece)] = piece
    client.db.modified(key, "$", "setrange")
    return len(value)
    ### END SOLUTION


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
