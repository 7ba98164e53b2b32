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
    raise NotImplementedError("mini.xgroup")  # course hint mini.xgroup


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
    raise NotImplementedError("mini.xgroup")  # course hint mini.xgroup


@command("XGROUP SETID", arity=-5, flags="write", keys=(2, 2, 1), group="stream", since="5.0.0")
def xgroup_setid(client: Client, args: Args) -> Reply:
    """XGROUP SETID key group id | $ [ENTRIESREAD count]: let the group go on above another id."""
    raise NotImplementedError("mini.xgroup")  # course hint mini.xgroup


@command("XGROUP DESTROY", arity=4, flags="write", keys=(2, 2, 1), group="stream", since="5.0.0")
def xgroup_destroy(client: Client, args: Args) -> Reply:
    """XGROUP DESTROY key group: remove a group and all it knows. 1, or 0 where there was none."""
    raise NotImplementedError("mini.xgroup")  # course hint mini.xgroup


@command("XGROUP CREATECONSUMER", arity=5, flags="write denyoom", keys=(2, 2, 1), group="stream", since="6.2.0")
def xgroup_createconsumer(client: Client, args: Args) -> Reply:
    """XGROUP CREATECONSUMER key group consumer: 1 for a new one, 0 where it was there."""
    raise NotImplementedError("mini.xgroup")  # course hint mini.xgroup


@command("XGROUP DELCONSUMER", arity=5, flags="write", keys=(2, 2, 1), group="stream", since="5.0.0")
def xgroup_delconsumer(client: Client, args: Args) -> Reply:
    """XGROUP DELCONSUMER key group consumer: remove it; how many entries it had not acknowledged."""
    raise NotImplementedError("mini.xgroup")  # course hint mini.xgroup


def consumer_of(client: Client, key: bytes, group: Group, name: bytes) -> Consumer:
    """The consumer of that name, a new one where there is none."""
    raise NotImplementedError("mini.xgroup")  # course hint mini.xgroup


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
    raise NotImplementedError("mini.xreadgroup")  # course hint mini.xreadgroup


def _read_from(client: Client, key: bytes, id: bytes, reading: _Reading) -> Id | None:
    """The id above which to read a consumer's own entries; None for new ones."""
    raise NotImplementedError("mini.xreadgroup")  # course hint mini.xreadgroup


def _take(client: Client, key: bytes, last: Id | None, reading: _Reading) -> Reply | None:
    """What one stream has for the consumer; None where there is nothing new."""
    raise NotImplementedError("mini.xreadgroup")  # course hint mini.xreadgroup


def _history(client: Client, stream: Stream, consumer: Consumer, last: Id, count: int) -> Reply:
    """What a consumer was given above an id and has not acknowledged; without fields where the entry is gone."""
    raise NotImplementedError("mini.xreadgroup-history")  # course hint mini.xreadgroup-history


def _new_entries(
    client: Client, key: bytes, stream: Stream, group: Group, consumer: Consumer, start: Id, reading: _Reading
) -> Reply:
    """Give the consumer entries that nobody was given yet."""
    raise NotImplementedError("mini.xreadgroup")  # course hint mini.xreadgroup


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
    raise NotImplementedError("mini.xack")  # course hint mini.xack


@command("XACKDEL", arity=-6, flags="write fast", keys=(1, 1, 1), group="stream", since="8.2.0")
def xackdel(client: Client, args: Args) -> Reply:
    """XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id [id …]: XACK and XDEL in one.

    For each 1 (done and deleted), -1 (it was not pending) or, with ACKED, 2 (done, but another group needs it).
    """
    raise NotImplementedError("mini.xdelex")  # course hint mini.xdelex


def _settle_and_delete(client: Client, key: bytes, stream: Stream, group: Group, id: Id, references: bytes) -> int:
    raise NotImplementedError("mini.xdelex")  # course hint mini.xdelex


# Looking at what is pending


@command("XPENDING", arity=-3, flags="readonly", keys=(1, 1, 1), group="stream", since="5.0.0")
def xpending(client: Client, args: Args) -> Reply:
    """XPENDING key group [[IDLE min-idle] start end count [consumer]]: what was given and not acknowledged.

    In short: how many, the least and the greatest id, how many for each consumer. With a range one by one: id,
    consumer, milliseconds since it was given, how often it was given.
    """
    raise NotImplementedError("mini.xpending")  # course hint mini.xpending


def _pending_in_short(group: Group) -> Reply:
    raise NotImplementedError("mini.xpending")  # course hint mini.xpending


def by_name(consumers: dict[bytes, Consumer]) -> Iterable[Consumer]:
    """Consumers in the order of their names, as replies have them."""
    return (consumers[name] for name in sorted(consumers))
