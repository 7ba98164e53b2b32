"""Consumer groups: several clients share the entries of a stream, and each entry is somebody's until it says done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.help import offer_help, try_help
from miniredis.commands.stream_arguments import named_ids, read_end, read_id, read_start
from miniredis.commands.stream_trimming import delete_entry, is_referenced, settle_everywhere
from miniredis.commands.streams import by_stream, changed, keys_of_read, read_block, shown, split_streams
from miniredis.commands.table import command, container
from miniredis.connection import Client
from miniredis.numbers import INT64_MAX
from miniredis.resp import NULL_ARRAY, OK, Args, CommandError, Reply
from miniredis.values import Stream
from miniredis.values.stream_groups import Consumer, Delivery, Group, Id
from miniredis.values.stream_lag import count_read, has_gap_after
from miniredis.values.streams import FIRST, LAST, after, write_id

_NEEDS_KEY = (
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option "
    "to create an empty stream automatically."
)
_MEANINGLESS = (
    "ERR The {0} ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
    "specifying a proper ID, or use the > ID to get new messages. The {0} ID would just return an empty result set."
)


# Groups

container("XGROUP", group="stream", since="5.0.0")
offer_help("XGROUP", since="5.0.0")


@dataclass(slots=True)
class _GroupOptions:
    """MKSTREAM and ENTRIESREAD."""

    create: bool = False
    entries_read: int | None = None


def _read_group_options(args: Args) -> _GroupOptions:
    ### BEGIN SOLUTION mini.xgroup
    options = _GroupOptions()
    at = 5
    while at < len(args):
        word = args[at].upper()
        if word == b"MKSTREAM" and args[1].upper() == b"CREATE":
            options.create = True
            at += 1
        elif word == b"ENTRIESREAD" and at + 1 < len(args):
            number = integer(args[at + 1])
            if number < -1:
                raise CommandError("ERR value for ENTRIESREAD must be positive or -1")
            options.entries_read = None if number == -1 else number
            at += 2
        else:
            raise try_help(args)
    return options
    ### END SOLUTION


def _possible(entries_read: int | None, stream: Stream) -> int | None:
    """Nobody can have read more than was ever added."""
    return None if entries_read is None else min(entries_read, stream.entries_added)


def _stream_at(client: Client, key: bytes) -> Stream:
    """The stream of XGROUP, which has to be there."""
    stream = client.db.edit(key, Stream)
    if stream is None:
        raise CommandError(_NEEDS_KEY)
    return stream


def group_of(stream: Stream, key: bytes, name: bytes) -> Group:
    """The group, or the error that there is none."""
    group = stream.groups.get(name)
    if group is None:
        raise CommandError(
            f"NOGROUP No such consumer group '{name.decode('latin-1')}' for key name '{key.decode('latin-1')}'"
        )
    return group


def found_group(client: Client, args: Args) -> tuple[Stream, Group]:
    """The stream at args[1] and its group args[2], for commands that cannot do without."""
    stream = client.db.edit(args[1], Stream)
    group = None if stream is None else stream.groups.get(args[2])
    if stream is None or group is None:
        key, name = args[1].decode("latin-1"), args[2].decode("latin-1")
        raise CommandError(f"NOGROUP No such key '{key}' or consumer group '{name}'")
    return stream, group


@command("XGROUP CREATE", arity=-5, flags="write denyoom", keys=(2, 2, 1), group="stream", since="5.0.0")
def xgroup_create(client: Client, args: Args) -> Reply:
    """XGROUP CREATE key group id | $ [MKSTREAM] [ENTRIESREAD count]: a group that begins above an id ("$" the last)."""
    ### BEGIN SOLUTION mini.xgroup
    options = _read_group_options(args)
    db, key, name = client.db, args[2], args[3]
    stream = db.edit(key, Stream) if options.create else _stream_at(client, key)
    last = FIRST if stream is None else stream.last_id
    start = last if args[4] == b"$" else read_id(args[4])
    if stream is None:
        stream = db.edit_or_new(key, Stream)
        db.touched(key)
    if name in stream.groups:
        raise CommandError("BUSYGROUP Consumer Group name already exists")
    stream.groups[name] = Group(start, _possible(options.entries_read, stream))
    changed(client, key, "xgroup-create")
    return OK
    ### END SOLUTION


@command("XGROUP SETID", arity=-5, flags="write", keys=(2, 2, 1), group="stream", since="5.0.0")
def xgroup_setid(client: Client, args: Args) -> Reply:
    """XGROUP SETID key group id | $ [ENTRIESREAD count]: let the group go on above another id."""
    ### BEGIN SOLUTION mini.xgroup
    options = _read_group_options(args)
    stream = _stream_at(client, args[2])
    group = group_of(stream, args[2], args[3])
    # Unlike CREATE it takes "-" and "+", too.
    ends = {b"$": stream.last_id, b"-": FIRST, b"+": LAST}
    group.last_id = ends[args[4]] if args[4] in ends else read_id(args[4])
    group.entries_read = _possible(options.entries_read, stream)
    changed(client, args[2], "xgroup-setid")
    return OK
    ### END SOLUTION


@command("XGROUP DESTROY", arity=4, flags="write", keys=(2, 2, 1), group="stream", since="5.0.0")
def xgroup_destroy(client: Client, args: Args) -> Reply:
    """XGROUP DESTROY key group: remove a group and all it knows. 1, or 0 where there was none."""
    ### BEGIN SOLUTION mini.xgroup
    stream = _stream_at(client, args[2])
    if stream.groups.pop(args[3], None) is None:
        return 0
    changed(client, args[2], "xgroup-destroy")
    if args[2] in client.db.waiting:
        client.server.blocked.key_changed(client.db, args[2])
    return 1
    ### END SOLUTION


@command("XGROUP CREATECONSUMER", arity=5, flags="write denyoom", keys=(2, 2, 1), group="stream", since="6.2.0")
def xgroup_createconsumer(client: Client, args: Args) -> Reply:
    """XGROUP CREATECONSUMER key group consumer: 1 for a new one, 0 where it was there."""
    ### BEGIN SOLUTION mini.xgroup
    group = group_of(_stream_at(client, args[2]), args[2], args[3])
    if args[4] in group.consumers:
        return 0
    consumer_of(client, args[2], group, args[4])
    return 1
    ### END SOLUTION


@command("XGROUP DELCONSUMER", arity=5, flags="write", keys=(2, 2, 1), group="stream", since="5.0.0")
def xgroup_delconsumer(client: Client, args: Args) -> Reply:
    """XGROUP DELCONSUMER key group consumer: remove it; how many entries it had not acknowledged."""
    ### BEGIN SOLUTION mini.xgroup
    group = group_of(_stream_at(client, args[2]), args[2], args[3])
    if args[4] not in group.consumers:
        return 0
    pending = group.drop_consumer(args[4])
    changed(client, args[2], "xgroup-delconsumer")
    return pending
    ### END SOLUTION


def consumer_of(client: Client, key: bytes, group: Group, name: bytes) -> Consumer:
    """The consumer of that name, a new one where there is none."""
    ### BEGIN SOLUTION mini.xgroup
    consumer = group.consumers.get(name)
    if consumer is None:
        consumer = group.consumers[name] = Consumer(name, client.server.now)
        changed(client, key, "xgroup-createconsumer")
    return consumer
    ### END SOLUTION


# Reading


@dataclass(slots=True)
class _Reading:
    """Who asks in XREADGROUP, for how many entries of each stream, and whether they are to be kept as pending."""

    group: bytes
    consumer: bytes
    count: int
    keep: bool


@command("XREADGROUP", arity=-7, flags="write blocking", find_keys=keys_of_read, group="stream", since="5.0.0")
def xreadgroup(client: Client, args: Args) -> Reply:
    """XREADGROUP GROUP group consumer [COUNT n] [BLOCK ms] [NOACK] STREAMS key [key …] id [id …]: take entries.

    ">" asks for entries that nobody was given yet; they are this consumer's until it acknowledges them (with NOACK
    they are not). Any other id asks for those it was given before and has not acknowledged.
    """
    ### BEGIN SOLUTION mini.xreadgroup
    wanted: tuple[bytes, bytes] | None = None
    count, keep, waits, end, keys, ids = 0, True, False, None, args[:0], args[:0]
    at = 1
    while at < len(args):
        word, left = args[at].upper(), len(args) - at - 1
        if word == b"STREAMS" and left:
            keys, ids = split_streams(args, at + 1, "an ID or '>'")
            break
        if word == b"GROUP" and left >= 2:
            wanted = args[at + 1], args[at + 2]
            at += 1
        elif word == b"COUNT" and left:
            count = max(integer(args[at + 1]), 0)
        elif word == b"BLOCK" and left:
            waits, end = True, read_block(args[at + 1], client.server.now)
        elif word == b"NOACK":
            keep = False
            at -= 1
        else:
            raise syntax_error()
        at += 2
    if not keys:
        raise syntax_error()
    if wanted is None:
        raise CommandError("ERR Missing GROUP option for XREADGROUP")
    reading = _Reading(*wanted, count or INT64_MAX, keep)
    lasts = [_read_from(client, key, id, reading) for key, id in zip(keys, ids, strict=True)]
    client.server.rewrite()
    found = []
    for key, last in zip(keys, lasts, strict=True):
        entries = _take(client, key, last, reading)
        if entries is not None:
            found.append((key, entries))
    if found:
        return by_stream(client, found)
    return client.block(keys, end, NULL_ARRAY) if waits else NULL_ARRAY
    ### END SOLUTION


def _read_from(client: Client, key: bytes, id: bytes, reading: _Reading) -> Id | None:
    """The id above which to read a consumer's own entries; None for new ones."""
    ### BEGIN SOLUTION mini.xreadgroup
    stream = client.db.read(key, Stream)
    if stream is None or reading.group not in stream.groups:
        name, group = key.decode("latin-1"), reading.group.decode("latin-1")
        raise CommandError(f"NOGROUP No such key '{name}' or consumer group '{group}' in XREADGROUP with GROUP option")
    if id in (b"$", b"+"):
        raise CommandError(_MEANINGLESS.format(id.decode()))
    return None if id == b">" else read_id(id)
    ### END SOLUTION


def _take(client: Client, key: bytes, last: Id | None, reading: _Reading) -> Reply | None:
    """What one stream has for the consumer; None where there is nothing new."""
    ### BEGIN SOLUTION mini.xreadgroup
    stream = client.db.edit(key, Stream)
    if stream is None:
        return None
    group = stream.groups[reading.group]
    if reading.consumer not in group.consumers:
        client.server.rewrite([b"XGROUP", b"CREATECONSUMER", key, reading.group, reading.consumer])
    consumer = consumer_of(client, key, group, reading.consumer)
    consumer.seen_at = client.server.now
    if last is not None:
        return _history(client, stream, consumer, last, reading.count)
    start = after(group.last_id)
    if start is None or stream.top_id <= group.last_id:
        return None
    return _new_entries(client, key, stream, group, consumer, start, reading)
    ### END SOLUTION


def _history(client: Client, stream: Stream, consumer: Consumer, last: Id, count: int) -> Reply:
    """What a consumer was given above an id and has not acknowledged; without fields where the entry is gone."""
    ### BEGIN SOLUTION mini.xreadgroup-history
    shown_entries: list[Reply] = []
    start = after(last)
    for id, delivery in [] if start is None else consumer.pending.page(start, min(count, len(consumer.pending))):
        fields = stream.get(id)
        if fields is None:
            shown_entries.append([write_id(id), NULL_ARRAY])
        else:
            shown_entries.append(shown((id, fields)))
            delivery.at = client.server.now
            delivery.count += 1
    return shown_entries
    ### END SOLUTION


def _new_entries(
    client: Client, key: bytes, stream: Stream, group: Group, consumer: Consumer, start: Id, reading: _Reading
) -> Reply:
    """Give the consumer entries that nobody was given yet."""
    ### BEGIN SOLUTION mini.xreadgroup
    entries = list(islice(stream.range(start, LAST), min(reading.count, len(stream))))
    now = client.server.now
    for id, _ in entries:
        _count_read(stream, group, id)
        group.last_id = id
        if reading.keep:
            log_claim(client, key, reading.group, id, group, group.give(id, consumer, now))
            consumer.active_at = now
    _log_position(client, key, reading.group, group)
    changed(client, key)
    return [shown(entry) for entry in entries]
    ### END SOLUTION


def _count_read(stream: Stream, group: Group, id: Id) -> None:
    """Keep the group's count of entries read right while it goes on to `id`, or find it out anew."""
    if group.entries_read is not None and group.last_id >= stream.first_id and not has_gap_after(stream, group.last_id):
        group.entries_read += 1
    elif stream.entries_added:
        group.entries_read = count_read(stream, id)


def log_claim(client: Client, key: bytes, name: bytes, id: Id, group: Group, delivery: Delivery) -> None:
    """Log a delivery in a form that gives the same again: an XCLAIM with all that is known of it."""
    when, count = b"%d" % delivery.at, b"%d" % delivery.count
    claim = [b"XCLAIM", key, name, delivery.consumer.name, b"0", write_id(id), b"TIME", when, b"RETRYCOUNT", count]
    client.server.rewrite([*claim, b"FORCE", b"JUSTID", b"LASTID", write_id(group.last_id)])


def _log_position(client: Client, key: bytes, name: bytes, group: Group) -> None:
    read = b"%d" % (-1 if group.entries_read is None else group.entries_read)
    client.server.rewrite([b"XGROUP", b"SETID", key, name, write_id(group.last_id), b"ENTRIESREAD", read])


# Acknowledging


@command("XACK", arity=-4, flags="write fast", keys=(1, 1, 1), group="stream", since="5.0.0")
def xack(client: Client, args: Args) -> Reply:
    """XACK key group id [id …]: these entries are done. How many of them were pending."""
    ### BEGIN SOLUTION mini.xack
    stream = client.db.edit(args[1], Stream)
    group = None if stream is None else stream.groups.get(args[2])
    if group is None:
        return 0
    ids = [read_id(arg) for arg in args[3:]]
    settled = sum(group.settle(id) for id in ids)
    client.server.dirty += settled
    return settled
    ### END SOLUTION


@command("XACKDEL", arity=-6, flags="write fast", keys=(1, 1, 1), group="stream", since="8.2.0")
def xackdel(client: Client, args: Args) -> Reply:
    """XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id [id …]: XACK and XDEL in one.

    For each 1 (done and deleted), -1 (it was not pending) or, with ACKED, 2 (done, but another group needs it).
    """
    ### BEGIN SOLUTION mini.xdelex
    stream = client.db.edit(args[1], Stream)
    group = None if stream is None else stream.groups.get(args[2])
    names, references = named_ids(args, 3)
    if stream is None or group is None:
        return [-1] * len(names)
    ids = [read_id(name) for name in names]
    results = [_settle_and_delete(client, args[1], stream, group, id, references) for id in ids]
    if results.count(1):
        client.db.modified(args[1], "t", "xdel", 0)
    return results
    ### END SOLUTION


def _settle_and_delete(client: Client, key: bytes, stream: Stream, group: Group, id: Id, references: bytes) -> int:
    ### BEGIN SOLUTION mini.xdelex
    if not group.settle(id):
        return -1
    client.server.dirty += 1
    if references == b"ACKED" and is_referenced(stream, id):
        return 2
    delete_entry(stream, id)
    if references == b"DELREF":
        settle_everywhere(stream, id)
    return 1
    ### END SOLUTION


# Looking at what is pending


@command("XPENDING", arity=-3, flags="readonly", keys=(1, 1, 1), group="stream", since="5.0.0")
def xpending(client: Client, args: Args) -> Reply:
    """XPENDING key group [[IDLE min-idle] start end count [consumer]]: what was given and not acknowledged.

    In short: how many, the least and the greatest id, how many for each consumer. With a range one by one: id,
    consumer, milliseconds since it was given, how often it was given.
    """
    ### BEGIN SOLUTION mini.xpending
    if len(args) == 3:
        return _pending_in_short(found_group(client, args)[1])
    if not 6 <= len(args) <= 9:
        raise syntax_error()
    at, idle = 3, 0
    if args[3].upper() == b"IDLE":
        idle = integer(args[4])
        if len(args) < 8:
            raise syntax_error()
        at = 5
    count = max(integer(args[at + 2]), 0)
    start, end = read_start(args[at]), read_end(args[at + 1])
    _, group = found_group(client, args)
    pending = group.pending
    if at + 3 < len(args):
        consumer = group.consumers.get(args[at + 3])
        if consumer is None:
            return []
        pending = consumer.pending
    now = client.server.now
    found = (
        (id, delivery) for id, delivery in pending.page(start, len(pending)) if id <= end and now - delivery.at >= idle
    )
    return [
        [write_id(id), delivery.consumer.name, max(now - delivery.at, 0), delivery.count]
        for id, delivery in islice(found, count)
    ]
    ### END SOLUTION


def _pending_in_short(group: Group) -> Reply:
    ### BEGIN SOLUTION mini.xpending
    if not len(group.pending):
        return [0, None, None, NULL_ARRAY]
    least, greatest = group.pending.ends()
    consumers = [[c.name, b"%d" % len(c.pending)] for c in by_name(group.consumers) if len(c.pending)]
    return [len(group.pending), write_id(least), write_id(greatest), consumers]
    ### END SOLUTION


def by_name(consumers: dict[bytes, Consumer]) -> Iterable[Consumer]:
    """Consumers in the order of their names, as replies have them."""
    return (consumers[name] for name in sorted(consumers))
