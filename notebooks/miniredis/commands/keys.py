"""Commands on keys of any type: their being there, their names, and the databases they live in."""

from __future__ import annotations

import copy as copying

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.table import command, container
from miniredis.connection import Client
from miniredis.eviction import frequency, idle_seconds
from miniredis.numbers import parse_int
from miniredis.resp import OK, Args, CommandError, Reply, Status
from miniredis.store import Database
from miniredis.values import Value, type_name

# Redis 8.2 keeps a header, a short key and a short string in one piece of 64 bytes ("embstr"): so much is left for
# both, and with an end 8 less, which the headers of longer keys have room for.
EMBEDDED, LONG_KEY = 41, 32
SAME_OBJECT = "ERR source and destination objects are the same"
NO_SUCH_KEY = "ERR no such key"
NO_SUCH_DATABASE = "ERR DB index is out of range"


@command("DEL", arity=-2, flags="write", keys=(1, -1, 1), group="generic")
def del_(client: Client, args: Args) -> Reply:
    """DEL key [key …]: remove keys. How many there were."""
    raise NotImplementedError("mini.del")  # course hint mini.del


@command("UNLINK", arity=-2, flags="write fast", keys=(1, -1, 1), group="generic", since="4.0.0")
def unlink(client: Client, args: Args) -> Reply:
    """UNLINK key [key …]: DEL that gives memory back in a thread. Python gives it back by itself, so it is DEL here."""
    raise NotImplementedError("mini.del")  # course hint mini.del


@command("EXISTS", arity=-2, flags="readonly fast", keys=(1, -1, 1), group="generic")
def exists(client: Client, args: Args) -> Reply:
    """EXISTS key [key …]: how many of them are there; one named twice counts twice."""
    raise NotImplementedError("mini.exists")  # course hint mini.exists


@command("TOUCH", arity=-2, flags="readonly fast", keys=(1, -1, 1), group="generic", since="3.2.1")
def touch(client: Client, args: Args) -> Reply:
    """TOUCH key [key …]: mark keys as used just now. How many there are."""
    raise NotImplementedError("mini.exists")  # course hint mini.exists


@command("TYPE", arity=2, flags="readonly fast", keys=(1, 1, 1), group="generic")
def type_(client: Client, args: Args) -> Reply:
    """TYPE key: string, list, set, zset, hash, stream, or none."""
    raise NotImplementedError("mini.type")  # course hint mini.type


@command("RANDOMKEY", arity=1, flags="readonly", group="generic")
def randomkey(client: Client, args: Args) -> Reply:
    """RANDOMKEY: any key, or nil when there is none."""
    raise NotImplementedError("mini.randomkey")  # course hint mini.randomkey


@command("RENAME", arity=3, flags="write", keys=(1, 2, 1), group="generic")
def rename(client: Client, args: Args) -> Reply:
    """RENAME key newkey: give a key another name; what had that name is gone. OK."""
    raise NotImplementedError("mini.rename")  # course hint mini.rename


@command("RENAMENX", arity=3, flags="write fast", keys=(1, 2, 1), group="generic")
def renamenx(client: Client, args: Args) -> Reply:
    """RENAMENX key newkey: give a key another name if that is free. 1, or 0 if it is not."""
    raise NotImplementedError("mini.rename")  # course hint mini.rename


def _rename(db: Database, old: bytes, new: bytes, replace: bool) -> bool:
    """Move a value with its end from one name to another; whether it was done."""
    raise NotImplementedError("mini.rename")  # course hint mini.rename


@command("COPY", arity=-3, flags="write denyoom", keys=(1, 2, 1), group="generic", since="6.2.0")
def copy(client: Client, args: Args) -> Reply:
    """COPY source destination [DB number] [REPLACE]: a second key with the same value and end. 1 or 0. O(elements)."""
    raise NotImplementedError("mini.copy")  # course hint mini.copy


def _copy_options(client: Client, args: Args) -> tuple[Database, bool]:
    """Read [DB number] [REPLACE]: where to, and whether over what is there."""
    raise NotImplementedError("mini.copy")  # course hint mini.copy


@command("MOVE", arity=3, flags="write fast", keys=(1, 1, 1), group="generic")
def move(client: Client, args: Args) -> Reply:
    """MOVE key db: take a key to another database, if it is not there already. 1 or 0."""
    raise NotImplementedError("mini.move")  # course hint mini.move


def numbered_database(client: Client, arg: bytes) -> Database:
    """Return the database with this number."""
    integer(arg)
    index = _small_integer(arg, "ERR value is out of range, value must between -2147483648 and 2147483647")
    if not 0 <= index < len(client.server.databases):
        raise CommandError(NO_SUCH_DATABASE)
    return client.server.databases[index]


def _small_integer(arg: bytes, error: str) -> int:
    """Return the integer that `arg` is, if it has no more than 32 bits."""
    value = integer(arg, error)
    if not -(2**31) <= value < 2**31:
        raise CommandError(error)
    return value


@command("SWAPDB", arity=3, flags="write fast", group="server", since="4.0.0")
def swapdb(client: Client, args: Args) -> Reply:
    """SWAPDB index index: what was in one database is now in the other, at once for all clients. O(1)."""
    raise NotImplementedError("mini.move")  # course hint mini.move


@command("DBSIZE", arity=1, flags="readonly fast", group="server")
def dbsize(client: Client, args: Args) -> Reply:
    """DBSIZE: how many keys the database has."""
    raise NotImplementedError("mini.dbsize")  # course hint mini.dbsize


@command("FLUSHDB", arity=-1, flags="write", group="server")
def flushdb(client: Client, args: Args) -> Reply:
    """FLUSHDB [ASYNC | SYNC]: remove all keys of the database. OK."""
    raise NotImplementedError("mini.dbsize")  # course hint mini.dbsize


@command("FLUSHALL", arity=-1, flags="write", group="server")
def flushall(client: Client, args: Args) -> Reply:
    """FLUSHALL [ASYNC | SYNC]: remove all keys of all databases. OK."""
    raise NotImplementedError("mini.dbsize")  # course hint mini.dbsize


def _check_how(args: Args) -> None:
    """ASYNC and SYNC say in which thread memory is given back; here they are only checked."""
    raise NotImplementedError("mini.dbsize")  # course hint mini.dbsize


container("OBJECT", group="generic", since="2.2.3")


@command("OBJECT ENCODING", arity=3, flags="readonly", keys=(2, 2, 1), group="generic", since="2.2.3")
def object_encoding(client: Client, args: Args) -> Reply:
    """OBJECT ENCODING key: the name of the data structure that Redis would keep the value in; nil without a key."""
    raise NotImplementedError("mini.object")  # course hint mini.object


def encoding_of(value: Value, key: bytes, ends: bool) -> str:
    """Return Redis's name of the representation of a value under a key that has an end or not."""
    raise NotImplementedError("mini.object")  # course hint mini.object


@command("OBJECT REFCOUNT", arity=3, flags="readonly", keys=(2, 2, 1), group="generic", since="2.2.3")
def object_refcount(client: Client, args: Args) -> Reply:
    """OBJECT REFCOUNT key: how many places refer to the value: one since Redis 8 shares none. nil without a key."""
    raise NotImplementedError("mini.object")  # course hint mini.object


@command("OBJECT IDLETIME", arity=3, flags="readonly", keys=(2, 2, 1), group="generic", since="2.2.3")
def object_idletime(client: Client, args: Args) -> Reply:
    """OBJECT IDLETIME key: seconds since the value was last used; nil without a key."""
    if client.db.peek(args[2]) is None:
        return None
    if _counts_use(client):
        raise CommandError(f"ERR An LFU maxmemory policy is selected, idle time not tracked. {_SWITCHING}")
    raise NotImplementedError("mini.object")  # course hint mini.object


@command("OBJECT FREQ", arity=3, flags="readonly", keys=(2, 2, 1), group="generic", since="4.0.0")
def object_freq(client: Client, args: Args) -> Reply:
    """OBJECT FREQ key: how often the value was used lately, on a logarithmic scale to 255; nil without a key."""
    if client.db.peek(args[2]) is None:
        return None
    if not _counts_use(client):
        raise CommandError(f"ERR An LFU maxmemory policy is not selected, access frequency not tracked. {_SWITCHING}")
    raise NotImplementedError("mini.object")  # course hint mini.object


_SWITCHING = (
    "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
)


def _counts_use(client: Client) -> bool:
    """Whether keys are marked with how often they were used (LFU) and not when (LRU)."""
    return "lfu" in str(client.server.config.get("maxmemory-policy", ""))


@command("OBJECT HELP", arity=2, flags="loading stale", group="generic", since="6.2.0")
def object_help(client: Client, args: Args) -> Reply:
    """OBJECT HELP: what there is."""
    return [Status(line) for line in _HELP.splitlines()]


_HELP = """\
OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
ENCODING <key>
    Return the kind of internal representation used in order to store the value
    associated with a <key>.
FREQ <key>
    Return the access frequency index of the <key>. The returned integer is
    proportional to the logarithm of the recent access frequency of the key.
IDLETIME <key>
    Return the idle time of the <key>, that is the approximated number of
    seconds elapsed since the last access to the key.
REFCOUNT <key>
    Return the number of references of the value associated with the specified
    <key>.
HELP
    Print this help."""
