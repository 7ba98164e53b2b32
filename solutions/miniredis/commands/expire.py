"""The ends of keys: setting, asking, taking away. `Database` keeps them and removes what is due."""

from __future__ import annotations

from miniredis.commands.arguments import integer
from miniredis.commands.strings import invalid_expire_time
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.numbers import INT64_MAX, INT64_MIN
from miniredis.resp import Args, CommandError, Reply


@command("EXPIRE", arity=-3, flags="write fast", keys=(1, 1, 1), group="generic")
def expire(client: Client, args: Args) -> Reply:
    """EXPIRE key seconds [NX | XX | GT | LT]: the key ends after this time. 1, or 0 if it is not there or may not."""
    ### BEGIN SOLUTION mini.expire
    return _expire(client, args, "expire", 1000, client.server.now)
    ### END SOLUTION


@command("PEXPIRE", arity=-3, flags="write fast", keys=(1, 1, 1), group="generic", since="2.6.0")
def pexpire(client: Client, args: Args) -> Reply:
    """PEXPIRE key milliseconds [NX | XX | GT | LT]: EXPIRE in milliseconds."""
    ### BEGIN SOLUTION mini.expire
    return _expire(client, args, "pexpire", 1, client.server.now)
    ### END SOLUTION


@command("EXPIREAT", arity=-3, flags="write fast", keys=(1, 1, 1), group="generic", since="1.2.0")
def expireat(client: Client, args: Args) -> Reply:
    """EXPIREAT key unix-seconds [NX | XX | GT | LT]: the key ends at this moment."""
    ### BEGIN SOLUTION mini.expireat
    return _expire(client, args, "expireat", 1000, 0)
    ### END SOLUTION


@command("PEXPIREAT", arity=-3, flags="write fast", keys=(1, 1, 1), group="generic", since="2.6.0")
def pexpireat(client: Client, args: Args) -> Reply:
    """PEXPIREAT key unix-milliseconds [NX | XX | GT | LT]: EXPIREAT in milliseconds."""
    ### BEGIN SOLUTION mini.expireat
    return _expire(client, args, "pexpireat", 1, 0)
    ### END SOLUTION


def _expire(client: Client, args: Args, name: str, unit: int, start: int) -> int:
    """Set the end of a key to `start` plus so many times `unit`, all in milliseconds; 1 if it was done."""
    words = conditions(args[3:])
    ### BEGIN SOLUTION mini.expire
    db, key = client.db, args[1]
    when = integer(args[2]) * unit
    if not INT64_MIN <= when <= INT64_MAX - start:
        raise invalid_expire_time(name)
    when += start
    if db.edit_any(key) is None or not allowed(words, when, db.expires_at(key)):
        return 0
    if when <= client.server.now and not client.server.loading:
        db.delete(key)
        db.modified(key, "g", "del")
        client.server.rewrite([b"DEL", key])
    else:
        db.expire_at(key, when)
        db.modified(key, "g", "expire")
        client.server.rewrite([b"PEXPIREAT", key, b"%d" % when])
    return 1
    ### END SOLUTION


def conditions(words: Args) -> set[bytes]:
    """Read [NX | XX | GT | LT]; XX goes with GT or LT."""
    for word in words:
        if word.upper() not in (b"NX", b"XX", b"GT", b"LT"):
            raise CommandError(f"ERR Unsupported option {word.decode('latin-1')}")
    wanted = {word.upper() for word in words}
    if not wanted:
        return wanted
    ### BEGIN SOLUTION mini.expire-conditions
    if b"NX" in wanted and len(wanted) > 1:
        raise CommandError("ERR NX and XX, GT or LT options at the same time are not compatible")
    if {b"GT", b"LT"} <= wanted:
        raise CommandError("ERR GT and LT options at the same time are not compatible")
    return wanted
    ### END SOLUTION


def allowed(words: set[bytes], when: int, current: int | None) -> bool:
    """Whether a key that ends at `current` (None: never) may be given the end `when`."""
    if not words:
        return True
    ### BEGIN SOLUTION mini.expire-conditions
    if (b"NX" in words and current is not None) or (b"XX" in words and current is None):
        return False
    if b"GT" in words:
        return current is not None and when > current
    return b"LT" not in words or current is None or when < current
    ### END SOLUTION


@command("TTL", arity=2, flags="readonly fast", keys=(1, 1, 1), group="generic")
def ttl(client: Client, args: Args) -> Reply:
    """TTL key: seconds until its end, rounded; -1 if it has none, -2 if there is no key."""
    ### BEGIN SOLUTION mini.expire
    return _in_seconds(_end(client, args[1], client.server.now))
    ### END SOLUTION


@command("PTTL", arity=2, flags="readonly fast", keys=(1, 1, 1), group="generic", since="2.6.0")
def pttl(client: Client, args: Args) -> Reply:
    """PTTL key: milliseconds until its end; -1 if it has none, -2 if there is no key."""
    ### BEGIN SOLUTION mini.expire
    return _end(client, args[1], client.server.now)
    ### END SOLUTION


@command("EXPIRETIME", arity=2, flags="readonly fast", keys=(1, 1, 1), group="generic", since="7.0.0")
def expiretime(client: Client, args: Args) -> Reply:
    """EXPIRETIME key: the second since 1970 at which it ends; -1 if it does not, -2 if there is no key."""
    ### BEGIN SOLUTION mini.expireat
    return _in_seconds(_end(client, args[1], 0))
    ### END SOLUTION


@command("PEXPIRETIME", arity=2, flags="readonly fast", keys=(1, 1, 1), group="generic", since="7.0.0")
def pexpiretime(client: Client, args: Args) -> Reply:
    """PEXPIRETIME key: the millisecond since 1970 at which it ends; -1 if it does not, -2 if there is no key."""
    ### BEGIN SOLUTION mini.expireat
    return _end(client, args[1], 0)
    ### END SOLUTION


def _end(client: Client, key: bytes, start: int) -> int:
    """Return the end of a key, in milliseconds from `start`, or one of Redis's two codes."""
    ### BEGIN SOLUTION mini.expire
    if client.db.look(key) is None:
        return -2
    end = client.db.expires_at(key)
    return -1 if end is None else max(end - start, 0)
    ### END SOLUTION


def _in_seconds(milliseconds: int) -> int:
    """Round as Redis does; its codes stay what they are."""
    ### BEGIN SOLUTION mini.expire
    return milliseconds if milliseconds < 0 else (milliseconds + 500) // 1000
    ### END SOLUTION


@command("PERSIST", arity=2, flags="write fast", keys=(1, 1, 1), group="generic", since="2.2.0")
def persist(client: Client, args: Args) -> Reply:
    """PERSIST key: take its end away. 1, or 0 if it has none or is not there."""
    ### BEGIN SOLUTION mini.persist
    key = args[1]
    if client.db.edit_any(key) is None or client.db.expires_at(key) is None:
        return 0
    client.db.expire_at(key, None)
    client.db.modified(key, "g", "persist")
    return 1
    ### END SOLUTION
