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
    raise NotImplementedError("mini.xinfo")  # course hint mini.xinfo


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
    raise NotImplementedError("mini.xinfo")  # course hint mini.xinfo


def _in_full(stream: Stream, count: int | None) -> Reply:
    raise NotImplementedError("mini.xinfo")  # course hint mini.xinfo


def _group_in_full(stream: Stream, name: bytes, group: Group, count: int | None) -> Reply:
    raise NotImplementedError("mini.xinfo")  # course hint mini.xinfo


def _consumer_in_full(consumer: Consumer, count: int | None) -> Reply:
    raise NotImplementedError("mini.xinfo")  # course hint mini.xinfo


@command("XINFO GROUPS", arity=3, flags="readonly", keys=(2, 2, 1), group="stream", since="5.0.0")
def xinfo_groups(client: Client, args: Args) -> Reply:
    """XINFO GROUPS key: name, number of consumers and of pending entries, how far it is, for each group."""
    raise NotImplementedError("mini.xinfo")  # course hint mini.xinfo


@command("XINFO CONSUMERS", arity=4, flags="readonly", keys=(2, 2, 1), group="stream", since="5.0.0")
def xinfo_consumers(client: Client, args: Args) -> Reply:
    """XINFO CONSUMERS key group: name, pending entries, milliseconds since it asked and since it got, for each."""
    raise NotImplementedError("mini.xinfo")  # course hint mini.xinfo
