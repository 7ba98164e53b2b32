"""redis-cli and redis-benchmark, as Debian has them."""

import os
import pty
import re
import shutil
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection

import pytest
import redis
from available import lacking

from grader.servers import Server

PATIENCE = 20.0


@pytest.fixture
def cli(server: Server) -> list[str]:
    """The beginning of a command line of redis-cli."""
    path = shutil.which("redis-cli")
    if path is None:
        lacking("redis-cli", "no redis-cli on PATH (Debian: apt-get install redis-tools)")
    return [path, "-p", str(server.port)]


def said(command: list[str], typed: str | bytes = "") -> str:
    """What a command prints."""
    data = typed.encode() if isinstance(typed, str) else typed
    ran = subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def test_lines_from_a_file_are_answered_one_by_one(cli: list[str]) -> None:
    typed = 'SET greeting "Hello, \\"you\\""\nGET greeting\nINCR greeting\nNOSUCH\nHSET h a 1 b 2\nHGETALL h\n'
    answers = said([*cli, "--no-raw"], typed)
    assert answers.splitlines() == [
        "OK",
        '"Hello, \\"you\\""',
        "(error) ERR value is not an integer or out of range",
        "(error) ERR unknown command 'NOSUCH', with args beginning with: ",
        "(integer) 2",
        '1) "a"',
        '2) "1"',
        '3) "b"',
        '4) "2"',
    ]


def test_resp3_replies_have_their_own_forms(cli: list[str]) -> None:
    assert said(
        [*cli, "-3", "--no-raw"], "HSET h a 1\nHGETALL h\nSADD s x\nSMEMBERS s\nZADD z 1.5 m\nZSCORE z m\n"
    ) == ('(integer) 1\n1# "a" => "1"\n(integer) 1\n1~ "x"\n(integer) 1\n(double) 1.5\n')


def test_a_walk_meets_every_key(cli: list[str], server: Server) -> None:
    with redis.Redis(port=server.port) as client:
        client.mset({f"walk:{n}": n for n in range(1000)})
    assert set(said([*cli, "--scan", "--pattern", "walk:*"]).split()) == {f"walk:{n}" for n in range(1000)}


def test_big_keys_are_found(cli: list[str], server: Server) -> None:
    with redis.Redis(port=server.port) as client:
        client.set("text", "x" * 1000)
        client.rpush("list", *range(500))
        client.sadd("set", *range(30))
    report = said([*cli, "--bigkeys"])
    assert re.search(r"Biggest string found '\"text\"' has 1000 bytes", report)
    assert re.search(r"Biggest\s+list found '\"list\"' has 500 items", report)


def test_memory_of_keys_is_told(cli: list[str], server: Server) -> None:
    with redis.Redis(port=server.port) as client:
        client.set("text", "x" * 10_000)
    assert re.search(r"Biggest string found '\"text\"' has 1\d{4} bytes", said([*cli, "--memkeys"]))


def test_ten_thousand_commands_are_loaded_at_once(cli: list[str], server: Server) -> None:
    commands = b"".join(b"*3\r\n$3\r\nSET\r\n$%d\r\nk%d\r\n$1\r\nv\r\n" % (len(f"k{n}"), n) for n in range(10_000))
    assert "errors: 0, replies: 10000" in said([*cli, "--pipe"], commands)
    with redis.Redis(port=server.port) as client:
        assert client.dbsize() == 10_000


def test_round_trips_are_measured(cli: list[str]) -> None:
    with started([*cli, "--raw", "--latency"]) as running:
        text = until(running, rb"\d+ \d+ \d+\.\d+ \d+")
    assert int(text.split()[-1]) >= 1


def test_a_monitor_shows_the_commands_of_others(cli: list[str], server: Server) -> None:
    with started([*cli, "MONITOR"]) as running, redis.Redis(port=server.port) as client:
        until(running, rb"OK")
        client.set("k", "v")
        assert '"SET" "k" "v"' in until(running, rb'"SET" "k" "v"')


def test_a_subscriber_prints_messages(cli: list[str], server: Server) -> None:
    with started([*cli, "SUBSCRIBE", "news"]) as running, redis.Redis(port=server.port) as client:
        until(running, rb"subscribe")
        assert client.publish("news", "hello") == 1
        until(running, rb"hello")


def test_a_person_at_a_terminal_gets_hints_and_answers(cli: list[str]) -> None:
    with started(cli, terminal=True) as running:
        until(running, rb"> ")
        running.type("SET k 1")
        until(running, rb"OK\r\n.*> ")  # what is typed before the prompt is there is lost
        running.type("MULTI")
        until(running, rb"OK\r\n.*\(TX\)> ")
        running.type("INCR k")
        until(running, rb"QUEUED\r\n.*\(TX\)> ")
        running.type("EXEC")
        until(running, rb"1\) \(integer\) 2\r\n.*> ")
        running.type("SELECT 3")
        until(running, rb"\[3\]> ")
        running.type("HELP GET")
        until(running, rb"summary:[^>]*> ")
        running.type("QUIT")
        assert running.process.wait(PATIENCE) == 0


def test_the_eight_usual_benchmarks_run_to_their_end(server: Server) -> None:
    tool = shutil.which("redis-benchmark")
    if tool is None:
        lacking("redis-cli", "no redis-benchmark on PATH (Debian: apt-get install redis-tools)")
    tests = "ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange,mset"
    command = [tool, "-p", str(server.port), "-n", "2000", "-c", "50", "-P", "4", "-t", tests, "--csv"]
    rows = said(command).splitlines()[1:]
    names = [row.split('"')[1] for row in rows]
    assert len(names) == 20
    assert all(float(row.split('"')[3]) > 0 for row in rows)


class Running:
    """A program with its output as it comes; at a terminal, or with pipes."""

    def __init__(self, command: list[str], terminal: bool) -> None:
        self.text = b""
        self.place = 0
        if terminal:
            self.reader, other = pty.openpty()
            termios.tcsetwinsize(other, (25, 120))
            env = {**os.environ, "TERM": "xterm", "HOME": "/nonexistent"}
            self.process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, env=env)
            os.close(other)
        else:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            assert self.process.stdout is not None
            self.reader = self.process.stdout.fileno()

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self.reader, line.encode() + b"\r")


@contextmanager
def started(command: list[str], terminal: bool = False) -> Iterator[Running]:
    """Run a program that does not end by itself."""
    running = Running(command, terminal)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()
        if terminal:
            os.close(running.reader)
        elif running.process.stdout is not None:
            running.process.stdout.close()


def until(running: Running, pattern: bytes) -> str:
    """Read until the pattern is there, behind what was waited for before; what it matched."""
    deadline = time.monotonic() + PATIENCE
    while (found := re.search(pattern, running.text[running.place :])) is None:
        # Not `select.select`, which refuses descriptors above 1,023.
        ready = connection.wait([running.reader], max(deadline - time.monotonic(), 0))
        assert ready, f"{pattern!r} did not come: {running.text!r}"
        data = os.read(running.reader, 65536)
        assert data, f"it ended: {running.text!r}"
        running.text += data
    running.place += found.end()
    return found[0].decode()
