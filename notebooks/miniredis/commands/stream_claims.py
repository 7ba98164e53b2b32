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
    raise NotImplementedError("mini.xclaim")  # course hint mini.xclaim


def _claimant(client: Client, args: Args, group: Group) -> Consumer:
    """The consumer that claims; a new one is logged as such."""
    raise NotImplementedError("mini.xclaim")  # course hint mini.xclaim


def _read_claim(args: Args, at: int, idle: int, now: int) -> _Claim:
    """Read the options of XCLAIM from `at` on."""
    raise NotImplementedError("mini.xclaim")  # course hint mini.xclaim


def _claimed(client: Client, group: Group, id: Id, consumer: Consumer, claim: _Claim) -> bool:
    """Take over one entry that is there, if it may be; whether it was."""
    raise NotImplementedError("mini.xclaim")  # course hint mini.xclaim


@command("XAUTOCLAIM", arity=-6, flags="write fast", keys=(1, 1, 1), group="stream", since="6.2.0")
def xautoclaim(client: Client, args: Args) -> Reply:
    """XAUTOCLAIM key group consumer min-idle start [COUNT count] [JUSTID]: XCLAIM for whatever is pending too long.

    The id to go on from (0-0 at the end), what was taken, and the ids of pending entries that are gone.
    """
    raise NotImplementedError("mini.xautoclaim")  # course hint mini.xautoclaim


def _read_autoclaim(args: Args) -> tuple[int, bool]:
    """Read COUNT and JUSTID."""
    raise NotImplementedError("mini.xautoclaim")  # course hint mini.xautoclaim
