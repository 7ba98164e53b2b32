"""MEMORY: what keys weigh and where memory goes. What is counted, and how, is in `miniredis.eviction`."""

from __future__ import annotations

import gc

from miniredis import eviction
from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.help import offer_help
from miniredis.commands.table import command, container
from miniredis.connection import Client
from miniredis.resp import OK, Args, Map, Reply, Verbatim

LITTLE = 5 * 1024**2  # below this MEMORY DOCTOR has nothing to say
_NOTHING_TO_SAY = (
    "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these "
    "conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back to "
    "our programming as soon as I finished rebooting.\n"
)
_ALL_IS_WELL = (
    "Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this base.\n"
)

container("MEMORY", group="server", since="4.0.0")


@command("MEMORY DOCTOR", arity=2, group="server", since="4.0.0")
def memory_doctor(client: Client, args: Args) -> Reply:
    """MEMORY DOCTOR: a report in words."""
    small = client.server.memory.used() < LITTLE
    return Verbatim((_NOTHING_TO_SAY if small else _ALL_IS_WELL).encode())


offer_help("MEMORY", since="4.0.0")


@command("MEMORY MALLOC-STATS", arity=2, group="server", since="4.0.0")
def memory_malloc_stats(client: Client, args: Args) -> Reply:
    """MEMORY MALLOC-STATS: what the allocator knows, which in Python is nothing of interest."""
    return Verbatim(b"Stats not supported for the current allocator")


@command("MEMORY PURGE", arity=2, group="server", since="4.0.0")
def memory_purge(client: Client, args: Args) -> Reply:
    """MEMORY PURGE: ask for memory to be given back. OK."""
    gc.collect()
    return OK


@command("MEMORY STATS", arity=2, group="server", since="4.0.0")
def memory_stats(client: Client, args: Args) -> Reply:
    """MEMORY STATS: where memory goes, in bytes. Only what this server can say of itself."""
    server = client.server
    used = server.memory.used()
    keys = sum(map(len, server.databases))
    dataset = max(used - eviction.EMPTY_SERVER, 0)
    return Map(
        [
            *(b"peak.allocated", server.memory.peak),
            *(b"total.allocated", used),
            *(b"startup.allocated", eviction.EMPTY_SERVER),
            *(b"clients.normal", sum(each.unread + each.unsent for each in server.clients.values())),
            *(b"aof.buffer", server.aof.waiting),
            *(b"overhead.total", used - dataset),
            *(b"keys.count", keys),
            *(b"keys.bytes-per-key", dataset // keys if keys else 0),
            *(b"dataset.bytes", dataset),
            *(b"dataset.percentage", dataset * 100 / used),
            *(b"peak.percentage", used * 100 / server.memory.peak),
        ]
    )


@command("MEMORY USAGE", arity=-3, flags="readonly", keys=(2, 2, 1), group="server", since="4.0.0")
def memory_usage(client: Client, args: Args) -> Reply:
    """MEMORY USAGE key [SAMPLES count]: about how many bytes a key takes; nil without a key."""
    raise NotImplementedError("mini.memory-usage")  # course hint mini.memory-usage
