"""Races and faults where there is no redis-server on the machine, only somebody's Redis at a URL."""

from __future__ import annotations

import os
import subprocess
import sys

from grader.servers import Binary, standalone

CODE = """
import grader.servers.scratchpad as scratchpad
scratchpad.candidates = lambda: []
from grader.notebook import faults, race
both = race(lambda r: r.incr("n"), lambda r: r.incr("n"), invariant=lambda end: end.redis.get("n") == "2")
lost = faults.everywhere(
    lambda r: r.lpop("jobs"), setup=lambda r: r.rpush("jobs", "a"), then=lambda end: end.redis.llen("jobs") == 1
)
print(both.held, lost.held)
"""


def test_they_use_an_empty_database_and_leave_the_others_alone(newest_binary: Binary) -> None:
    with standalone(binary=newest_binary, port=0) as server:
        mine = server.client()
        mine.set("precious", 1)
        ran = subprocess.run(
            [sys.executable, "-c", CODE],
            env={**os.environ, "REDIS_URL": server.url},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.stdout, ran.stderr) == ("True False\n", "")
        assert list(mine.info("keyspace")) == ["db0"]
        assert mine.keys() == ["precious"]
