"""XINFO: what a stream, its groups and their consumers know."""

from __future__ import annotations

import struct
from itertools import groupby, islice

from miniredis.commands.arguments import integer
from miniredis.commands.help import offer_help, try_help
from miniredis.commands.stream_groups import by_name, group_of
from miniredis.commands.streams import shown
from miniredis.commands.table import command, container
from miniredis.connection import Client
from miniredis.resp import Args, CommandError, Map, Reply
from miniredis.values import Stream
from miniredis.values.stream_groups import Consumer, Group
from miniredis.values.stream_lag import lag
from miniredis.values.streams import FIRST, LAST, write_id

container("XINFO", group="stream", since="5.0.0")
offer_help("XINFO", since="5.0.0")

_DEFAULT_COUNT = 10


def _stream_at(client: Client, key: bytes) -> Stream:
    stream = client.db.read(key, Stream)
    if stream is None:
        raise CommandError("ERR no such key")
    return stream


@command("XINFO STREAM", arity=-3, flags="readonly", keys=(2, 2, 1), group="stream", since="5.0.0")
def xinfo_stream(client: Client, args: Args) -> Reply:
    """XINFO STREAM key [FULL [COUNT count]]: what is known of a stream; with FULL its entries and groups as well."""
    ### BEGIN SOLUTION mini.xinfo
    stream = _stream_at(client, args[2])
    if len(args) == 3:
        return _in_short(stream)
    if args[3].upper() != b"FULL" or len(args) not in (4, 6) or (len(args) == 6 and args[4].upper() != b"COUNT"):
        raise try_help(args)
    count = integer(args[5]) if len(args) == 6 else _DEFAULT_COUNT
    return _in_full(stream, (_DEFAULT_COUNT if count < 0 else count) or None)
    ### END SOLUTION


def _about(stream: Stream) -> list[Reply]:
    """What both forms begin with. The tree is Redis's own way to find a node; here it is counted, not built."""
    return [
        b"length",
        len(stream),
        b"radix-tree-keys",
        len(stream.nodes),
        b"radix-tree-nodes",
        _radix_nodes(_tree_keys(stream)),
        b"last-generated-id",
        write_id(stream.last_id),
        b"max-deleted-entry-id",
        write_id(stream.max_deleted_id),
        b"entries-added",
        stream.entries_added,
        b"recorded-first-entry-id",
        write_id(stream.first_id),
    ]


def _tree_keys(stream: Stream) -> list[bytes]:
    return [struct.pack(">QQ", *node.first) for node in stream.nodes]


def _radix_nodes(keys: list[bytes], depth: int = 0) -> int:
    """How many nodes Redis's radix tree has for these sorted keys: letters in a row without a fork are one node."""
    if len(keys) < 2:
        return 1 + bool(keys and depth < len(keys[0]))
    fork = next(at for at in range(depth, len(keys[0])) if keys[0][at] != keys[-1][at])
    branches = groupby(keys, key=lambda key: key[fork])
    return 1 + (fork > depth) + sum(_radix_nodes(list(branch), fork + 1) for _, branch in branches)


def _in_short(stream: Stream) -> Reply:
    ### BEGIN SOLUTION mini.xinfo
    first = next(stream.range(FIRST, LAST), None)
    last = next(stream.range(FIRST, LAST, reverse=True), None)
    return Map(
        [
            *_about(stream),
            b"groups",
            len(stream.groups),
            b"first-entry",
            None if first is None else shown(first),
            b"last-entry",
            None if last is None else shown(last),
        ]
    )
    ### END SOLUTION


def _in_full(stream: Stream, count: int | None) -> Reply:
    ### BEGIN SOLUTION mini.xinfo
    entries = [shown(entry) for entry in islice(stream.range(FIRST, LAST), count)]
    groups = [_group_in_full(stream, name, stream.groups[name], count) for name in sorted(stream.groups)]
    return Map([*_about(stream), b"entries", entries, b"groups", groups])
    ### END SOLUTION


def _group_in_full(stream: Stream, name: bytes, group: Group, count: int | None) -> Reply:
    ### BEGIN SOLUTION mini.xinfo
    pending = [[write_id(id), d.consumer.name, d.at, d.count] for id, d in islice(group.pending, count)]
    return Map(
        [
            b"name",
            name,
            b"last-delivered-id",
            write_id(group.last_id),
            b"entries-read",
            group.entries_read,
            b"lag",
            lag(stream, group),
            b"pel-count",
            len(group.pending),
            b"pending",
            pending,
            b"consumers",
            [_consumer_in_full(consumer, count) for consumer in by_name(group.consumers)],
        ]
    )
    ### END SOLUTION


def _consumer_in_full(consumer: Consumer, count: int | None) -> Reply:
    ### BEGIN SOLUTION mini.xinfo
    return Map(
        [
            b"name",
            consumer.name,
            b"seen-time",
            consumer.seen_at,
            b"active-time",
            consumer.active_at,
            b"pel-count",
            len(consumer.pending),
            b"pending",
            [[write_id(id), d.at, d.count] for id, d in islice(consumer.pending, count)],
        ]
    )
    ### END SOLUTION


@command("XINFO GROUPS", arity=3, flags="readonly", keys=(2, 2, 1), group="stream", since="5.0.0")
def xinfo_groups(client: Client, args: Args) -> Reply:
    """XINFO GROUPS key: name, number of consumers and of pending entries, how far it is, for each group."""
    ### BEGIN SOLUTION mini.xinfo
    stream = _stream_at(client, args[2])
    return [
        Map(
            [
                b"name",
                name,
                b"consumers",
                len(group.consumers),
                b"pending",
                len(group.pending),
                b"last-delivered-id",
                write_id(group.last_id),
                b"entries-read",
                group.entries_read,
                b"lag",
                lag(stream, group),
            ]
        )
        for name, group in sorted(stream.groups.items())
    ]
    ### END SOLUTION


@command("XINFO CONSUMERS", arity=4, flags="readonly", keys=(2, 2, 1), group="stream", since="5.0.0")
def xinfo_consumers(client: Client, args: Args) -> Reply:
    """XINFO CONSUMERS key group: name, pending entries, milliseconds since it asked and since it got, for each."""
    ### BEGIN SOLUTION mini.xinfo
    group = group_of(_stream_at(client, args[2]), args[2], args[3])
    now = client.server.now
    return [
        Map(
            [
                b"name",
                consumer.name,
                b"pending",
                len(consumer.pending),
                b"idle",
                max(now - consumer.seen_at, 0),
                b"inactive",
                -1 if consumer.active_at == -1 else max(now - consumer.active_at, 0),
            ]
        )
        for consumer in by_name(group.consumers)
    ]
    ### END SOLUTION
