"""Which sandbox this machine has: each kind is tried by starting a program in it, not by looking for its files."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol

from grader.marking.sandbox.bare import Bare
from grader.marking.sandbox.bubblewrap import Bubblewrap
from grader.marking.sandbox.docker import Docker, NoEngine
from grader.marking.sandbox.held import Held
from grader.marking.sandbox.limits import Limits

Kind = Literal["bubblewrap", "docker", "none"]
KINDS: tuple[Kind, ...] = ("bubblewrap", "docker", "none")

# Proves that Python runs in there with what a worker needs, and that the channel arrived.
_PROBE = "import json, redis, socket; socket.socket(fileno=3).sendall(b'here')"
_PROBE_LIMITS = Limits(cpu=20, wall=30)


class SandboxMissing(RuntimeError):
    """The kind that was asked for cannot be had here; the message says why and what to do."""


class Sandbox(Protocol):
    """A way to run programs that are not believed.

    Attributes:
        name: its kind.
        trusted: whether marks that come out of it can be.
        words: what the instructor gets and what is missing, a sentence or two.
    """

    @property
    def name(self) -> str: ...

    @property
    def trusted(self) -> bool: ...

    @property
    def words(self) -> str: ...

    def start(
        self, program: list[str], channel: socket.socket, limits: Limits, share: Mapping[Path, str] | None = None
    ) -> Held:
        """Run `program` (its first word "python") with `channel` as descriptor 3 and nothing else of ours open.

        `share` says which paths of this machine it sees, read-only, and where.
        """


_found: dict[tuple[int, str], Sandbox | SandboxMissing] = {}


def choose(kind: str | None = None) -> Sandbox:
    """The sandbox of `kind`, or the best there is; tried once a process.

    Raises:
        SandboxMissing: when a kind was asked for by name and cannot be had.
    """
    if kind is not None and kind not in KINDS:
        raise SandboxMissing(f"There is no sandbox called {kind!r}; there are {', '.join(KINDS)}.")
    if kind is not None:
        return _tried(kind)
    reasons = []
    for each in ("bubblewrap", "docker"):
        try:
            return _tried(each)
        except SandboxMissing as missing:
            reasons.append(str(missing).rstrip("."))
    return Bare("; ".join(reasons))


def asked_for(kind: str | None) -> Sandbox:
    """The sandbox that a ``--sandbox`` means: as `choose`, and with ``any`` the best there is but none.

    Raises:
        SandboxMissing: when it cannot be had.
    """
    found = choose(None if kind == "any" else kind)
    if kind == "any" and not found.trusted:
        raise SandboxMissing(found.words)
    return found


def _tried(kind: str) -> Sandbox:
    key = (os.getpid(), kind)
    if key not in _found:
        try:
            _found[key] = _MAKERS[kind]()
        except SandboxMissing as missing:
            _found[key] = missing
    found = _found[key]
    if isinstance(found, SandboxMissing):
        raise found
    return found


def _bubblewrap() -> Sandbox:
    if not sys.platform.startswith("linux"):
        raise SandboxMissing("bubblewrap exists for Linux only.")
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxMissing("bubblewrap (the program bwrap) is not installed.")
    made = Bubblewrap(program)
    said = try_out(made)
    if said and made.grouped:
        made = Bubblewrap(program, groups=False)
        made.no_groups = f"they cannot be used: {said.splitlines()[-1].rstrip('.')}"
        said = try_out(made)
    if said:
        raise SandboxMissing(f"bubblewrap is installed and does not work here: {_reading(said)}.")
    return made


def _docker() -> Sandbox:
    if shutil.which("docker") is None:
        raise SandboxMissing("Docker is not installed.")
    try:
        made = Docker(os.environ.get("COURSE_SANDBOX_IMAGE"))
    except NoEngine as error:
        raise SandboxMissing(f"{error}.") from None
    if said := try_out(made):
        raise SandboxMissing(
            f"A container does not run Python here: {said.splitlines()[-1].rstrip('.')}. Set COURSE_SANDBOX_IMAGE to "
            "an image that has Python and redis-py."
        )
    return made


def in_short() -> tuple[str, str]:
    """What this machine has, for `course doctor`: a clause, and what that means or what to do ("" for nothing)."""
    best = choose()
    if isinstance(best, Bubblewrap):
        how = "each submission as a user of its own" if best.root else "in user namespaces"
        if best.grouped:
            return f"bubblewrap, {how}, memory bounded in total", ""
        return f"bubblewrap, {how}", f"Memory is bounded for each process only: no control groups ({best.no_groups})."
    if best.trusted:
        return best.name, "Marking is faster with bubblewrap (Debian and Ubuntu: sudo apt install bubblewrap)."
    return "none", "Only needed to mark others' work: install bubblewrap, or start a Docker engine."


def try_out(sandbox: Sandbox) -> str:
    """Start a program in `sandbox`: "" when it ran, else what was said instead."""
    mine, theirs = socket.socketpair()
    with mine, contextlib.ExitStack() as stack:
        with theirs:
            try:
                held = stack.enter_context(sandbox.start(["python", "-c", _PROBE], theirs, _PROBE_LIMITS))
            except OSError as error:
                return str(error)
        mine.settimeout(_PROBE_LIMITS.wall)
        try:
            said = mine.recv(16)
        except OSError:
            said = b""
        if said == b"here":
            return ""
        held.kill()
        return held.output.decode(errors="replace").strip() or held.ended().sentence


def _reading(said: str) -> str:
    """What bubblewrap's complaint means."""
    last = said.splitlines()[-1].rstrip(".")
    if not any(word in said for word in ("namespace", "uid map")):
        return last
    if os.geteuid() == 0:
        return f"this root may not make namespaces ({last}), as in most containers; grade outside of it"
    return (
        f"this user may not make namespaces ({last}); allow it (sysctl kernel.unprivileged_userns_clone=1, or "
        "kernel.apparmor_restrict_unprivileged_userns=0), or grade as root"
    )


_MAKERS: dict[str, Callable[[], Sandbox]] = {"bubblewrap": _bubblewrap, "docker": _docker, "none": Bare}
