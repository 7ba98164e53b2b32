"""System calls that no answer needs, refused by a filter in the kernel (seccomp).

The namespaces already hold these; the filter takes away most of the kernel that a hostile program could look for
bugs in, and the ways to make namespaces of its own. It is classic BPF, as in seccomp(2), built by hand: a few lines,
and no dependency. A refused call fails with EPERM, so that a library that only tried goes on.
"""

from __future__ import annotations

import errno
import platform
import struct

# name: (x86_64, aarch64), from the kernel's tables
_REFUSED = {
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "ptrace": (101, 117), "kcmp": (312, 272),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "syslog": (103, 116),
    "quotactl": (179, 60), "personality": (135, 92),
    # Memory of these belongs to no process, so that no limit of a process holds it.
    "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190),
    # With this one a program could be brought along as bytes and run, although nothing writable may be executed.
    "memfd_create": (319, 279),
}  # fmt: skip
_CLONE, _CLONE3, _SOCKET = (56, 220), (435, 435), (41, 198)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_NEW_NAMESPACE = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
# AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. AF_VSOCK knows no namespaces: it would reach the host of a virtual machine.
_FAMILIES = (1, 2, 10, 16)

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16


def known_here() -> bool:
    """Whether there is a filter for this machine's architecture."""
    return platform.machine() in _ARCHITECTURES


def program(machine: str = "") -> bytes:
    """The filter for `machine` (this one by default) as an array of ``struct sock_filter``; empty for others."""
    if (machine or platform.machine()) not in _ARCHITECTURES:
        return b""
    at, architecture = _ARCHITECTURES[machine or platform.machine()]
    refuse, unknown = _ERROR | errno.EPERM, _ERROR | errno.ENOSYS
    lines = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, refuse)]
    lines += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, refuse)]  # x32
    for numbers in _REFUSED.values():
        lines += [(_EQUAL, 0, 1, numbers[at]), (_RETURN, 0, 0, refuse)]
    # clone3 keeps its flags in memory, where a filter cannot look: without it glibc takes clone.
    lines += [(_EQUAL, 0, 1, _CLONE3[at]), (_RETURN, 0, 0, unknown)]
    lines += [(_EQUAL, 0, 4, _CLONE[at]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    lines += [(_ANY_BIT, 0, 1, _NEW_NAMESPACE), (_RETURN, 0, 0, refuse), (_RETURN, 0, 0, _ALLOW)]
    lines += [(_EQUAL, 0, 3 + len(_FAMILIES), _SOCKET[at]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    lines += [(_EQUAL, len(_FAMILIES) - place, 0, family) for place, family in enumerate(_FAMILIES)]
    lines += [(_RETURN, 0, 0, _ERROR | errno.EAFNOSUPPORT), (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)
