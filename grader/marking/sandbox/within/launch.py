"""Becomes the program, once there is nothing left that it could harm. bubblewrap has made the namespaces and the
read-only view; here come the writable places with their bounds, the user, capabilities, filter and limits."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any

from . import confine

CHANNEL = 3


def main() -> None:
    """Run what ``sys.argv[1]`` (JSON) says: `Orders` in `grader.marking.sandbox.bubblewrap` writes it."""
    orders: dict[str, Any] = json.loads(sys.argv[1])
    program: list[str] = sys.argv[2:]
    prepare(orders)
    if orders["filter"]:
        confine.filter_calls()
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
        with contextlib.suppress(OSError):
            confine.mount_proc()
    for place in orders["no_programs"]:
        confine.forbid_programs(place)
    if orders["channel"] is not None and orders["channel"] != CHANNEL:
        os.dup2(orders["channel"], CHANNEL)
    kept = {0, 1, 2} if orders["channel"] is None else {0, 1, 2, CHANNEL}
    confine.only(*kept)
    if orders["channel"] is not None:
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
