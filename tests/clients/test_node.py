"""ioredis and node-redis, as two applications would use them."""

import os
import subprocess
from pathlib import Path

import pytest

from grader.servers import Server

SESSIONS = Path(__file__).resolve().parent / "sessions"


def run_session(home: Path, name: str, server: Server, *more: str) -> None:
    """Run a session in the folder that has the clients; its last line is "done"."""
    script = home / name
    script.write_text((SESSIONS / name).read_text())
    ran = subprocess.run(
        ["node", script, str(server.port), *more],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={**os.environ, "NODE_NO_WARNINGS": "1"},
    )
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}"
    assert ran.stdout.splitlines()[-1] == "done", ran.stdout


def test_ioredis_with_auto_pipelining_serves_an_application(node_home: Path, server: Server) -> None:
    run_session(node_home, "ioredis_session.mjs", server)


def test_ioredis_comes_back_after_its_connection_was_killed(node_home: Path, server: Server) -> None:
    run_session(node_home, "ioredis_reconnect.mjs", server)


@pytest.mark.parametrize("protocol", ["2", "3"])
def test_node_redis_serves_an_application(node_home: Path, server: Server, protocol: str) -> None:
    run_session(node_home, "node_redis_session.mjs", server, protocol)


def test_node_redis_keeps_a_cache_of_its_own_right(node_home: Path, server: Server) -> None:
    run_session(node_home, "node_redis_cache.mjs", server)
