"""SLOWLOG and LATENCY: what took long, command by command and moment by moment."""

from __future__ import annotations

from miniredis.commands.arguments import integer
from miniredis.commands.help import offer_help, try_help
from miniredis.commands.table import COMMANDS, command, container, lookup
from miniredis.connection import Client
from miniredis.resp import OK, Args, CommandError, Map, Reply, Verbatim

ADMIN = "admin loading stale"
LATENCY = "admin noscript loading stale"

container("SLOWLOG", group="server", since="2.2.12")
offer_help("SLOWLOG", since="6.2.0")


@command("SLOWLOG GET", arity=-2, flags=ADMIN, group="server", since="2.2.12")
def slowlog_get(client: Client, args: Args) -> Reply:
    """SLOWLOG GET [count]: the newest entries, 10 of them or count; -1 for all. Each is id, time, µs, args, who."""
    raise NotImplementedError("mini.slowlog")  # course hint mini.slowlog


@command("SLOWLOG LEN", arity=2, flags=ADMIN, group="server", since="2.2.12")
def slowlog_len(client: Client, args: Args) -> Reply:
    """SLOWLOG LEN: how many entries there are."""
    raise NotImplementedError("mini.slowlog")  # course hint mini.slowlog


@command("SLOWLOG RESET", arity=2, flags=ADMIN, group="server", since="2.2.12")
def slowlog_reset(client: Client, args: Args) -> Reply:
    """SLOWLOG RESET: forget them all."""
    raise NotImplementedError("mini.slowlog")  # course hint mini.slowlog


container("LATENCY", group="server", since="2.8.13")
offer_help("LATENCY", since="2.8.13")


@command("LATENCY LATEST", arity=2, flags=LATENCY, group="server", since="2.8.13")
def latency_latest(client: Client, args: Args) -> Reply:
    """LATENCY LATEST: of each kind of event its name, the last time, how long it was then, and the longest ever."""
    raise NotImplementedError("mini.latency")  # course hint mini.latency


@command("LATENCY HISTORY", arity=3, flags=LATENCY, group="server", since="2.8.13")
def latency_history(client: Client, args: Args) -> Reply:
    """LATENCY HISTORY event: the time and the milliseconds of each that is kept."""
    raise NotImplementedError("mini.latency")  # course hint mini.latency


@command("LATENCY RESET", arity=-2, flags=LATENCY, group="server", since="2.8.13")
def latency_reset(client: Client, args: Args) -> Reply:
    """LATENCY RESET [event …]: forget these events, or all. How many were forgotten."""
    raise NotImplementedError("mini.latency")  # course hint mini.latency


@command("LATENCY GRAPH", arity=3, flags=LATENCY, group="server", since="2.8.13")
def latency_graph(client: Client, args: Args) -> Reply:
    """LATENCY GRAPH event: its samples as bars, the oldest first."""
    name = args[2].decode("latin-1")
    latency = client.server.latency
    samples = latency.events.get(name)
    if not samples:
        raise CommandError(f"ERR No samples available for event '{name}'")
    times = [milliseconds for _, milliseconds in samples]
    high = max(times)
    head = f"{name} - high {high} ms, low {min(times)} ms (all time high {latency.worst[name]} ms)"
    bars = [f"{milliseconds:6d} ms {'#' * max(1, 60 * milliseconds // high)}" for milliseconds in times]
    return Verbatim("\n".join([head, "-" * 80, *bars, ""]).encode("latin-1"))


@command("LATENCY DOCTOR", arity=2, flags=LATENCY, group="server", since="2.8.13")
def latency_doctor(client: Client, args: Args) -> Reply:
    """LATENCY DOCTOR: the worst of each kind of event, in words."""
    latency = client.server.latency
    if not int(client.server.config["latency-monitor-threshold"]):
        return Verbatim(b"Nothing is measured: CONFIG SET latency-monitor-threshold <milliseconds> begins.\n")
    if not latency.worst:
        return Verbatim(b"Nothing has taken longer than latency-monitor-threshold.\n")
    said = [f"{name}: {len(latency.events[name])} times, up to {worst} ms" for name, worst in latency.worst.items()]
    return Verbatim("".join(f"{line}\n" for line in said).encode("latin-1"))


@command("LATENCY HISTOGRAM", arity=-2, flags=LATENCY, group="server", since="7.0.0")
def latency_histogram(client: Client, args: Args) -> Reply:
    """LATENCY HISTOGRAM [command …]: of each command how many calls took no more than so many microseconds.

    They are counted with `latency-tracking yes` only.
    """
    names = args[2:] or list(COMMANDS)
    found = [entry for entry in (lookup(name.split(b"|", 1)) for name in names) if entry is not None]
    reply = Map()
    for entry in found:
        for each in (entry, *entry.subcommands.values()):
            if each.times:
                counts, total = Map(), 0
                for limit in sorted(each.times):
                    total += each.times[limit]
                    counts += [limit, total]
                reply += [each.name.encode(), Map([b"calls", total, b"histogram_usec", counts])]
    return reply
