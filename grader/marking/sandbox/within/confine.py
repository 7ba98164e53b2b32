"""The system calls that make a process harmless, by ctypes: `os` has most of them only from Python 3.12 on.

Used inside a sandbox before anything of a learner's is there. Each function does one thing and raises `OSError` when
the kernel refuses it: whoever calls must not go on then.
"""

from __future__ import annotations

# Every cold start imports this: what only some need is imported where they need it.
import ctypes
import os
import resource

NEW_MOUNTS, NEW_CGROUP, NEW_UTS, NEW_IPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEW_USER, NEW_PIDS, NEW_NET = 0x10000000, 0x20000000, 0x40000000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_PROGRAMS = 1, 2, 4, 8
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 0x20, 0x1000, 0x4000, 0x40000

_DUMPABLE, _SECCOMP, _BOUNDING_DROP, _PARENT_DEATH, _NO_NEW_PRIVILEGES, _AMBIENT = 4, 22, 24, 1, 38, 47
_CAPABILITIES_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _must(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _prctl(what: int, *arguments: int) -> int:
    return int(_libc.prctl(what, *(ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:4])))


def unshare(flags: int) -> None:
    """Leave the namespaces of `flags` for new ones."""
    _must(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount_fresh(place: str, size: int, inodes: int, uid: int, gid: int, mode: int = 0o700) -> None:
    """An empty folder in memory on `place`, of at most `size` bytes and `inodes` files; nothing in it can be run."""
    options = f"size={size},nr_inodes={inodes},mode={mode:o},uid={uid},gid={gid}"
    flags = _NO_SUID | _NO_DEVICES | _NO_PROGRAMS
    _must(_libc.mount(b"tmpfs", os.fsencode(place), b"tmpfs", ctypes.c_ulong(flags), options.encode()), place)


def hide(place: str) -> None:
    """An empty folder that cannot be written to on `place`."""
    flags = _NO_SUID | _NO_DEVICES | _NO_PROGRAMS | _READ_ONLY
    _must(_libc.mount(b"tmpfs", os.fsencode(place), b"tmpfs", ctypes.c_ulong(flags), b"size=4096,mode=555"), place)


def mount_proc() -> None:
    """The processes of this process's own namespace on ``/proc``."""
    flags = _NO_SUID | _NO_DEVICES | _NO_PROGRAMS
    _must(_libc.mount(b"proc", b"/proc", b"proc", ctypes.c_ulong(flags), None), "/proc")


def mounts_private() -> None:
    """What is mounted from now on is seen in this mount namespace only."""
    _must(_libc.mount(None, b"/", None, ctypes.c_ulong(_RECURSIVE | _PRIVATE), None), "/")


def forbid_programs(place: str, writable: bool = False) -> None:
    """Nothing below the mount `place` can be executed or mapped as code; it is read-only, unless `writable`."""
    flags = _REMOUNT | _BIND | _NO_SUID | _NO_DEVICES | _NO_PROGRAMS | (0 if writable else _READ_ONLY)
    _must(_libc.mount(None, os.fsencode(place), None, ctypes.c_ulong(flags), None), place)


def enter_network(pid: int) -> None:
    """Go into the network of the process `pid`, through the user namespace that it belongs to if need be."""
    import fcntl

    with open(f"/proc/{pid}/ns/net", "rb") as network:  # noqa: PTH123 (a descriptor is wanted)
        if _libc.setns(network.fileno(), NEW_NET) == 0:
            return
        owner = fcntl.ioctl(network.fileno(), 0xB701)  # NS_GET_USERNS
        try:
            _must(_libc.setns(owner, NEW_USER), "setns")
        finally:
            os.close(owner)
        _must(_libc.setns(network.fileno(), NEW_NET), "setns")


def raise_loopback() -> None:
    """Bring up 127.0.0.1 of a new network namespace."""
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS, UP | RUNNING


def become(uid: int, gid: int) -> None:
    """Take another user's identity for good."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def drop_bounding_set() -> None:
    """No program that is executed later can gain a capability."""
    for capability in range(64):
        if _prctl(_BOUNDING_DROP, capability) < 0:
            return  # one number beyond the last that this kernel knows


def drop_capabilities() -> None:
    """Give up every capability, and with it the way back."""
    _prctl(_AMBIENT, 4)  # PR_CAP_AMBIENT_CLEAR_ALL; kernels before 4.3 have none
    # struct __user_cap_header_struct and twice struct __user_cap_data_struct, all of it nothing
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    _must(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def no_new_privileges() -> None:
    """Setuid programs are plain programs from here on."""
    _must(_prctl(_NO_NEW_PRIVILEGES, 1), "no_new_privs")


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_char_p))


def filter_calls(code: bytes) -> None:
    """Refuse system calls as `code` (from `refusals.program()`) says, here and in whatever comes of this process;
    nothing where it is empty."""
    if code:
        program = _Program(len(code) // 8, code)
        _must(_prctl(_SECCOMP, 2, ctypes.addressof(program)), "seccomp")


def dumpable(yes: bool) -> None:
    """Whether processes of the same user may look into this one's memory and descriptors."""
    _must(_prctl(_DUMPABLE, int(yes)), "dumpable")


def die_with_parent() -> None:
    """SIGKILL when the thread that forked this process is gone."""
    _must(_prctl(_PARENT_DEATH, 9), "pdeathsig")


def limit(bounds: dict[str, int]) -> None:
    """Set resource limits, ``{"CPU": seconds, "AS": bytes, …}``, never above what holds already."""
    for name, most in bounds.items():
        which = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(which)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # A second between the two: a program that does not hear SIGXCPU meets SIGKILL.
        soft = most - 1 if name == "CPU" and most > 1 else most
        resource.setrlimit(which, (soft, most))


def only(*kept: int) -> None:
    """Close every descriptor but `kept`."""
    low = -1
    for descriptor in sorted({*kept, os.sysconf("SC_OPEN_MAX")}):
        if low + 1 < descriptor:  # an empty range would be taken for an endless one
            os.closerange(low + 1, descriptor)
        low = descriptor
