"""A Redis to learn on, from wherever one can be had: a local process, a container, or a URL.

    with standalone(maxmemory="2mb") as server:
        server.client().set("greeting", "hello")

`learning()` is the learner's own Redis, `scratch()` the private one that checks run against.
"""

from grader.servers.background import (
    Background,
    announced,
    background_status,
    course_folder,
    free_ports,
    start_background,
    stop_background,
)
from grader.servers.binary import Binary, Version, binaries
from grader.servers.container import compose_down, compose_up, container
from grader.servers.errors import (
    NoRedisFound,
    NotOurs,
    PortBusy,
    ServerError,
    StartFailed,
    Unreachable,
    Unsuitable,
)
from grader.servers.facts import at_least, missing
from grader.servers.given import GivenServer
from grader.servers.learners import learning
from grader.servers.process import LocalServer, standalone
from grader.servers.scratchpad import scratch
from grader.servers.server import Server

__all__ = [
    "Background",
    "Binary",
    "GivenServer",
    "LocalServer",
    "NoRedisFound",
    "NotOurs",
    "PortBusy",
    "Server",
    "ServerError",
    "StartFailed",
    "Unreachable",
    "Unsuitable",
    "Version",
    "announced",
    "at_least",
    "background_status",
    "binaries",
    "compose_down",
    "compose_up",
    "container",
    "course_folder",
    "free_ports",
    "learning",
    "missing",
    "scratch",
    "standalone",
    "start_background",
    "stop_background",
]
