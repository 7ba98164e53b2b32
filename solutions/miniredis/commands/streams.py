"""Streams: a log of entries that many can read, each from where it likes. The groups are in `stream_groups`."""

from __future__ import annotations

from itertools import islice

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.stream_arguments import REFERENCES, Trim, named_ids, read_end, read_id, read_start
from miniredis.commands.stream_trimming import delete_entry, is_referenced, settle_everywhere, trim
from miniredis.commands.table import command, wrong_arity
from miniredis.connection import Client
from miniredis.numbers import INT64_MAX, parse_int
from miniredis.resp import NULL_ARRAY, OK, Args, CommandError, Map, Reply
from miniredis.values import Stream
from miniredis.values.stream_groups import Id
from miniredis.values.streams import FIRST, LAST, UINT64_MAX, Entry, after, before, write_id

TOO_SMALL = "ERR The ID specified in XADD is equal or smaller than the target stream top item"

_XADD_OPTIONS = (b"NOMKSTREAM", b"MAXLEN", b"MINID", b"LIMIT", *REFERENCES)


def shown(entry: Entry) -> Reply:
    """An entry as replies have it: its id, then its fields and values in turn."""
    id, fields = entry
    return [write_id(id), list(fields)]


# Adding


@command("XADD", arity=-5, flags="write denyoom fast", keys=(1, 1, 1), group="stream", since="5.0.0")
def xadd(client: Client, args: Args) -> Reply:
    """XADD key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [trimming] * | id field value [field value …]: add an entry.

    Its id. Trimming is MAXLEN | MINID [= | ~] threshold [LIMIT count]. With NOMKSTREAM nil where there is no stream.
    """
    trimming, create, at = _xadd_options(args)
    ### BEGIN SOLUTION mini.xadd
    wanted, given = _read_new_id(args[at])
    pairs = len(args) - at - 1
    if pairs < 2 or pairs % 2:
        raise wrong_arity("xadd")
    if given and wanted == FIRST:
        raise CommandError("ERR The ID specified in XADD must be greater than 0-0")
    db, key = client.db, args[1]
    if not create and db.edit(key, Stream) is None:
        return None
    stream = db.edit_or_new(key, Stream)
    if stream.last_id == LAST:
        raise CommandError("ERR The stream has exhausted the last possible ID, unable to add more items")
    id = wanted if given else _complete(stream, wanted, client.server.now)
    if id <= stream.last_id:
        raise CommandError(TOO_SMALL)
    stream.append(id, args[at + 1 :])
    db.modified(key, "t", "xadd")
    _trim_after(client, args, at, stream, trimming)
    return write_id(id)
    ### END SOLUTION


def _read_new_id(arg: bytes) -> tuple[Id, bool]:
    """Read the id of a new entry, and whether it is all given: not for "*" and "5-*"."""
    if arg == b"*" or (arg.endswith(b"-*") and arg.count(b"-") == 1):
        return _read_auto_id(arg)
    return read_id(arg), True


def _read_auto_id(arg: bytes) -> tuple[Id, bool]:
    """An id whose rest the server chooses; its milliseconds are 2^64 - 1 in "*", where it chooses those as well."""
    ### BEGIN SOLUTION mini.xadd-auto
    return (LAST if arg == b"*" else read_id(arg[:-2])), False
    ### END SOLUTION


def _complete(stream: Stream, wanted: Id, now: int) -> Id:
    """Choose what of an id was not given: the clock's milliseconds, the next sequence number."""
    ### BEGIN SOLUTION mini.xadd-auto
    if wanted == LAST:
        return stream.next_id(now)
    if wanted[0] != stream.last_id[0]:
        return wanted
    return wanted[0], min(stream.last_id[1] + 1, UINT64_MAX)
    ### END SOLUTION


def _xadd_options(args: Args) -> tuple[Trim, bool, int]:
    """How to trim, whether a stream may be created, and the place of the id."""
    trimming, create, at = Trim(), True, 2
    if args[at].upper() not in _XADD_OPTIONS:
        return trimming, create, at
    ### BEGIN SOLUTION mini.xtrim
    while at < len(args) and args[at] != b"*":
        if args[at].upper() == b"NOMKSTREAM":
            create, following = False, at + 1
        else:
            following = trimming.read(args, at)
            if following == at:
                break
        at = following
    if at < len(args):
        _read_new_id(args[at])
    trimming.check()
    if at == len(args):
        raise wrong_arity("xadd")
    return trimming, create, at
    ### END SOLUTION


def _trim_after(client: Client, args: Args, at: int, stream: Stream, trimming: Trim) -> None:
    """Trim behind an addition, and log what was done in a way that does the same again."""
    logged = [*args[:at], write_id(stream.last_id), *args[at + 1 :]]
    if trimming.by:
        _trim_and_tell(client, logged, stream, trimming)
    client.server.rewrite(logged)


def _trim_and_tell(client: Client, logged: Args, stream: Stream, trimming: Trim) -> int:
    """Trim, tell, and make the threshold in `logged` exact; how many entries went."""
    removed = trim(stream, trimming)
    if removed:
        client.db.modified(logged[1], "t", "xtrim", removed)
    if trimming.roughly:
        place = trimming.argument
        threshold = (
            b"%d" % len(stream) if trimming.by == b"MAXLEN" else write_id(stream.first_id if len(stream) else LAST)
        )
        logged[place - 1 : place + 1] = [b"=", threshold]
        # LIMIT may only stand behind "~".
        words = [word.upper() for word in logged]
        if b"LIMIT" in words[place:]:
            limit = words.index(b"LIMIT", place)
            del logged[limit : limit + 2]
    return removed


@command("XTRIM", arity=-4, flags="write", keys=(1, 1, 1), group="stream", since="5.0.0")
def xtrim(client: Client, args: Args) -> Reply:
    """XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]: drop the oldest entries.

    How many went. With ~ only whole nodes go, which costs next to nothing.
    """
    ### BEGIN SOLUTION mini.xtrim
    trimming = Trim()
    at = 2
    while at < len(args):
        following = trimming.read(args, at)
        if following == at:
            raise syntax_error()
        at = following
    trimming.check()
    if not trimming.by:
        raise CommandError("ERR syntax error, XTRIM must be called with a trimming strategy")
    stream = client.db.edit(args[1], Stream)
    if stream is None:
        return 0
    logged = list(args)
    removed = _trim_and_tell(client, logged, stream, trimming)
    if removed:
        client.server.rewrite(logged)
    return removed
    ### END SOLUTION


@command("XDEL", arity=-3, flags="write fast", keys=(1, 1, 1), group="stream", since="5.0.0")
def xdel(client: Client, args: Args) -> Reply:
    """XDEL key id [id …]: delete entries. How many there were; the ids do not come again."""
    ### BEGIN SOLUTION mini.xdel
    stream = client.db.edit(args[1], Stream)
    if stream is None:
        return 0
    ids = [read_id(arg) for arg in args[2:]]
    deleted = sum(delete_entry(stream, id) for id in ids)
    if deleted:
        client.db.modified(args[1], "t", "xdel", deleted)
    return deleted
    ### END SOLUTION


@command("XDELEX", arity=-5, flags="write fast", keys=(1, 1, 1), group="stream", since="8.2.0")
def xdelex(client: Client, args: Args) -> Reply:
    """XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id [id …]: delete entries, with a word about their references.

    For each 1 (deleted), -1 (not there) or, with ACKED, 2 (some group still needs it).
    """
    ### BEGIN SOLUTION mini.xdelex
    stream = client.db.edit(args[1], Stream)
    names, references = named_ids(args, 2)
    if stream is None:
        return [-1] * len(names)
    ids = [read_id(name) for name in names]
    results = [_delete_with(stream, id, references) for id in ids]
    deleted = results.count(1)
    if deleted:
        client.db.modified(args[1], "t", "xdel", deleted)
    return results
    ### END SOLUTION


def _delete_with(stream: Stream, id: Id, references: bytes) -> int:
    ### BEGIN SOLUTION mini.xdelex
    if references == b"ACKED" and is_referenced(stream, id):
        return 2
    if not delete_entry(stream, id):
        return -1
    if references == b"DELREF":
        settle_everywhere(stream, id)
    return 1
    ### END SOLUTION


@command("XSETID", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), group="stream", since="5.0.0")
def xsetid(client: Client, args: Args) -> Reply:
    """XSETID key last-id [ENTRIESADDED count] [MAXDELETEDID id]: set what the stream remembers of its past."""
    ### BEGIN SOLUTION mini.xsetid
    last = read_id(args[2])
    added: int | None = None
    deleted: Id | None = None
    at = 3
    while at < len(args):
        word = args[at].upper()
        if at + 1 == len(args) or word not in (b"ENTRIESADDED", b"MAXDELETEDID"):
            raise syntax_error()
        if word == b"ENTRIESADDED":
            added = integer(args[at + 1])
            if added < 0:
                raise CommandError("ERR entries_added must be positive")
        else:
            deleted = read_id(args[at + 1])
            if last < deleted:
                raise CommandError("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")
        at += 2
    stream = client.db.edit(args[1], Stream)
    if stream is None:
        raise CommandError("ERR no such key")
    if last < stream.max_deleted_id:
        raise CommandError("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
    if len(stream):
        if last < stream.top_id:
            raise CommandError("ERR The ID specified in XSETID is smaller than the target stream top item")
        if added is not None and added < len(stream):
            raise CommandError("ERR The entries_added specified in XSETID is smaller than the target stream length")
    stream.last_id = last
    if added is not None:
        stream.entries_added = added
    if deleted is not None and deleted != FIRST:
        stream.max_deleted_id = deleted
    changed(client, args[1], "xsetid")
    return OK
    ### END SOLUTION


def changed(client: Client, key: bytes, event: str = "") -> None:
    """Count a change of what a stream knows besides its entries: it is logged, but does not break a WATCH."""
    client.server.dirty += 1
    if event and client.server.notify:
        client.server.notify_event(client.db, key, "t", event)


# Reading


@command("XLEN", arity=2, flags="readonly fast", keys=(1, 1, 1), group="stream", since="5.0.0")
def xlen(client: Client, args: Args) -> Reply:
    """XLEN key: how many entries there are. O(1)."""
    ### BEGIN SOLUTION mini.xadd
    stream = client.db.read(args[1], Stream)
    return 0 if stream is None else len(stream)
    ### END SOLUTION


@command("XRANGE", arity=-4, flags="readonly", keys=(1, 1, 1), group="stream", since="5.0.0")
def xrange(client: Client, args: Args) -> Reply:
    """XRANGE key start end [COUNT count]: the entries from one id ("-" is the first) to another ("+" the last)."""
    return _range(client, args, args[2], args[3], reverse=False)


@command("XREVRANGE", arity=-4, flags="readonly", keys=(1, 1, 1), group="stream", since="5.0.0")
def xrevrange(client: Client, args: Args) -> Reply:
    """XREVRANGE key end start [COUNT count]: the entries from one id down to another, the newest first."""
    return _range(client, args, args[3], args[2], reverse=True)


def _range(client: Client, args: Args, start: bytes, end: bytes, reverse: bool) -> Reply:
    ### BEGIN SOLUTION mini.xrange
    first, last = read_start(start), read_end(end)
    count: int | None = None
    for at in range(4, len(args), 2):
        if args[at].upper() != b"COUNT" or at + 1 == len(args):
            raise syntax_error()
        count = max(integer(args[at + 1]), 0)
    stream = client.db.read(args[1], Stream)
    if stream is None:
        return []
    if count == 0:
        return NULL_ARRAY
    return [shown(entry) for entry in islice(stream.range(first, last, reverse), count)]
    ### END SOLUTION


def keys_of_read(args: Args) -> list[bytes]:
    """The keys of XREAD and XREADGROUP: the first half of what follows STREAMS."""
    words = [word.upper() for word in args]
    if b"STREAMS" not in words:
        raise CommandError("ERR Invalid arguments specified for command")
    at = words.index(b"STREAMS") + 1
    return args[at : at + (len(args) - at) // 2]


def read_block(arg: bytes, now: int) -> int | None:
    """Read the milliseconds of BLOCK; when they end, in milliseconds since 1970, None for 0: never."""
    wait = parse_int(arg)
    if wait is None:
        raise CommandError("ERR timeout is not an integer or out of range")
    if wait < 0:
        raise CommandError("ERR timeout is negative")
    if wait > INT64_MAX - now:
        raise CommandError("ERR timeout is out of range")
    return now + wait if wait else None


def by_stream(client: Client, found: list[tuple[bytes, Reply]]) -> Reply:
    """The reply of XREAD and XREADGROUP: streams with their entries; a map in RESP3."""
    if client.protocol == 3:
        return Map([part for pair in found for part in pair])
    return [[key, entries] for key, entries in found]


@command("XREAD", arity=-4, flags="readonly blocking", find_keys=keys_of_read, group="stream", since="5.0.0")
def xread(client: Client, args: Args) -> Reply:
    """XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key …] id [id …]: the entries above an id, for each stream.

    "$" is the last id there is now, so that only new entries come; "+" asks for the last entry itself. A null array
    where there is nothing; with BLOCK that is said only after so long (0: never).
    """
    ### BEGIN SOLUTION mini.xread
    count, waits, end, keys, ids = 0, False, None, args[:0], args[:0]
    at = 1
    while at < len(args):
        word, left = args[at].upper(), len(args) - at - 1
        if word == b"STREAMS" and left:
            keys, ids = split_streams(args, at + 1, "an ID, '+', or '$'")
            break
        if word == b"COUNT" and left:
            count = max(integer(args[at + 1]), 0)
        elif word == b"BLOCK" and left:
            waits, end = True, read_block(args[at + 1], client.server.now)
        else:
            _not_a_group(word, left)
        at += 2
    if not keys:
        raise syntax_error()
    lasts = [_read_last(client, key, id) for key, id in zip(keys, ids, strict=True)]
    found = _above(client, keys, lasts, count or None)
    if found:
        return by_stream(client, found)
    return _wait_for_more(client, args, keys, lasts, end) if waits else NULL_ARRAY
    ### END SOLUTION


def split_streams(args: Args, at: int, what: str) -> tuple[Args, Args]:
    """Split what follows STREAMS into keys and ids."""
    rest = args[at:]
    if len(rest) % 2:
        name = args[0].decode().lower()
        raise CommandError(f"ERR Unbalanced '{name}' list of streams: for each stream key {what} must be specified.")
    return rest[: len(rest) // 2], rest[len(rest) // 2 :]


def _not_a_group(word: bytes, left: int) -> None:
    """Raise for a word that XREAD does not know, in words of their own for two that XREADGROUP knows."""
    if (word == b"GROUP" and left >= 2) or word == b"NOACK":
        name = word.decode()
        raise CommandError(f"ERR The {name} option is only supported by XREADGROUP. You called XREAD instead.")
    raise syntax_error()


def _read_last(client: Client, key: bytes, id: bytes) -> Id:
    """The id above which XREAD looks for entries."""
    ### BEGIN SOLUTION mini.xread
    stream = client.db.read(key, Stream)
    if id == b"$":
        return FIRST if stream is None else stream.last_id
    if id == b"+":
        return FIRST if stream is None else before(stream.top_id) or FIRST
    if id == b">":
        raise CommandError(
            "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
        )
    return read_id(id)
    ### END SOLUTION


def _above(client: Client, keys: Args, lasts: list[Id], count: int | None) -> list[tuple[bytes, Reply]]:
    """The streams that have entries above an id, with those entries."""
    ### BEGIN SOLUTION mini.xread
    found: list[tuple[bytes, Reply]] = []
    for key, last in zip(keys, lasts, strict=True):
        stream = client.db.read(key, Stream)
        start = after(last)
        if stream is not None and start is not None and stream.top_id > last:
            found.append((key, [shown(entry) for entry in islice(stream.range(start, LAST), count)]))
    return found
    ### END SOLUTION


def _wait_for_more(client: Client, args: Args, keys: Args, lasts: list[Id], end: int | None) -> Reply:
    """Wait for entries above the ids as they are now: "$" would be another one when the command is run again."""
    ### BEGIN SOLUTION mini.xread-block
    first = len(args) - len(keys)
    for place, last in enumerate(lasts, first):
        if args[place] == b"$":
            args[place] = write_id(last)
    return client.block(keys, end, NULL_ARRAY)
    ### END SOLUTION
