"""SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF, SHUTDOWN: when files are written. DUMP and RESTORE: a value as bytes."""

from __future__ import annotations

from miniredis import eviction, shutdown
from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.debug import debug_command
from miniredis.commands.keys import encoding_of
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.persistence import rdb
from miniredis.persistence.encodings import BadFile
from miniredis.resp import OK, Args, CommandError, Reply, Status

DUMP_FRAME = 11  # bytes of a dumped value that are not the value: its form, the version, the checksum
WAIT_FOR_CHILD = (
    "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a "
    "BGSAVE whenever possible."
)


@command("SAVE", arity=1, flags="admin noscript no_async_loading no_multi", group="server")
def save(client: Client, args: Args) -> Reply:
    """SAVE: write the snapshot now, while everybody waits. OK."""
    raise NotImplementedError("mini.save")  # course hint mini.save


@command("BGSAVE", arity=-1, flags="admin noscript no_async_loading", group="server")
def bgsave(client: Client, args: Args) -> Reply:
    """BGSAVE [SCHEDULE]: let a child write the snapshot, or as soon as the child at work has ended."""
    raise NotImplementedError("mini.bgsave")  # course hint mini.bgsave


@command("LASTSAVE", arity=1, flags="loading stale fast", group="server")
def lastsave(client: Client, args: Args) -> Reply:
    """LASTSAVE: when the snapshot was last written, in seconds since 1970."""
    raise NotImplementedError("mini.save")  # course hint mini.save


@command("BGREWRITEAOF", arity=1, flags="admin noscript no_async_loading", group="server")
def bgrewriteaof(client: Client, args: Args) -> Reply:
    """BGREWRITEAOF: let a child write a new base for the append-only file."""
    raise NotImplementedError("mini.aof-rewrite")  # course hint mini.aof-rewrite


@command("SHUTDOWN", arity=-1, flags="admin noscript loading stale no_multi allow_busy", group="server")
def shutdown_(client: Client, args: Args) -> Reply:
    """SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]: end the server. No reply, unless it has to stay."""
    raise NotImplementedError("mini.shutdown")  # course hint mini.shutdown


@command("DUMP", arity=2, flags="readonly", keys=(1, 1, 1), group="generic", since="2.6.0")
def dump(client: Client, args: Args) -> Reply:
    """DUMP key: the value as bytes for RESTORE; nil without a key."""
    raise NotImplementedError("mini.dump")  # course hint mini.dump


@command("RESTORE", arity=-4, flags="write denyoom", keys=(1, 1, 1), group="generic", since="2.6.0")
def restore(client: Client, args: Args) -> Reply:
    """RESTORE key ttl dumped [REPLACE] [ABSTTL] [IDLETIME seconds | FREQ count]: make a key of what DUMP returned."""
    raise NotImplementedError("mini.restore")  # course hint mini.restore


class _RestoreOptions:
    """What stands behind the dumped value."""

    def __init__(self, words: Args) -> None:
        self.replace = self.absolute = False
        self.idle: int | None = None
        self.frequency: int | None = None
        while words:
            option, words = words[0].upper(), words[1:]
            if option == b"REPLACE":
                self.replace = True
            elif option == b"ABSTTL":
                self.absolute = True
            elif option == b"IDLETIME" and words and self.frequency is None:
                self.idle, words = integer(words[0]), words[1:]
                if self.idle < 0:
                    raise CommandError("ERR Invalid IDLETIME value, must be >= 0")
            elif option == b"FREQ" and words and self.idle is None:
                self.frequency, words = integer(words[0]), words[1:]
                if not 0 <= self.frequency <= 255:
                    raise CommandError("ERR Invalid FREQ value, must be >= 0 and <= 255")
            else:
                raise syntax_error()


# DEBUG


@debug_command("RELOAD", arity=-2)
def debug_reload(client: Client, args: Args) -> Reply:
    """DEBUG RELOAD [NOSAVE | NOFLUSH | MERGE]: save everything, forget it, load it again. OK."""
    server = client.server
    options = {option.upper() for option in args[2:]}
    if options - {b"NOSAVE", b"NOFLUSH", b"MERGE"}:
        raise CommandError("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
    if b"NOSAVE" not in options and not server.snapshots.save():
        raise CommandError("ERR")
    try:
        server.load_again(server.snapshots.load, flush=b"NOFLUSH" not in options)
    except BadFile as error:
        raise CommandError("ERR Error trying to load the RDB dump, check server logs") from error
    return OK


@debug_command("LOADAOF", arity=-2)
def debug_loadaof(client: Client, args: Args) -> Reply:
    """DEBUG LOADAOF: write what waits for the append-only file, forget everything, load the file. OK."""
    server = client.server
    if not server.aof.on:
        return OK
    server.aof.flush()
    try:
        server.load_again(server.aof.load, flush=True)
    except BadFile as error:
        raise CommandError("ERR Error trying to load the AOF files, check server logs") from error
    return OK


@debug_command("OBJECT", arity=-3)
def debug_object(client: Client, args: Args) -> Reply:
    """DEBUG OBJECT key: a line about a value: its encoding, its length in a file, how long nobody has used it."""
    value = client.db.peek(args[2])
    if value is None:
        raise CommandError("ERR no such key")
    encoding = encoding_of(value, args[2], client.db.expires_at(args[2]) is not None)
    length = len(rdb.dump(value)) - DUMP_FRAME
    used = client.db.used.get(args[2], 0)
    idle = eviction.idle_seconds(client.db, args[2])
    return Status(
        f"Value at:{id(value):#x} refcount:1 encoding:{encoding} serializedlength:{length} "
        f"lru:{used & 0xFFFFFF} lru_seconds_idle:{idle}"
    )
