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
    raise NotImplementedError("mini.expire")  # course hint mini.expire


@command("PEXPIRE", arity=-3, flags="write fast", keys=(1, 1, 1), group="generic", since="2.6.0")
def pexpire(client: Client, args: Args) -> Reply:
    """PEXPIRE key milliseconds [NX | XX | GT | LT]: EXPIRE in milliseconds."""
    raise NotImplementedError("mini.expire")  # course hint mini.expire


@command("EXPIREAT", arity=-3, flags="write fast", keys=(1, 1, 1), group="generic", since="1.2.0")
def expireat(client: Client, args: Args) -> Reply:
    """EXPIREAT key unix-seconds [NX | XX | GT | LT]: the key ends at this moment."""
    raise NotImplementedError("mini.expireat")  # course hint mini.expireat


@command("PEXPIREAT", arity=-3, flags="write fast", keys=(1, 1, 1), group="generic", since="2.6.0")
def pexpireat(client: Client, args: Args) -> Reply:
    """PEXPIREAT key unix-milliseconds [NX | XX | GT | LT]: EXPIREAT in milliseconds."""
    raise NotImplementedError("mini.expireat")  # course hint mini.expireat


def _expire(client: Client, args: Args, name: str, unit: int, start: int) -> int:
    """Set the end of a key to `start` plus so many times `unit`, all in milliseconds; 1 if it was done."""
    words = conditions(args[3:])
    raise NotImplementedError("mini.expire")  # course hint mini.expire


def conditions(words: Args) -> set[bytes]:
    """Read [NX | XX | GT | LT]; XX goes with GT or LT."""
    for word in words:
        if word.upper() not in (b"NX", b"XX", b"GT", b"LT"):
            raise CommandError(f"ERR Unsupported option {word.decode('latin-1')}")
    wanted = {word.upper() for word in words}
    if not wanted:
        return wanted
    raise NotImplementedError("mini.expire-conditions")  # course hint mini.expire-conditions


def allowed(words: set[bytes], when: int, current: int | None) -> bool:
    """Whether a key that ends at `current` (None: never) may be given the end `when`."""
    if not words:
        return True
    raise NotImplementedError("mini.expire-conditions")  # course hint mini.expire-conditions


@command("TTL", arity=2, flags="readonly fast", keys=(1, 1, 1), group="generic")
def ttl(client: Client, args: Args) -> Reply:
    """TTL key: seconds until its end, rounded; -1 if it has none, -2 if there is no key."""
    raise NotImplementedError("mini.expire")  # course hint mini.expire


@command("PTTL", arity=2, flags="readonly fast", keys=(1, 1, 1), group="generic", since="2.6.0")
def pttl(client: Client, args: Args) -> Reply:
    """PTTL key: milliseconds until its end; -1 if it has none, -2 if there is no key."""
    raise NotImplementedError("mini.expire")  # course hint mini.expire


@command("EXPIRETIME", arity=2, flags="readonly fast", keys=(1, 1, 1), group="generic", since="7.0.0")
def expiretime(client: Client, args: Args) -> Reply:
    """EXPIRETIME key: the second since 1970 at which it ends; -1 if it does not, -2 if there is no key."""
    raise NotImplementedError("mini.expireat")  # course hint mini.expireat


@command("PEXPIRETIME", arity=2, flags="readonly fast", keys=(1, 1, 1), group="generic", since="7.0.0")
def pexpiretime(client: Client, args: Args) -> Reply:
    """PEXPIRETIME key: the millisecond since 1970 at which it ends; -1 if it does not, -2 if there is no key."""
    raise NotImplementedError("mini.expireat")  # course hint mini.expireat


def _end(client: Client, key: bytes, start: int) -> int:
    """Return the end of a key, in milliseconds from `start`, or one of Redis's two codes."""
    raise NotImplementedError("mini.expire")  # course hint mini.expire


def _in_seconds(milliseconds: int) -> int:
    """Round as Redis does; its codes stay what they are."""
    raise NotImplementedError("mini.expire")  # course hint mini.expire


@command("PERSIST", arity=2, flags="write fast", keys=(1, 1, 1), group="generic", since="2.2.0")
def persist(client: Client, args: Args) -> Reply:
    """PERSIST key: take its end away. 1, or 0 if it has none or is not there."""
    raise NotImplementedError("mini.persist")  # course hint mini.persist
