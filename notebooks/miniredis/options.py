"""The settings there are: those that do something here, and those that only a real Redis knows what to do with.

Names, defaults and limits are those that redis-server 8.2 reports, so that its redis.conf starts this server too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from miniredis import notifications

Setting: TypeAlias = str | int | bool

INT_MAX, LONG_MAX = 2**31 - 1, 2**63 - 1
UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1024, "m": 1000**2, "mb": 1024**2, "g": 1000**3, "gb": 1024**3}
POLICIES = (
    "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
    "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction",
)  # fmt: skip


class BadSetting(ValueError):
    """A setting that does not exist, or a value it cannot have; the text says why, in Redis's words."""


@dataclass(frozen=True, slots=True)
class Option:
    """One setting.

    Attributes:
        name: as in redis.conf.
        default: its type is the setting's type.
        memory: the value may be written as "2mb".
        choices: the only values there are, if there are only some.
        least, most: the limits of a number.
        fixed: it cannot be changed while the server runs.
        protected: nor can this one, unless enable-protected-configs allows it.
        check: turns a text into the one that is kept, or raises `BadSetting`.
        lines: each line of redis.conf adds to it, and only the first one replaces the default.
        used: it does something here.
    """

    name: str
    default: Setting
    memory: bool = False
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = INT_MAX
    fixed: bool = False
    protected: bool = False
    check: Callable[[str, str], str] | None = None
    lines: bool = False
    used: bool = True

    def read(self, text: str, old: Setting) -> Setting:
        """Return the value that `text` stands for.

        Raises:
            BadSetting: there is no such value.
        """
        if self.check is not None:
            return self.check(text, str(old))
        if self.choices:
            if text.lower() not in self.choices:
                raise BadSetting(f"argument(s) must be one of the following: {', '.join(self.choices)}")
            return text.lower()
        if isinstance(self.default, bool):
            if text.lower() not in ("yes", "no"):
                raise BadSetting("argument must be 'yes' or 'no'")
            return text.lower() == "yes"
        if isinstance(self.default, int):
            return self._number(text)
        return text

    def _number(self, text: str) -> int:
        digits = text.rstrip("bkmgBKMG") if self.memory else text
        unit = UNITS.get(text[len(digits) :].lower())
        if self.memory and not text:
            return 0
        if self.memory and (unit is None or not digits.isdigit()):
            raise BadSetting("argument must be a memory value")
        if unit is None or not digits.removeprefix("-").isdigit():
            raise BadSetting("argument couldn't be parsed into an integer")
        number = int(digits) * unit
        if not self.least <= number <= self.most:
            raise BadSetting(f"argument must be between {self.least} and {self.most} inclusive")
        return number


def _events(text: str, old: str) -> str:
    if notifications.written(text) is None:
        raise BadSetting("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
    return text


def _save_points(text: str, old: str) -> str:
    """Pairs of seconds and changes; an empty text for none."""
    words = text.split()
    if len(words) % 2 or not all(word.isdigit() for word in words) or "0" in words[::2]:
        raise BadSetting("Invalid save parameters")
    return " ".join(words)


def _buffer_limits(text: str, old: str) -> str:
    """Class, hard limit, soft limit and seconds, once or more often; classes that are not named keep theirs."""
    words = text.split()
    if not words or len(words) % 4:
        raise BadSetting("Wrong number of arguments in buffer limit configuration.")
    limits = {old.split()[at]: old.split()[at + 1 : at + 4] for at in range(0, len(old.split()), 4)}
    for at in range(0, len(words), 4):
        kind = {"replica": "slave"}.get(words[at].lower(), words[at].lower())
        if kind not in limits:
            raise BadSetting("Invalid client class specified in buffer limit configuration.")
        numbers = [_bytes(words[at + 1]), _bytes(words[at + 2]), int(words[at + 3]) if words[at + 3].isdigit() else -1]
        if min(numbers) < 0:
            raise BadSetting("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
        limits[kind] = [str(number) for number in numbers]
    return " ".join(" ".join([kind, *numbers]) for kind, numbers in limits.items())


def _bytes(text: str) -> int:
    """The number that "64mb" stands for; -1 if none."""
    digits = text.rstrip("bkmgBKMG")
    unit = UNITS.get(text[len(digits) :].lower())
    return int(digits) * unit if unit and digits.isdigit() else -1


def _hz(text: str, old: str) -> str:
    if not text.removeprefix("-").isdigit():
        raise BadSetting("argument couldn't be parsed into an integer")
    if int(text) < 0:
        raise BadSetting(f"argument must be between 0 and {INT_MAX} inclusive")
    return str(min(max(int(text), 1), 500))


OPTIONS = (
    Option("port", 6379, most=65535),
    Option("bind", "127.0.0.1"),
    Option("unixsocket", "", fixed=True),
    Option("tcp-backlog", 511, fixed=True),
    Option("databases", 16, least=1, fixed=True),
    Option("maxclients", 10_000, least=1, most=2**32 - 1),
    Option("timeout", 0),
    Option("hz", "10", check=_hz),
    Option("requirepass", ""),
    Option("client-query-buffer-limit", 1024**3, memory=True, least=1024**2, most=LONG_MAX),
    Option(
        "client-output-buffer-limit",
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
        check=_buffer_limits,
    ),
    # Ours alone: "split" is `pipeline_reader`.
    Option("parser", "plain", choices=("plain", "split")),
    Option("proto-max-bulk-len", 512 * 1024**2, memory=True, least=1024**2, most=LONG_MAX),
    Option("dir", ".", protected=True),
    Option("dbfilename", "dump.rdb", protected=True),
    Option("save", "", check=_save_points, lines=True),
    Option("stop-writes-on-bgsave-error", True),
    Option("appendonly", False),
    Option("appendfsync", "everysec", choices=("everysec", "always", "no")),
    Option("appendfilename", "appendonly.aof", fixed=True),
    Option("appenddirname", "appendonlydir", fixed=True),
    Option("aof-load-truncated", True),
    Option("auto-aof-rewrite-percentage", 100),
    Option("auto-aof-rewrite-min-size", 64 * 1024**2, memory=True, most=LONG_MAX),
    Option("maxmemory", 0, memory=True, most=2**64 - 1),
    Option("maxmemory-policy", "noeviction", choices=POLICIES),
    Option("maxmemory-samples", 5, least=1, most=64),
    Option("lfu-log-factor", 10),
    Option("lfu-decay-time", 1),
    Option("notify-keyspace-events", "", check=_events),
    Option("slowlog-log-slower-than", 10_000, least=-1, most=LONG_MAX),
    Option("slowlog-max-len", 128, most=LONG_MAX),
    Option("latency-monitor-threshold", 0, most=LONG_MAX),
    # Off, unlike Redis's: it would cost every command a little.
    Option("latency-tracking", False),
    Option("enable-debug-command", "no", choices=("no", "yes", "local"), fixed=True),
    Option("enable-protected-configs", "no", choices=("no", "yes", "local"), fixed=True),
)

# Other names of the same settings. CONFIG GET shows them too.
ALIASES = {
    "aof_rewrite_cpulist": "aof-rewrite-cpulist",
    "bgsave_cpulist": "bgsave-cpulist",
    "bio_cpulist": "bio-cpulist",
    "server_cpulist": "server-cpulist",
    "cluster-slave-no-failover": "cluster-replica-no-failover",
    "cluster-slave-validity-factor": "cluster-replica-validity-factor",
    "hash-max-ziplist-entries": "hash-max-listpack-entries",
    "hash-max-ziplist-value": "hash-max-listpack-value",
    "list-max-ziplist-size": "list-max-listpack-size",
    "zset-max-ziplist-entries": "zset-max-listpack-entries",
    "zset-max-ziplist-value": "zset-max-listpack-value",
    "lua-time-limit": "busy-reply-threshold",
    "min-slaves-max-lag": "min-replicas-max-lag",
    "min-slaves-to-write": "min-replicas-to-write",
    "repl-ping-slave-period": "repl-ping-replica-period",
    "slave-announce-ip": "replica-announce-ip",
    "slave-announce-port": "replica-announce-port",
    "slave-ignore-maxmemory": "replica-ignore-maxmemory",
    "slave-lazy-flush": "replica-lazy-flush",
    "slave-priority": "replica-priority",
    "slave-read-only": "replica-read-only",
    "slave-serve-stale-data": "replica-serve-stale-data",
    "slaveof": "replicaof",
}

# What redis.conf may also say. It is kept and shown, and has no effect.
NOT_USED = """
acl-pubsub-default resetchannels
aclfile
acllog-max-len 128
active-defrag-cycle-max 25
active-defrag-cycle-min 1
active-defrag-ignore-bytes 104857600
active-defrag-max-scan-fields 1000
active-defrag-threshold-lower 10
active-defrag-threshold-upper 100
active-expire-effort 1
activedefrag no
activerehashing yes
always-show-logo no
aof-rewrite-cpulist
aof-rewrite-incremental-fsync yes
aof-timestamp-enabled no
aof-use-rdb-preamble yes
bgsave-cpulist
bind-source-addr
bio-cpulist
busy-reply-threshold 5000
cluster-allow-pubsubshard-when-down yes
cluster-allow-reads-when-down no
cluster-allow-replica-migration yes
cluster-announce-bus-port 0
cluster-announce-hostname
cluster-announce-human-nodename
cluster-announce-ip
cluster-announce-port 0
cluster-announce-tls-port 0
cluster-compatibility-sample-ratio 0
cluster-config-file nodes.conf
cluster-enabled no
cluster-link-sendbuf-limit 0
cluster-migration-barrier 1
cluster-node-timeout 15000
cluster-port 0
cluster-preferred-endpoint-type ip
cluster-replica-no-failover no
cluster-replica-validity-factor 10
cluster-require-full-coverage yes
cluster-slot-stats-enabled no
crash-log-enabled yes
crash-memcheck-enabled yes
daemonize no
disable-thp yes
dynamic-hz yes
enable-module-command no
hash-max-listpack-entries 512
hash-max-listpack-value 64
hide-user-data-from-log no
hll-sparse-max-bytes 3000
ignore-warnings
io-threads 1
jemalloc-bg-thread yes
latency-tracking-info-percentiles 50 99 99.9
lazyfree-lazy-eviction no
lazyfree-lazy-expire no
lazyfree-lazy-server-del no
lazyfree-lazy-user-del no
lazyfree-lazy-user-flush no
list-compress-depth 0
list-max-listpack-size -2
locale-collate
logfile
loglevel notice
masterauth
masteruser
max-new-connections-per-cycle 10
max-new-tls-connections-per-cycle 1
maxmemory-clients 0
maxmemory-eviction-tenacity 10
min-replicas-max-lag 10
min-replicas-to-write 0
no-appendfsync-on-rewrite no
oom-score-adj no
oom-score-adj-values 0 200 800
pidfile
proc-title-template {title} {listen-addr} {server-mode}
propagation-error-behavior ignore
protected-mode yes
rdb-del-sync-files no
rdb-save-incremental-fsync yes
rdbchecksum yes
rdbcompression yes
repl-backlog-size 1048576
repl-backlog-ttl 3600
repl-disable-tcp-nodelay no
repl-diskless-load disabled
repl-diskless-sync yes
repl-diskless-sync-delay 5
repl-diskless-sync-max-replicas 0
repl-ping-replica-period 10
repl-timeout 60
replica-announce-ip
replica-announce-port 0
replica-announced yes
replica-full-sync-buffer-limit 0
replica-ignore-disk-write-errors no
replica-ignore-maxmemory yes
replica-lazy-flush no
replica-priority 100
replica-read-only yes
replica-serve-stale-data yes
replicaof
sanitize-dump-payload no
server-cpulist
set-max-intset-entries 512
set-max-listpack-entries 128
set-max-listpack-value 64
set-proc-title yes
shutdown-on-sigint default
shutdown-on-sigterm default
shutdown-timeout 10
socket-mark-id 0
stream-node-max-bytes 4096
stream-node-max-entries 100
supervised no
syslog-enabled no
syslog-facility local0
syslog-ident redis
tcp-keepalive 300
tls-auth-clients yes
tls-ca-cert-dir
tls-ca-cert-file
tls-cert-file
tls-ciphers
tls-ciphersuites
tls-client-cert-file
tls-client-key-file
tls-client-key-file-pass
tls-cluster no
tls-dh-params-file
tls-key-file
tls-key-file-pass
tls-port 0
tls-prefer-server-ciphers no
tls-protocols
tls-replication no
tls-session-cache-size 20480
tls-session-cache-timeout 300
tls-session-caching yes
tracking-table-max-keys 1000000
unixsocketperm 700
vset-force-single-threaded-execution no
zset-max-listpack-entries 128
zset-max-listpack-value 64
"""
# And these, which CONFIG GET does not show.
DIRECTIVES = frozenset({"user", "rename-command", "loadmodule"})


def not_used() -> tuple[Option, ...]:
    """The settings that have no effect here."""
    rows = (line.partition(" ") for line in NOT_USED.strip().splitlines())
    return tuple(Option(name, default, used=False) for name, _, default in rows)
