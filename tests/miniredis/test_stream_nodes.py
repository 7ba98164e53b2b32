"""The nodes of a stream end where those of Redis end: what "~" trims depends on it."""

from __future__ import annotations

import random

from available import binary_of
from miniredis.values import Stream

from grader.servers import standalone


def _fields(chance: random.Random, names: int) -> list[bytes]:
    values = [b"x" * chance.choice([0, 10, 63, 64, 200, 3000]), b"%d" % chance.randint(-70_000, 10**9), b"v"]
    return [part for n in range(names) for part in (b"f%d" % n, chance.choice(values))]


def test_a_node_is_full_when_redis_says_so():
    chance = random.Random(3)
    with standalone(binary=binary_of("8.2")) as server:
        client = server.client(decode_responses=False)
        for names, most in [(1, 1), (2, 70_000), (3, 10**10), (4, 5)]:
            stream = Stream()
            client.delete("s")
            ms = 0
            for _ in range(400):
                ms += chance.randint(1, most)
                fields = _fields(chance, chance.randint(1, names))
                stream.append((ms, 0), fields)
                client.execute_command("XADD", "s", f"{ms}-0", *fields)
                if chance.random() < 0.05 and len(stream) > 1:
                    stream.delete(stream.first_id)
                    client.execute_command("XTRIM", "s", "MAXLEN", len(stream))
            told = client.xinfo_stream("s")
            assert told["radix-tree-keys"] == len(stream.nodes)
            assert told["length"] == len(stream)
