"""Becomes the program, once there is nothing left that it could harm. bubblewrap has made the namespaces and the
read-only view; here come the writable places with their bounds, the user, capabilities, filter and limits.

Every cold start runs this, so it imports next to nothing.
"""

from __future__ import annotations

import os

from . import confine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CHANNEL = 3


def main(orders: dict[str, Any], program: list[str]) -> None:
    """Run `program` as `orders` say, which `grader.marking.sandbox.bubblewrap` writes."""
    prepare(orders)
    confine.filter_calls(orders["filter"])
    os.execv(program[0], program)


def prepare(orders: dict[str, Any]) -> None:
    """Everything but the filter and the program."""
    uid, gid = orders["uid"], orders["gid"]
    if not orders["root"]:
        # bubblewrap makes two user namespaces; its mounts belong to the outer one.
        confine.unshare(confine.NEW_MOUNTS)
        confine.mounts_private()
    for place, size, inodes in orders["fresh"]:
        confine.mount_fresh(place, size, inodes, uid, gid)
    if orders["root"]:
        # bubblewrap covers parts of it when root runs it; a worker that is forked later could then mount none.
        try:  # noqa: SIM105 (contextlib would cost a third of this start)
            confine.mount_proc()
        except OSError:
            pass  # bubblewrap's own stays
    for place in orders["no_programs"]:
        confine.forbid_programs(place)
    for place in orders["writable"]:
        confine.forbid_programs(place, writable=True)
    channel = orders["channel"]
    if channel is None:
        confine.only(0, 1, 2)
    else:
        if channel != CHANNEL:
            os.dup2(channel, CHANNEL)
        confine.only(0, 1, 2, CHANNEL)
        os.set_inheritable(CHANNEL, True)
    confine.drop_bounding_set()
    if os.getuid() != uid:
        confine.become(uid, gid)
        # Taking another identity has cancelled this; it matters where there is no process between us and bubblewrap.
        confine.die_with_parent()
    confine.drop_capabilities()
    confine.no_new_privileges()
    # Another user's process is not its own to look into until it says so, or executes a program.
    confine.dumpable(True)
    confine.limit(orders["limits"])
    os.chdir(orders["home"])
