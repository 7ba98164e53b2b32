"""How much a program in a sandbox may use."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one sandbox may use; the defaults are several times what an honest notebook needs.

    Attributes:
        cpu: seconds of processor time of each process.
        wall: seconds until everything in it is ended.
        memory: bytes of all its processes together, files in memory included, where there are cgroups; of each
            process's address space where there are none.
        processes: processes and threads at a time.
        file: bytes of one file.
        scratch: bytes in ``/tmp``, and as many in its home.
        inodes: files and folders in ``/tmp``, and as many in its home.
        open_files: descriptors of each process.
        output: bytes of standard output and error; more ends it.
        kept: bytes of the output that are kept: the first half and the last half.
    """

    cpu: float = 60
    wall: float = 300
    memory: int = 512 * MB
    processes: int = 64
    file: int = 16 * MB
    scratch: int = 64 * MB
    inodes: int = 4096
    open_files: int = 256
    output: int = 4 * MB
    kept: int = MB // 4

    def bounds(self, grouped: bool) -> dict[str, int]:
        """Its part that resource limits can hold, by their names without ``RLIMIT_``.

        With a cgroup (`grouped`) the address space may be twice the memory: threads reserve more than they use.
        """
        return {
            "CPU": max(2, int(self.cpu) + 1),
            "AS": self.memory * (2 if grouped else 1),
            "NPROC": self.processes,
            "FSIZE": self.file,
            "NOFILE": self.open_files,
            "CORE": 0,
            "MSGQUEUE": 0,
            "MEMLOCK": 64 << 10,
        }
