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
    ### BEGIN SOLUTION mini.save
    snapshots = client.server.snapshots
    if snapshots.pid is not None:
        raise CommandError("ERR Background save already in progress")
    if not snapshots.save():
        raise CommandError("ERR")
    return OK
    ### END SOLUTION


@command("BGSAVE", arity=-1, flags="admin noscript no_async_loading", group="server")
def bgsave(client: Client, args: Args) -> Reply:
    """BGSAVE [SCHEDULE]: let a child write the snapshot, or as soon as the child at work has ended."""
    ### BEGIN SOLUTION mini.bgsave
    server = client.server
    schedule = len(args) == 2 and args[1].upper() == b"SCHEDULE"
    if len(args) > 1 and not schedule:
        raise syntax_error()
    if server.snapshots.pid is not None:
        raise CommandError("ERR Background save already in progress")
    if server.aof.rewriting or client.in_exec:
        if not (schedule or client.in_exec):
            raise CommandError(WAIT_FOR_CHILD)
        server.snapshots.scheduled = True
        return Status("Background saving scheduled")
    server.snapshots.save_in_background()
    return Status("Background saving started")
    ### END SOLUTION


@command("LASTSAVE", arity=1, flags="loading stale fast", group="server")
def lastsave(client: Client, args: Args) -> Reply:
    """LASTSAVE: when the snapshot was last written, in seconds since 1970."""
    ### BEGIN SOLUTION mini.save
    return client.server.snapshots.last
    ### END SOLUTION


@command("BGREWRITEAOF", arity=1, flags="admin noscript no_async_loading", group="server")
def bgrewriteaof(client: Client, args: Args) -> Reply:
    """BGREWRITEAOF: let a child write a new base for the append-only file."""
    ### BEGIN SOLUTION mini.aof-rewrite
    server = client.server
    if server.aof.rewriting:
        raise CommandError("ERR Background append only file rewriting already in progress")
    if server.snapshots.pid is not None or client.in_exec:
        server.aof.scheduled = True
        return Status("Background append only file rewriting scheduled")
    try:
        server.aof.rewrite()
    except OSError as error:
        raise CommandError("ERR Can't execute an AOF background rewriting. Please check the server logs") from error
    return Status("Background append only file rewriting started")
    ### END SOLUTION


@command("SHUTDOWN", arity=-1, flags="admin noscript loading stale no_multi allow_busy", group="server")
def shutdown_(client: Client, args: Args) -> Reply:
    """SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]: end the server. No reply, unless it has to stay."""
    ### BEGIN SOLUTION mini.shutdown
    options = {option.upper() for option in args[1:]}
    if options - {b"NOSAVE", b"SAVE", b"NOW", b"FORCE", b"ABORT"} or options >= {b"NOSAVE", b"SAVE"}:
        raise syntax_error()
    if b"ABORT" in options:
        if len(options) > 1:
            raise syntax_error()
        raise CommandError("ERR No shutdown in progress.")
    save = True if b"SAVE" in options else False if b"NOSAVE" in options else None
    if not shutdown.prepare(client.server, save, b"FORCE" in options):
        raise CommandError("ERR Errors trying to SHUTDOWN. Check logs.")
    # At once: a command that ran after the files were written would be answered and lost.
    raise SystemExit(0)
    ### END SOLUTION


@command("DUMP", arity=2, flags="readonly", keys=(1, 1, 1), group="generic", since="2.6.0")
def dump(client: Client, args: Args) -> Reply:
    """DUMP key: the value as bytes for RESTORE; nil without a key."""
    ### BEGIN SOLUTION mini.dump
    value = client.db.read_any(args[1])
    return None if value is None else rdb.dump(value)
    ### END SOLUTION


@command("RESTORE", arity=-4, flags="write denyoom", keys=(1, 1, 1), group="generic", since="2.6.0")
def restore(client: Client, args: Args) -> Reply:
    """RESTORE key ttl dumped [REPLACE] [ABSTTL] [IDLETIME seconds | FREQ count]: make a key of what DUMP returned."""
    ### BEGIN SOLUTION mini.restore
    server, database, key, payload = client.server, client.db, args[1], args[3]
    options = _RestoreOptions(args[4:])
    if not options.replace and database.edit_any(key) is not None:
        raise CommandError("BUSYKEY Target key name already exists.")
    ttl = integer(args[2])
    if ttl < 0:
        raise CommandError("ERR Invalid TTL value, must be >= 0")
    if not rdb.is_dump(payload):
        raise CommandError("ERR DUMP payload version or checksum are wrong")
    try:
        value = rdb.undump(payload)
    except BadFile as error:
        raise CommandError("ERR Bad data format") from error
    deleted = options.replace and database.edit_any(key) is not None and database.delete(key)
    end = ttl if options.absolute or not ttl else server.now + ttl
    if value is None or (end and end <= server.now and not server.loading):
        if deleted:
            server.rewrite([b"DEL", key])
            database.modified(key, "g", "del")
        return OK
    database.set(key, value)
    if end:
        database.expire_at(key, end)
        if not options.absolute:
            server.rewrite([*args[:2], b"%d" % end, *args[3:], b"ABSTTL"])
    eviction.remember(database, key, options.idle, options.frequency)
    database.modified(key, "g", "restore")
    return OK
    ### END SOLUTION


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
