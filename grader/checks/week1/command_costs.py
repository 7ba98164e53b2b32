"""What a command costs the server: as it is documented, and as the server itself measures it.

The check of week1.predict-cost grades by the documented costs, so that a busy machine costs nobody a point, and shows
the measured ones beside a wrong prediction.
"""

from __future__ import annotations

from typing import Any

#: What each command's work grows with, by the documentation of the command.
#: `tests/checks/test_predicted_costs.py` proves it on every Redis at hand, by the ratio of measured times.
GROWS_WITH = {
    "GET word": "constant",
    "LRANGE jobs 0 -1": "elements",
    "LRANGE jobs 0 9": "constant",
    "SCARD online": "constant",
    "HGETALL user": "elements",
    "KEYS nobody:*": "keys",
    "DBSIZE": "constant",
    "DEL online": "elements",
    "UNLINK gone": "constant",
}

SMALL, LARGE = 200, 10_000

_FILL = """
for i = 1, ARGV[1] do
    if KEYS[1] == 'jobs' then redis.call('RPUSH', KEYS[1], i)
    elseif KEYS[1] == 'user' then redis.call('HSET', KEYS[1], 'field ' .. i, i)
    elseif KEYS[1] == 'word' then redis.call('SET', 'other:' .. i, i)
    else redis.call('SADD', KEYS[1], 'user ' .. i) end
end
if KEYS[1] == 'word' then redis.call('SET', KEYS[1], 'hello') end
"""


def fastest(client: Any, line: str, size: int, tries: int = 3) -> int:
    """Run `line` on `size` elements (or keys) `tries` times; the database of `client` is emptied and filled each time.

    Returns:
        The least time the server needed, in microseconds, by its ``commandstats``.
    """
    name, *words = line.split()
    key = words[0] if words and "*" not in words[0] else "word"
    taken = []
    for _ in range(tries):
        client.flushdb()
        client.eval(_FILL, 1, key, size)
        before = _spent(client, name)
        client.execute_command(name, *words)
        taken.append(_spent(client, name) - before)
    return min(taken)


def _spent(client: Any, name: str) -> int:
    return int(client.info("commandstats").get(f"cmdstat_{name.lower()}", {"usec": 0})["usec"])


def documented_cost(client: Any, line: str) -> str:
    """What the server's own documentation says of the command's cost; empty if it does not tell."""
    name = line.split()[0].lower()
    reply = client.execute_command("COMMAND DOCS", name)
    for _ in range(2):
        # RESP2 has no maps: {"get": {…}} comes as ["get", ["summary", …]].
        pairs = reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=False))
        reply = pairs.get(name, pairs)
    return str(reply.get("complexity", "")).rstrip(".")
