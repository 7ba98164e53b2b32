"""Entries of another's that one takes over, because it seems to have died: XCLAIM and XAUTOCLAIM."""

from __future__ import annotations

from dataclasses import dataclass

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.stream_arguments import parse_id, read_id, read_start
from miniredis.commands.stream_groups import consumer_of, found_group, log_claim
from miniredis.commands.streams import changed, shown
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.numbers import INT64_MAX, parse_int
from miniredis.resp import Args, CommandError, Reply
from miniredis.values.stream_groups import Consumer, Group, Id
from miniredis.values.streams import FIRST, write_id

# More than this cannot be allocated for a reply, whatever the machine.
_HUGE_COUNT = 2**43
_NO_MEMORY = "ERR Insufficient memory, failed allocating transient memory, COUNT too high."


@dataclass(slots=True)
class _Claim:
    """How XCLAIM takes entries over.

    Attributes:
        idle: only those that were given at least so many milliseconds ago.
        at: when they count as given, in milliseconds since 1970; None for now.
        count: how often they count as given; None for once more.
        force: also those that nobody has.
        bare: reply ids only, and do not count them as given once more.
        last_id: the group has come at least so far.
    """

    idle: int
    at: int | None = None
    count: int | None = None
    force: bool = False
    bare: bool = False
    last_id: Id = FIRST


@command("XCLAIM", arity=-6, flags="write fast", keys=(1, 1, 1), group="stream", since="5.0.0")
def xclaim(client: Client, args: Args) -> Reply:
    """XCLAIM key group consumer min-idle id [id …] [IDLE ms] [TIME ms] [RETRYCOUNT n] [FORCE] [JUSTID] [LASTID id].

    Take over entries that another consumer has had for too long. Those that were taken, or with JUSTID their ids.
    """
    ### BEGIN SOLUTION mini.xclaim
    stream, group = found_group(client, args)
    idle = integer(args[4], "ERR Invalid min-idle-time argument for XCLAIM")
    end = next((at for at in range(5, len(args)) if parse_id(args[at]) is None), len(args))
    ids = [read_id(arg) for arg in args[5:end]]
    claim = _read_claim(args, end, max(idle, 0), client.server.now)
    group.last_id = max(group.last_id, claim.last_id)
    client.server.rewrite()
    consumer = _claimant(client, args, group)
    taken: list[Reply] = []
    for id in ids:
        fields = stream.get(id)
        if fields is None:
            if group.settle(id):
                changed(client, args[1])
                client.server.rewrite([b"XACK", args[1], args[2], write_id(id)])
        elif _claimed(client, group, id, consumer, claim):
            log_claim(client, args[1], args[2], id, group, group.pending[id])
            changed(client, args[1])
            taken.append(write_id(id) if claim.bare else shown((id, fields)))
    return taken
    ### END SOLUTION


def _claimant(client: Client, args: Args, group: Group) -> Consumer:
    """The consumer that claims; a new one is logged as such."""
    ### BEGIN SOLUTION mini.xclaim
    if args[3] not in group.consumers:
        client.server.rewrite([b"XGROUP", b"CREATECONSUMER", *args[1:4]])
    consumer = consumer_of(client, args[1], group, args[3])
    consumer.seen_at = client.server.now
    return consumer
    ### END SOLUTION


def _read_claim(args: Args, at: int, idle: int, now: int) -> _Claim:
    """Read the options of XCLAIM from `at` on."""
    ### BEGIN SOLUTION mini.xclaim
    claim = _Claim(idle)
    while at < len(args):
        word, more = args[at].upper(), at + 1 < len(args)
        name = word.decode("latin-1")
        if word == b"FORCE":
            claim.force = True
        elif word == b"JUSTID":
            claim.bare = True
        elif word in (b"IDLE", b"TIME", b"RETRYCOUNT") and more:
            number = integer(args[at + 1], f"ERR Invalid {name} option argument for XCLAIM")
            if word == b"RETRYCOUNT":
                claim.count = number if number >= 0 else None
            else:
                claim.at = now - number if word == b"IDLE" else number
            at += 1
        elif word == b"LASTID" and more:
            claim.last_id = read_id(args[at + 1])
            at += 1
        else:
            raise CommandError(f"ERR Unrecognized XCLAIM option '{args[at].decode('latin-1')}'")
        at += 1
    if claim.at is not None and not 0 <= claim.at <= now:
        claim.at = None  # a client's clock may go wrong
    return claim
    ### END SOLUTION


def _claimed(client: Client, group: Group, id: Id, consumer: Consumer, claim: _Claim) -> bool:
    """Take over one entry that is there, if it may be; whether it was."""
    ### BEGIN SOLUTION mini.xclaim
    now = client.server.now
    delivery = group.pending.get(id)
    if delivery is None:
        if not claim.force:
            return False
        delivery = group.give(id, consumer, now)
    elif claim.idle and now - delivery.at < claim.idle:
        return False
    group.hand_over(id, delivery, consumer)
    delivery.at = now if claim.at is None else claim.at
    if claim.count is not None:
        delivery.count = claim.count
    elif not claim.bare:
        delivery.count += 1
    consumer.active_at = now
    return True
    ### END SOLUTION


@command("XAUTOCLAIM", arity=-6, flags="write fast", keys=(1, 1, 1), group="stream", since="6.2.0")
def xautoclaim(client: Client, args: Args) -> Reply:
    """XAUTOCLAIM key group consumer min-idle start [COUNT count] [JUSTID]: XCLAIM for whatever is pending too long.

    The id to go on from (0-0 at the end), what was taken, and the ids of pending entries that are gone.
    """
    ### BEGIN SOLUTION mini.xautoclaim
    idle = max(integer(args[4], "ERR Invalid min-idle-time argument for XAUTOCLAIM"), 0)
    start = read_start(args[5])
    count, bare = _read_autoclaim(args)
    stream, group = found_group(client, args)
    client.server.rewrite()
    consumer = _claimant(client, args, group)
    # It gives up after so many that may not be taken, so that no call takes long.
    candidates = group.pending.page(start, min(10 * count, len(group.pending)) + 1)
    claim = _Claim(idle, bare=bare)
    taken: list[Reply] = []
    gone: list[Reply] = []
    at = 0
    for id, _ in candidates[: 10 * count]:
        if len(taken) + len(gone) == count:
            break
        at += 1
        fields = stream.get(id)
        if fields is None:
            group.settle(id)
            gone.append(write_id(id))
            changed(client, args[1])
            client.server.rewrite([b"XACK", args[1], args[2], write_id(id)])
        elif _claimed(client, group, id, consumer, claim):
            log_claim(client, args[1], args[2], id, group, group.pending[id])
            changed(client, args[1])
            taken.append(write_id(id) if bare else shown((id, fields)))
    following = candidates[at][0] if at < len(candidates) else FIRST
    return [write_id(following), taken, gone]
    ### END SOLUTION


def _read_autoclaim(args: Args) -> tuple[int, bool]:
    """Read COUNT and JUSTID."""
    ### BEGIN SOLUTION mini.xautoclaim
    count, bare = 100, False
    at = 6
    while at < len(args):
        word = args[at].upper()
        if word == b"COUNT" and at + 1 < len(args):
            number = parse_int(args[at + 1])
            if number is None or not 1 <= number <= INT64_MAX // 16:
                raise CommandError("ERR COUNT must be > 0")
            count = number
            at += 1
        elif word == b"JUSTID":
            bare = True
        else:
            raise syntax_error()
        at += 1
    if count > _HUGE_COUNT:
        raise CommandError(_NO_MEMORY)
    return count, bare
    ### END SOLUTION
