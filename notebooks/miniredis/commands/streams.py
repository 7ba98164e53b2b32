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
    raise NotImplementedError("mini.xadd")  # course hint mini.xadd


def _read_new_id(arg: bytes) -> tuple[Id, bool]:
    """Read the id of a new entry, and whether it is all given: not for "*" and "5-*"."""
    if arg == b"*" or (arg.endswith(b"-*") and arg.count(b"-") == 1):
        return _read_auto_id(arg)
    return read_id(arg), True


def _read_auto_id(arg: bytes) -> tuple[Id, bool]:
    """An id whose rest the server chooses; its milliseconds are 2^64 - 1 in "*", where it chooses those as well."""
    raise NotImplementedError("mini.xadd-auto")  # course hint mini.xadd-auto


def _complete(stream: Stream, wanted: Id, now: int) -> Id:
    """Choose what of an id was not given: the clock's milliseconds, the next sequence number."""
    raise NotImplementedError("mini.xadd-auto")  # course hint mini.xadd-auto


def _xadd_options(args: Args) -> tuple[Trim, bool, int]:
    """How to trim, whether a stream may be created, and the place of the id."""
    trimming, create, at = Trim(), True, 2
    if args[at].upper() not in _XADD_OPTIONS:
        return trimming, create, at
    raise NotImplementedError("mini.xtrim")  # course hint mini.xtrim


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
    raise NotImplementedError("mini.xtrim")  # course hint mini.xtrim


@command("XDEL", arity=-3, flags="write fast", keys=(1, 1, 1), group="stream", since="5.0.0")
def xdel(client: Client, args: Args) -> Reply:
    """XDEL key id [id …]: delete entries. How many there were; the ids do not come again."""
    raise NotImplementedError("mini.xdel")  # course hint mini.xdel


@command("XDELEX", arity=-5, flags="write fast", keys=(1, 1, 1), group="stream", since="8.2.0")
def xdelex(client: Client, args: Args) -> Reply:
    """XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id [id …]: delete entries, with a word about their references.

    For each 1 (deleted), -1 (not there) or, with ACKED, 2 (some group still needs it).
    """
    raise NotImplementedError("mini.xdelex")  # course hint mini.xdelex


def _delete_with(stream: Stream, id: Id, references: bytes) -> int:
    raise NotImplementedError("mini.xdelex")  # course hint mini.xdelex


@command("XSETID", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), group="stream", since="5.0.0")
def xsetid(client: Client, args: Args) -> Reply:
    """XSETID key last-id [ENTRIESADDED count] [MAXDELETEDID id]: set what the stream remembers of its past."""
    raise NotImplementedError("mini.xsetid")  # course hint mini.xsetid


def changed(client: Client, key: bytes, event: str = "") -> None:
    """Count a change of what a stream knows besides its entries: it is logged, but does not break a WATCH."""
    client.server.dirty += 1
    if event and client.server.notify:
        client.server.notify_event(client.db, key, "t", event)


# Reading


@command("XLEN", arity=2, flags="readonly fast", keys=(1, 1, 1), group="stream", since="5.0.0")
def xlen(client: Client, args: Args) -> Reply:
    """XLEN key: how many entries there are. O(1)."""
    raise NotImplementedError("mini.xadd")  # course hint mini.xadd


@command("XRANGE", arity=-4, flags="readonly", keys=(1, 1, 1), group="stream", since="5.0.0")
def xrange(client: Client, args: Args) -> Reply:
    """XRANGE key start end [COUNT count]: the entries from one id ("-" is the first) to another ("+" the last)."""
    return _range(client, args, args[2], args[3], reverse=False)


@command("XREVRANGE", arity=-4, flags="readonly", keys=(1, 1, 1), group="stream", since="5.0.0")
def xrevrange(client: Client, args: Args) -> Reply:
    """XREVRANGE key end start [COUNT count]: the entries from one id down to another, the newest first."""
    return _range(client, args, args[3], args[2], reverse=True)


def _range(client: Client, args: Args, start: bytes, end: bytes, reverse: bool) -> Reply:
    raise NotImplementedError("mini.xrange")  # course hint mini.xrange


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
    raise NotImplementedError("mini.xread")  # course hint mini.xread


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
    raise NotImplementedError("mini.xread")  # course hint mini.xread


def _above(client: Client, keys: Args, lasts: list[Id], count: int | None) -> list[tuple[bytes, Reply]]:
    """The streams that have entries above an id, with those entries."""
    raise NotImplementedError("mini.xread")  # course hint mini.xread


def _wait_for_more(client: Client, args: Args, keys: Args, lasts: list[Id], end: int | None) -> Reply:
    """Wait for entries above the ids as they are now: "$" would be another one when the command is run again."""
    raise NotImplementedError("mini.xread-block")  # course hint mini.xread-block
