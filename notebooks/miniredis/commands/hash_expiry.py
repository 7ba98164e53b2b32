"""Fields of hashes that end: a session's token, a rate limit for each user, in one hash.

The replies have a number for each field: -2 there is no such field, -1 it has no end, 0 the condition is not met, 1
done, 2 removed, because the end given lies in the past.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from miniredis.commands.arguments import integer, integer_from
from miniredis.commands.hashes import edit_hash, read_hash
from miniredis.commands.table import command, wrong_arity
from miniredis.connection import Client
from miniredis.resp import Args, CommandError, Reply
from miniredis.values import Hash

NO_FIELD, NO_END, NOT_MET, DONE, REMOVED = -2, -1, 0, 1, 2
LATEST = (1 << 46) - 1
SECOND = 1000
NO_FIELDS = "ERR Mandatory argument FIELDS is missing or not at the right position"
NOT_POSITIVE = "ERR Number of fields must be a positive integer"
NOT_AS_MANY = "ERR The `numfields` parameter must match the number of arguments"
# Unit in milliseconds, and whether it counts from now.
ENDS = {b"EX": (SECOND, True), b"PX": (1, True), b"EXAT": (SECOND, False), b"PXAT": (1, False)}


def _fields(args: Args, at: int, error: str = NOT_POSITIVE) -> list[bytes]:
    """Read `FIELDS number field …` from `at` to the end."""
    if at + 1 >= len(args):
        raise wrong_arity(args[0].decode().lower())
    if args[at].upper() != b"FIELDS":
        raise CommandError(NO_FIELDS)
    if integer_from(1, args[at + 1], error) != len(args) - at - 2:
        raise CommandError(NOT_AS_MANY)
    return args[at + 2 :]


def _when(client: Client, name: str, arg: bytes, unit: int, from_now: bool) -> int:
    """Read the end of a field; in milliseconds since 1970."""
    amount = integer(arg)
    if amount < 0:
        raise CommandError("ERR invalid expire time, must be >= 0")
    when = amount * unit + (client.server.now if from_now else 0)
    if when > LATEST or amount > LATEST // unit:
        raise CommandError(f"ERR invalid expire time in '{name}' command")
    return when


def _name(client: Client) -> str:
    return client.server.current[0].name


def _tell(client: Client, key: bytes, value: Hash, event: str, fields: list[bytes], log: Args) -> None:
    """Some fields have been changed: tell, log, and remove the hash with its last field."""
    client.db.modified(key, "h", event, changes=len(fields))
    client.server.rewrite([log[0], key, *log[1:], *fields])
    client.db.delete_if_empty(key, value)


def _counted(fields: list[bytes]) -> Args:
    return [b"FIELDS", b"%d" % len(fields)]


# Giving fields an end


def _expire(client: Client, args: Args, unit: int, from_now: bool) -> Reply:
    raise NotImplementedError("mini.hexpire")  # course hint mini.hexpire


def _end_each(client: Client, key: bytes, value: Hash, fields: list[bytes], when: int, condition: bytes) -> list[int]:
    """Give each field this end, under the condition; a number for each."""
    raise NotImplementedError("mini.hexpire")  # course hint mini.hexpire


def _end_one(value: Hash, field: bytes, when: int, condition: bytes, now: int) -> int:
    """Give one field its end if it is there and the condition is met; a time that is over removes it."""
    raise NotImplementedError("mini.hexpire")  # course hint mini.hexpire


@command("HEXPIRE", arity=-6, flags="write fast", keys=(1, 1, 1), group="hash", since="7.4.0")
def hexpire(client: Client, args: Args) -> Reply:
    """HEXPIRE key seconds [NX | XX | GT | LT] FIELDS number field [field …]: let the fields end in so many seconds."""
    return _expire(client, args, SECOND, True)


@command("HPEXPIRE", arity=-6, flags="write fast", keys=(1, 1, 1), group="hash", since="7.4.0")
def hpexpire(client: Client, args: Args) -> Reply:
    """HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS number field [field …]: HEXPIRE in milliseconds."""
    return _expire(client, args, 1, True)


@command("HEXPIREAT", arity=-6, flags="write fast", keys=(1, 1, 1), group="hash", since="7.4.0")
def hexpireat(client: Client, args: Args) -> Reply:
    """HEXPIREAT key time [NX | XX | GT | LT] FIELDS number field [field …]: remove the fields at this Unix time."""
    return _expire(client, args, SECOND, False)


@command("HPEXPIREAT", arity=-6, flags="write fast", keys=(1, 1, 1), group="hash", since="7.4.0")
def hpexpireat(client: Client, args: Args) -> Reply:
    """HPEXPIREAT key time [NX | XX | GT | LT] FIELDS number field [field …]: HEXPIREAT in milliseconds."""
    return _expire(client, args, 1, False)


@command("HPERSIST", arity=-5, flags="write fast", keys=(1, 1, 1), group="hash", since="7.4.0")
def hpersist(client: Client, args: Args) -> Reply:
    """HPERSIST key FIELDS number field [field …]: the fields have no end any more."""
    raise NotImplementedError("mini.hpersist")  # course hint mini.hpersist


def _persisted(client: Client, key: bytes, value: Hash, fields: list[bytes]) -> None:
    raise NotImplementedError("mini.hpersist")  # course hint mini.hpersist


# Asking when


def _ends(client: Client, args: Args, shown: Callable[[int], int]) -> Reply:
    """A number for each field, made of its end by `shown`."""
    raise NotImplementedError("mini.httl")  # course hint mini.httl


def _in_seconds(milliseconds: int) -> int:
    """Whole seconds, rounded up, so that a field that is there never has 0 to live."""
    return (milliseconds + SECOND - 1) // SECOND


@command("HTTL", arity=-5, flags="readonly fast", keys=(1, 1, 1), group="hash", since="7.4.0")
def httl(client: Client, args: Args) -> Reply:
    """HTTL key FIELDS number field [field …]: the seconds each field has to live."""
    return _ends(client, args, lambda end: _in_seconds(end - client.server.now))


@command("HPTTL", arity=-5, flags="readonly fast", keys=(1, 1, 1), group="hash", since="7.4.0")
def hpttl(client: Client, args: Args) -> Reply:
    """HPTTL key FIELDS number field [field …]: the milliseconds each field has to live."""
    return _ends(client, args, lambda end: end - client.server.now)


@command("HEXPIRETIME", arity=-5, flags="readonly fast", keys=(1, 1, 1), group="hash", since="7.4.0")
def hexpiretime(client: Client, args: Args) -> Reply:
    """HEXPIRETIME key FIELDS number field [field …]: the Unix time at which each field ends."""
    return _ends(client, args, _in_seconds)


@command("HPEXPIRETIME", arity=-5, flags="readonly fast", keys=(1, 1, 1), group="hash", since="7.4.0")
def hpexpiretime(client: Client, args: Args) -> Reply:
    """HPEXPIRETIME key FIELDS number field [field …]: HEXPIRETIME in milliseconds."""
    return _ends(client, args, lambda end: end)


# Reading and writing with an end


@command("HGETEX", arity=-5, flags="write fast", keys=(1, 1, 1), group="hash", since="8.0.0")
def hgetex(client: Client, args: Args) -> Reply:
    """HGETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST] FIELDS number field [field …]: HMGET, and a new end."""
    raise NotImplementedError("mini.hgetex")  # course hint mini.hgetex


@dataclass(slots=True)
class SetWithEnd:
    """What HSETEX was asked for.

    Attributes:
        only: FNX, FXX or nothing.
        end: KEEPTTL, EX, PX, EXAT, PXAT or nothing.
        when: the end in milliseconds since 1970, if one was given.
        pairs: fields and values in turn.
    """

    only: bytes = b""
    end: bytes = b""
    when: int | None = None
    pairs: tuple[bytes, ...] = ()


def _read_hsetex(client: Client, args: Args) -> SetWithEnd:
    """Read the options, in any order, and the fields behind them; an error is about the first that is wrong."""
    raise NotImplementedError("mini.hsetex")  # course hint mini.hsetex


def _pairs(args: Args, at: int) -> tuple[bytes, ...]:
    """The pairs behind their number, which stands at `at`; nothing may follow them."""
    raise NotImplementedError("mini.hsetex")  # course hint mini.hsetex


@command("HSETEX", arity=-6, flags="write denyoom fast", keys=(1, 1, 1), group="hash", since="8.0.0")
def hsetex(client: Client, args: Args) -> Reply:
    """HSETEX key [FNX | FXX] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL] FIELDS number field value [field value …].

    Set fields and their end, all of them or none: 1, or 0 if one of them is there (FNX) or not there (FXX).
    """
    raise NotImplementedError("mini.hsetex")  # course hint mini.hsetex


def _end_all(client: Client, key: bytes, value: Hash, fields: list[bytes], when: int) -> None:
    raise NotImplementedError("mini.hsetex")  # course hint mini.hsetex


def _remove_all(client: Client, key: bytes, value: Hash, fields: list[bytes]) -> None:
    """Fields that were set with a time that is over: as if they had been there for a moment."""
    raise NotImplementedError("mini.hsetex")  # course hint mini.hsetex


@command("HGETDEL", arity=-5, flags="write fast", keys=(1, 1, 1), group="hash", since="8.0.0")
def hgetdel(client: Client, args: Args) -> Reply:
    """HGETDEL key FIELDS number field [field …]: the value of each, nil where there is none; they are removed."""
    raise NotImplementedError("mini.hgetdel")  # course hint mini.hgetdel
