"""INFO: the state of the server in lines of name:value, in sections, under the names that clients look for."""

from __future__ import annotations

import itertools
import os
import platform
import resource
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from miniredis import REDIS_VERSION
from miniredis.commands.table import COMMANDS

if TYPE_CHECKING:
    from miniredis.server import Server
    from miniredis.store import Database

Fields: TypeAlias = dict[str, object]

RUN_ID = secrets.token_hex(20)
REPLICATION_ID = secrets.token_hex(20)
SAMPLE = 100


def report(server: Server, wanted: list[str]) -> str:
    """Return the sections that are asked for by name, in Redis's order; those of INFO alone for none.

    "all" and "everything" are all there are, "default" those of INFO alone. Unknown names are left out.
    """
    raise NotImplementedError("mini.info")  # course hint mini.info


def _server(server: Server) -> Fields:
    seconds = int(time.time() - server.started)
    return {
        "redis_version": REDIS_VERSION,
        "redis_git_sha1": "00000000",
        "redis_git_dirty": 0,
        "redis_build_id": "0",
        "redis_mode": "standalone",
        "os": f"{platform.system()} {platform.release()} {platform.machine()}",
        "arch_bits": 64,
        "monotonic_clock": "POSIX clock_gettime",
        "multiplexing_api": server.multiplexing,
        "process_id": os.getpid(),
        "process_supervised": "no",
        "run_id": RUN_ID,
        "tcp_port": server.port,
        "server_time_usec": time.time_ns() // 1000,
        "uptime_in_seconds": seconds,
        "uptime_in_days": seconds // 86400,
        "hz": server.config["hz"],
        "configured_hz": server.config["hz"],
        "lru_clock": int(time.time()) & 0xFFFFFF,
        "executable": Path(__file__).resolve().parent,
        "config_file": server.config.file or "",
        "io_threads_active": 0,
    }


def _clients(server: Server) -> Fields:
    clients = server.clients.values()
    return {
        "connected_clients": len(clients),
        "cluster_connections": 0,
        "maxclients": server.config["maxclients"],
        "client_recent_max_input_buffer": max((client.unread for client in clients), default=0),
        "client_recent_max_output_buffer": max((client.unsent for client in clients), default=0),
        "blocked_clients": sum(client.wait is not None for client in clients),
        "tracking_clients": len(server.trackers),
        "pubsub_clients": sum(client.subscriptions > 0 for client in clients),
        "watching_clients": sum(bool(client.watching) for client in clients),
        "clients_in_timeout_table": sum(
            client.wait is not None and client.wait.deadline is not None for client in clients
        ),
        "total_watched_keys": sum(len(database.watchers) for database in server.databases),
        "total_blocking_keys": sum(len(database.waiting) for database in server.databases),
        "total_blocking_keys_on_nokey": 0,
    }


def human(size: int) -> str:
    """Return a number of bytes as INFO writes it for people: 2.00M."""
    for unit, name in ((1024**3, "G"), (1024**2, "M"), (1024, "K")):
        if size >= unit:
            return f"{size / unit:.2f}{name}"
    return f"{size}B"


def _memory(server: Server) -> Fields:
    used, peak, limit = server.memory.used(), server.memory.peak, int(server.config["maxmemory"])
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "used_memory": used,
        "used_memory_human": human(used),
        "used_memory_rss": rss,
        "used_memory_rss_human": human(rss),
        "used_memory_peak": peak,
        "used_memory_peak_human": human(peak),
        "used_memory_peak_perc": f"{used / peak if peak else 1:.2%}",
        "total_system_memory": total,
        "total_system_memory_human": human(total),
        "used_memory_lua": 0,
        "used_memory_lua_human": "0B",
        "maxmemory": limit,
        "maxmemory_human": human(limit),
        "maxmemory_policy": server.config["maxmemory-policy"],
        "mem_fragmentation_ratio": f"{rss / used if used else 1:.2f}",
        "mem_clients_normal": sum(client.unread + client.unsent for client in server.clients.values()),
        "mem_allocator": "python",
        "lazyfree_pending_objects": 0,
        "lazyfreed_objects": 0,
    }


def _stats(server: Server) -> Fields:
    stats, pubsub, trackers = server.stats, server.pubsub, server.trackers
    return {
        "total_connections_received": stats.connections,
        "total_commands_processed": stats.commands,
        "instantaneous_ops_per_sec": server.rate,
        "total_net_input_bytes": stats.bytes_in,
        "total_net_output_bytes": stats.bytes_out,
        "rejected_connections": stats.rejected_connections,
        "sync_full": 0,
        "sync_partial_ok": 0,
        "sync_partial_err": 0,
        "expired_subkeys": stats.expired_fields,
        "expired_keys": stats.expired,
        "evicted_keys": stats.evicted,
        "evicted_clients": 0,
        "keyspace_hits": stats.hits,
        "keyspace_misses": stats.misses,
        "pubsub_channels": len(pubsub.channels),
        "pubsub_patterns": len(pubsub.patterns),
        "pubsubshard_channels": len(pubsub.shard_channels),
        "latest_fork_usec": 0,
        "total_forks": 0,
        "tracking_total_keys": trackers.keys,
        "tracking_total_items": trackers.items,
        "tracking_total_prefixes": trackers.prefixes,
        "unexpected_error_replies": 0,
        "total_error_replies": stats.error_replies,
        "client_query_buffer_limit_disconnections": stats.query_buffer_disconnections,
        "client_output_buffer_limit_disconnections": stats.output_buffer_disconnections,
        "acl_access_denied_auth": 0,
        "acl_access_denied_cmd": 0,
        "acl_access_denied_key": 0,
        "acl_access_denied_channel": 0,
    }


def _replication(server: Server) -> Fields:
    return {
        "role": "master",
        "connected_slaves": 0,
        "master_failover_state": "no-failover",
        "master_replid": REPLICATION_ID,
        "master_replid2": "0" * 40,
        "master_repl_offset": 0,
        "second_repl_offset": -1,
        "repl_backlog_active": 0,
        "repl_backlog_size": 1048576,
        "repl_backlog_first_byte_offset": 0,
        "repl_backlog_histlen": 0,
    }


def _cpu(server: Server) -> Fields:
    mine, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "used_cpu_sys": f"{mine.ru_stime:.6f}",
        "used_cpu_user": f"{mine.ru_utime:.6f}",
        "used_cpu_sys_children": f"{children.ru_stime:.6f}",
        "used_cpu_user_children": f"{children.ru_utime:.6f}",
    }


def _modules(server: Server) -> Fields:
    return {}


def _commandstats(server: Server) -> Fields:
    raise NotImplementedError("mini.info-stats")  # course hint mini.info-stats


def _errorstats(server: Server) -> Fields:
    raise NotImplementedError("mini.info-stats")  # course hint mini.info-stats


def _latencystats(server: Server) -> Fields:
    return {
        f"latency_percentiles_usec_{each.name}": ",".join(
            f"p{percent:g}={_percentile(each.times, percent)}" for percent in (50, 99, 99.9)
        )
        for entry in COMMANDS.values()
        for each in (entry, *entry.subcommands.values())
        if each.times
    }


def _percentile(times: dict[int, int], percent: float) -> int:
    wanted, seen = sum(times.values()) * percent / 100, 0
    for limit in sorted(times):
        seen += times[limit]
        if seen >= wanted:
            return limit
    return 0


def _cluster(server: Server) -> Fields:
    return {"cluster_enabled": 0}


def _keyspace(server: Server) -> Fields:
    raise NotImplementedError("mini.info")  # course hint mini.info


def _mean_ttl(database: Database) -> int:
    """The mean of what some keys with an end have left, in milliseconds: an estimate, as Redis's is."""
    ends = list(itertools.islice(database.expires.values(), SAMPLE))
    return max(sum(ends) // len(ends) - database.server.now, 0) if ends else 0


def _persistence(server: Server) -> Fields:
    snapshots, aof = server.snapshots, server.aof
    fields: Fields = {
        "loading": int(server.loading),
        "async_loading": 0,
        "current_cow_size": 0,
        "rdb_changes_since_last_save": snapshots.changes,
        "rdb_bgsave_in_progress": int(snapshots.pid is not None),
        "rdb_last_save_time": snapshots.last,
        "rdb_last_bgsave_status": "ok" if snapshots.succeeded else "err",
        "rdb_last_bgsave_time_sec": snapshots.seconds,
        "rdb_current_bgsave_time_sec": -1,
        "aof_enabled": int(aof.on),
        "aof_rewrite_in_progress": int(aof.rewriting),
        "aof_rewrite_scheduled": int(aof.scheduled),
        "aof_last_rewrite_time_sec": -1,
        "aof_current_rewrite_time_sec": -1,
        "aof_last_bgrewrite_status": "ok" if aof.rewritten else "err",
        "aof_last_write_status": "err" if aof.error else "ok",
    }
    if aof.on:
        fields |= {"aof_current_size": aof.size, "aof_base_size": aof.base_size}
    return fields


HEADINGS = {"cpu": "CPU"}
# Each with whether INFO alone shows it.
SECTIONS: dict[str, tuple[Callable[[Server], Fields], bool]] = {
    "server": (_server, True),
    "clients": (_clients, True),
    "memory": (_memory, True),
    "persistence": (_persistence, True),
    "stats": (_stats, True),
    "replication": (_replication, True),
    "cpu": (_cpu, True),
    "modules": (_modules, True),
    "commandstats": (_commandstats, False),
    "errorstats": (_errorstats, True),
    "latencystats": (_latencystats, False),
    "cluster": (_cluster, True),
    "keyspace": (_keyspace, True),
}
