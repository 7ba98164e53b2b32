"""A Redis to learn on, from wherever one can be had: a local process, a container, or a URL.

with standalone(maxmemory="2mb") as server:
    server.client().set("greeting", "hello")
"""

from grader.servers.binaries import Binary, Version, binaries
from grader.servers.errors import NoRedisFound, NotOurs, PortBusy, ServerError, StartFailed, Unreachable
from grader.servers.process import LocalServer, standalone
from grader.servers.server import Server

__all__ = [
    "Binary",
    "LocalServer",
    "NoRedisFound",
    "NotOurs",
    "PortBusy",
    "Server",
    "ServerError",
    "StartFailed",
    "Unreachable",
    "Version",
    "binaries",
    "standalone",
]
