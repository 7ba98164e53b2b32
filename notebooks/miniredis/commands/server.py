"""INFO, TIME, MONITOR, ROLE and other questions to the server itself."""

from __future__ import annotations

import time

from miniredis import REDIS_VERSION, info
from miniredis.blocking import Wait
from miniredis.commands.arguments import integer
from miniredis.commands.table import command, container
from miniredis.connection import Client
from miniredis.resp import NO_REPLY, OK, Args, CommandError, Reply, Verbatim


@command("INFO", arity=-1, flags="loading stale")
def info_(client: Client, args: Args) -> Reply:
    """INFO [section …]: what there is to know of the server, as lines of name:value under headings."""
    raise NotImplementedError("mini.info")  # course hint mini.info


@command("TIME", arity=1, flags="loading stale fast", since="2.6.0")
def time_(client: Client, args: Args) -> Reply:
    """TIME: the server's clock: seconds since 1970, and microseconds."""
    raise NotImplementedError("mini.time")  # course hint mini.time


@command("MONITOR", arity=1, flags="admin noscript loading stale")
def monitor(client: Client, args: Args) -> Reply:
    """MONITOR: show every command from now on, until RESET or QUIT."""
    raise NotImplementedError("mini.monitor")  # course hint mini.monitor


@command("LOLWUT", arity=-1, flags="readonly fast", since="5.0.0")
def lolwut(client: Client, args: Args) -> Reply:
    """LOLWUT: something to look at, and the version."""
    rows = ("         .-----.", "       .'  .-.  '.", "      /   ( o )   \\", "      '-..___..-'")
    return Verbatim("\n".join([*rows, "", f"Redis ver. {REDIS_VERSION}", ""]).encode())


# Replication. There is none yet: this server is a master without replicas.


@command("ROLE", arity=1, flags="noscript loading stale fast", since="2.8.12")
def role(client: Client, args: Args) -> Reply:
    """ROLE: "master", how much has been replicated, and the replicas."""
    raise NotImplementedError("mini.role")  # course hint mini.role


@command("REPLICAOF", arity=3, flags="admin noscript stale no_async_loading", since="5.0.0")
def replicaof(client: Client, args: Args) -> Reply:
    """REPLICAOF host port | NO ONE: follow another server, or none."""
    if [arg.lower() for arg in args[1:]] == [b"no", b"one"]:
        return OK
    raise CommandError("ERR replication is not built yet")


command("SLAVEOF", arity=3, flags="admin noscript stale no_async_loading")(replicaof)


@command("WAIT", arity=3, flags="blocking", since="3.0.0")
def wait(client: Client, args: Args) -> Reply:
    """WAIT replicas milliseconds: wait until so many replicas have what was written. How many have it."""
    wanted = integer(args[1])
    _wait(client, wanted, _timeout(args[2]), 0)
    return NO_REPLY if client.wait is not None else 0


@command("WAITAOF", arity=4, flags="blocking", since="7.2.0")
def waitaof(client: Client, args: Args) -> Reply:
    """WAITAOF local replicas milliseconds: wait until what was written is on the disks: here, on how many others."""
    here = integer(args[1], "ERR value is out of range, value must between 0 and 1")
    if not 0 <= here <= 1:
        raise CommandError("ERR value is out of range, value must between 0 and 1")
    elsewhere = integer(args[2], "ERR value is out of range, must be positive")
    if elsewhere < 0:
        raise CommandError("ERR value is out of range, must be positive")
    timeout = _timeout(args[3])
    if here and not client.server.config["appendonly"]:
        raise CommandError("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
    synced = 1 if client.server.config["appendonly"] else 0
    _wait(client, elsewhere, timeout, [synced, 0])
    return NO_REPLY if client.wait is not None else [synced, 0]


def _timeout(arg: bytes) -> int:
    milliseconds = integer(arg, "ERR timeout is not an integer or out of range")
    if milliseconds < 0:
        raise CommandError("ERR timeout is negative")
    return milliseconds


def _wait(client: Client, replicas: int, milliseconds: int, reply: Reply) -> None:
    """Wait for replicas that there are not: until the time is over, or for ever."""
    if replicas > 0 and client.may_block and not client.retrying:
        deadline = client.server.now + milliseconds if milliseconds else None
        entry, args = client.server.current
        client.server.blocked.wait(client, Wait(entry, args, client.db, [], deadline, reply))


# Cluster. There is none yet.


def _no_cluster(client: Client, args: Args) -> Reply:
    """It needs `cluster-enabled yes`."""
    raise CommandError("ERR This instance has cluster support disabled")


container("CLUSTER", group="cluster", since="3.0.0")
for _name, _arity, _flags in (
    ("COUNTKEYSINSLOT", 3, "stale"),
    ("GETKEYSINSLOT", 4, "stale"),
    ("INFO", 2, "stale"),
    ("KEYSLOT", 3, "stale"),
    ("LINKS", 2, "stale"),
    ("MYID", 2, "stale"),
    ("MYSHARDID", 2, "stale"),
    ("NODES", 2, "stale"),
    ("SHARDS", 2, "loading stale"),
    ("SLOTS", 2, "loading stale"),
):
    command(f"CLUSTER {_name}", arity=_arity, flags=_flags, group="cluster", since="3.0.0")(_no_cluster)
