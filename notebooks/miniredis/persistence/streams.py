"""Streams in RDB files: nodes of entries, each a listpack, then what the stream and its groups remember.

A node begins with its first id (sixteen bytes, before the listpack) and a master entry: how many entries are there, how
many were deleted, and the names of the first entry's fields. Ids are kept as their distance from the first one, and an
entry with the same names as the master leaves them out. Flags say which: 1 deleted, 2 same names.

Later versions of Redis remember more: since 7.0 (`STREAM_2`) what was deleted and how many were ever added, since 7.2
(`STREAM_3`) when a consumer last got something. The form of 7.0 is written, for all of them read it.
"""

from __future__ import annotations

from collections.abc import Iterator

from miniredis.persistence import listpack
from miniredis.persistence.encodings import BadFile, Reader, write_length, write_milliseconds, write_string
from miniredis.values import Stream
from miniredis.values.stream_groups import Consumer, Delivery, Group, Id
from miniredis.values.streams import FIRST, Fields, Node

STREAM_1, STREAM_2, STREAM_3 = 15, 19, 21

_DELETED, _SAME_NAMES = 1, 2
_UNKNOWN = 2**64 - 1  # -1, where nobody knows how many entries a group has read


# Writing


def write_stream(out: bytearray, value: Stream) -> None:
    """Append a stream in the form `STREAM_2`."""
    write_length(out, len(value.nodes))
    for node in value.nodes:
        write_string(out, _raw_id(node.first))
        write_string(out, listpack.encode(_items_of(node)))
    write_length(out, len(value))
    for id in (value.last_id, value.first_id, value.max_deleted_id):
        _write_id(out, id)
    write_length(out, value.entries_added)
    write_length(out, len(value.groups))
    for name, group in value.groups.items():
        _write_group(out, name, group)


def _items_of(node: Node) -> Iterator[bytes]:
    """The elements of a node's listpack. Entries that were deleted are left out, and not counted."""
    names = node.entries[0][::2]
    yield from _numbers(len(node.ids), 0, len(names))
    yield from names
    yield b"0"
    for (ms, sequence), fields in zip(node.ids, node.entries, strict=True):
        same = fields[::2] == names
        distance = (ms - node.first[0], sequence - node.first[1])
        if same:
            yield from _numbers(_SAME_NAMES, *distance)
            yield from fields[1::2]
        else:
            yield from _numbers(0, *distance, len(fields) // 2)
            yield from fields
        # How many elements the entry has, for walking backwards.
        yield from _numbers(len(names) + 3 if same else len(fields) + 4)


def _numbers(*numbers: int) -> Iterator[bytes]:
    return (b"%d" % number for number in numbers)


def _raw_id(id: Id) -> bytes:
    return id[0].to_bytes(8, "big") + id[1].to_bytes(8, "big")


def _write_id(out: bytearray, id: Id) -> None:
    write_length(out, id[0])
    write_length(out, id[1])


def _write_group(out: bytearray, name: bytes, group: Group) -> None:
    """Append a group: what it has given to whom is told twice, with details for all and as ids for each consumer."""
    write_string(out, name)
    _write_id(out, group.last_id)
    write_length(out, _UNKNOWN if group.entries_read is None else group.entries_read)
    write_length(out, len(group.pending))
    for id, delivery in group.pending:
        out += _raw_id(id)
        write_milliseconds(out, delivery.at)
        write_length(out, delivery.count)
    write_length(out, len(group.consumers))
    for consumer in group.consumers.values():
        write_string(out, consumer.name)
        write_milliseconds(out, consumer.seen_at)
        write_length(out, len(consumer.pending))
        for id, _ in consumer.pending:
            out += _raw_id(id)


# Reading


def read_stream(reader: Reader, form: int) -> Stream:
    """Return a stream in any of its forms.

    Raises:
        ValueError: the bytes are damaged.
    """
    value = Stream()
    for _ in range(reader.length()):
        node = _read_node(_id_of(reader.string()), listpack.decode(reader.string()))
        if node.ids:
            value.add_node(node)
    if reader.length() != len(value):
        raise BadFile("a stream has not as many entries as it says")
    value.last_id = _read_id(reader)
    value.entries_added = len(value)
    if form != STREAM_1:
        _read_id(reader)  # the first entry's, which is known
        value.max_deleted_id = _read_id(reader)
        value.entries_added = reader.length()
    for _ in range(reader.length()):
        name = reader.string()
        value.groups[name] = _read_group(reader, form)
    return value


def _id_of(raw: bytes) -> Id:
    if len(raw) != 16:
        raise BadFile("an id of a stream is not sixteen bytes long")
    return int.from_bytes(raw[:8], "big"), int.from_bytes(raw[8:], "big")


def _read_id(reader: Reader) -> Id:
    return reader.length(), reader.length()


def _read_node(first: Id, items: list[bytes]) -> Node:
    """A node from the elements of its listpack."""
    rest = iter(items)

    def take(count: int) -> list[bytes]:
        return [next(rest) for _ in range(count)]

    try:
        count, deleted, width = map(int, take(3))
        names = take(width)
        next(rest)  # 0 ends the master entry
        node = Node(first, names)
        for _ in range(count + deleted):
            flags, ms, sequence = map(int, take(3))
            if flags & _SAME_NAMES:
                fields: Fields = [word for pair in zip(names, take(width), strict=True) for word in pair]
            else:
                fields = take(2 * int(next(rest)))
            next(rest)  # how many elements this was
            if flags & _DELETED:
                node.deleted += 1
            else:
                node.append((first[0] + ms, first[1] + sequence), fields)
    except (StopIteration, RuntimeError) as error:
        raise BadFile("a node of a stream ends within an entry") from error
    return node


def _read_group(reader: Reader, form: int) -> Group:
    group = Group(_read_id(reader) or FIRST)
    if form != STREAM_1:
        read = reader.length()
        group.entries_read = None if read == _UNKNOWN else read
    given = {_id_of(reader.take(16)): (reader.number(8), reader.length()) for _ in range(reader.length())}
    for _ in range(reader.length()):
        consumer = Consumer(reader.string(), reader.number(8))
        consumer.active_at = reader.number(8) if form == STREAM_3 else consumer.seen_at
        group.consumers[consumer.name] = consumer
        for _ in range(reader.length()):
            id = _id_of(reader.take(16))
            if id not in given:
                raise BadFile("a consumer has an entry that its group has not given")
            at, count = given[id]
            delivery = Delivery(consumer, at, count)
            group.pending.put(id, delivery)
            consumer.pending.put(id, delivery)
    if len(group.pending) != len(given):
        raise BadFile("a group has given an entry to nobody")
    return group
