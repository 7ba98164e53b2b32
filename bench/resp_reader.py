"""How much slower the course's own RESP reader is than hiredis, as a ratio, and what a fed byte costs.

Run it by hand: `python bench/resp_reader.py`. The two take turns, and the ratio is the median of the pairs:
it survives a busy or another machine, rates do not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import hiredis

from grader.resp import INCOMPLETE, Reader, encode_command, encode_reply

STREAMS: dict[str, bytes] = {
    "commands, SET with 3 words": encode_command("SET", "page:home", "1") * 5000,
    "small replies, +OK": b"+OK\r\n" * 20000,
    "integers": b":1\r\n:123456\r\n" * 10000,
    "bulk strings of 10 bytes": b"$10\r\n0123456789\r\n" * 15000,
    "arrays of 100": encode_reply([b"member:%d" % number for number in range(100)]) * 200,
    "bulk strings of 100 kB": (b"$100000\r\n" + b"x" * 100000 + b"\r\n") * 50,
}
PIECE = 65536  # bytes a socket hands over at most


def ours(stream: bytes) -> int:
    """Read everything with `grader.resp`; returns how many values there were."""
    reader, count = Reader(), 0
    for at in range(0, len(stream), PIECE):
        reader.feed(stream[at : at + PIECE])
        while reader.read() is not INCOMPLETE:
            count += 1
    return count


def theirs(stream: bytes) -> int:
    """Read everything with hiredis; returns how many values there were."""
    missing = object()
    reader, count = hiredis.Reader(notEnoughData=missing), 0
    for at in range(0, len(stream), PIECE):
        reader.feed(stream[at : at + PIECE])
        while reader.gets() is not missing:
            count += 1
    return count


def seconds(read: Callable[[bytes], int], stream: bytes) -> float:
    """Processor seconds for one pass."""
    start = time.process_time()
    read(stream)
    return time.process_time() - start


def main() -> None:
    print(f"{'':28}{'values':>8}{'us each':>9}{'ratio to hiredis':>18}")
    for name, stream in STREAMS.items():
        count = ours(stream)
        assert count == theirs(stream)
        pairs = [(seconds(ours, stream), seconds(theirs, stream)) for _ in range(11)]
        each = median(mine for mine, _ in pairs) / count * 1e6
        ratio = median(mine / other for mine, other in pairs)
        print(f"{name:28}{count:8}{each:9.2f}{ratio:18.1f}")


if __name__ == "__main__":
    main()
