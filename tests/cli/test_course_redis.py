"""`course redis`: start, status and stop, and a prompt that answers as redis-cli does, line for line."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from available import lacking

from grader.servers import Binary, Server, standalone
from tests.cli.conftest import Ran, Terminal

Run = Callable[..., Ran]

COMMANDS = r"""
SET greeting "hello \"redis\"\n\xff"
GET greeting
GET nosuch
INCR greeting
SET n 10
INCRBY n 5
GET "unbalanced
SET a "x"y
SET a 'it\'s'
GET a
foo bar
RPUSH l a b c
LRANGE l 0 -1
LRANGE nosuch 0 -1
HSET h f 1 g 2
HGETALL h
ZADD z 1.5 a 2 b
ZRANGE z 0 -1 WITHSCORES
ZSCORE z a
MULTI
INCR n
LRANGE l 0 -1
EXEC
EXEC
MULTI
foo
EXEC
SELECT 3
SELECT 99
2 INCR counter
SELECT 0
EVAL "return {1,'two',{3,{}}}" 0
EVAL "return redis.error_reply('MY error')" 0
OBJECT HELP
INFO nosuchsection
CONFIG GET maxmemory*
ZADD z -1 c
TYPE l

RESET
HELLO 3 SETNAME me
HGETALL h
ZSCORE z a
SADD s x
SMEMBERS s
SISMEMBER s x
EVAL "redis.setresp(3); return {true, false, {double=1.5}}" 0
GET nosuch
"""


@pytest.fixture(scope="module")
def server(newest_binary: Binary) -> Iterator[Server]:
    with standalone(binary=newest_binary, port=0) as running:
        yield running


@pytest.fixture
def address(server: Server) -> str:
    server.reset()
    return f"redis://127.0.0.1:{server.port}/0"


def real_redis_cli() -> str:
    found = shutil.which("redis-cli")
    if found is None:
        lacking("redis-cli", "nothing to compare with")
    return found


def printed_on_a_terminal(command: list[str], typed: str) -> str:
    """What `command` prints when its standard output is a terminal and its input is not."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=slave, stderr=slave)
    os.close(slave)
    assert process.stdin is not None
    process.stdin.write(typed.encode())
    process.stdin.close()
    printed = b""
    try:
        while data := os.read(master, 65536):
            printed += data
    except OSError:
        pass  # the terminal ends with the last process on it
    os.close(master)
    process.wait(10)
    return printed.decode(errors="replace").replace("\r\n", "\n")


@pytest.mark.parametrize("on_a_terminal", [True, False])
def test_it_answers_as_redis_cli_does(server: Server, course: Path, on_a_terminal: bool) -> None:
    real = [real_redis_cli(), "-p", str(server.port), *(["--no-raw"] if on_a_terminal else [])]
    ours = [sys.executable, "-m", "grader.cli", "redis", "cli", "--redis", f"redis://127.0.0.1:{server.port}"]
    said = []
    for command in (real, ours):
        server.reset()
        if on_a_terminal:
            text = printed_on_a_terminal(command, COMMANDS)
        else:
            done = subprocess.run(command, input=COMMANDS.encode(), capture_output=True, timeout=30, check=False)
            text = done.stdout.decode(errors="replace")
        said.append([line for line in text.splitlines() if "id" not in line.split(" ")[:2] and '# "id"' not in line])
    assert said[0] == said[1]
    assert len(said[0]) >= len(COMMANDS.split("\n"))


def test_the_prompt_tells_database_and_transaction_and_listens_until_ctrl_c(
    address: str, server: Server, terminal: Callable[..., Terminal]
) -> None:
    here = f"127.0.0.1:{server.port}"
    prompt = terminal("redis", "cli", "--redis", address, columns=120)
    prompt.see(f"{here}>")
    prompt.send("SELECT 3\r")
    prompt.see(f"OK\n{here}[3]>")
    prompt.send("MULTI\r")
    prompt.see(f"OK\n{here}[3](TX)>")
    prompt.send("SET mine 1\r")
    prompt.see("QUEUED")
    prompt.send("EXEC\r")
    prompt.see(f"1) OK\n{here}[3]>")
    prompt.send("SUBSCRIBE news\r")
    prompt.see('Reading messages... (press Ctrl-C to quit)\n1) "subscribe"\n2) "news"\n3) (integer) 1\n')
    server.client().publish("news", "hello")
    prompt.see('1) "message"\n2) "news"\n3) "hello"\n')
    prompt.send("\x03")
    prompt.see(f"{here}[3]>")
    prompt.send("GET mine\r")
    prompt.see('"1"')
    prompt.send("\x1b[A\x1b[A\r")  # twice the up arrow: the history
    prompt.see("Reading messages")
    prompt.send("\x03")
    prompt.see(f"{here}[3]>")
    prompt.send("\x04")
    assert prompt.ended() == 0
    assert "Traceback" not in prompt.text


def test_passwords_stay_out_of_the_history(
    address: str, course: Path, terminal: Callable[..., Terminal], until: Callable[..., None]
) -> None:
    prompt = terminal("redis", "cli", "--redis", address)
    prompt.see(">")
    prompt.send("AUTH default hunter2\r")
    prompt.see("OK")
    prompt.send("PING\r")
    prompt.see("PONG")
    prompt.send("EXIT\r")
    assert prompt.ended() == 0
    kept = (course / ".course" / "redis-history").read_text()
    assert "PING" in kept
    assert "hunter2" not in kept


def test_a_redis_that_goes_away_is_said_and_found_again(
    course: Path, newest_binary: Binary, terminal: Callable[..., Terminal]
) -> None:
    with standalone(binary=newest_binary, port=0) as mine:
        prompt = terminal("redis", "cli", "--redis", f"redis://127.0.0.1:{mine.port}", columns=120)
        prompt.see(">")
        mine.kill()
        prompt.send("PING\r")
        prompt.see("Error: Server closed the connection")
        prompt.see(f"Could not connect to Redis at 127.0.0.1:{mine.port}: Connection refused")
        prompt.see("not connected>")
        mine.restart()
        prompt.send("PING\r")
        prompt.see("PONG")


@pytest.mark.parametrize(
    ("words", "status", "out"),
    [
        (["SET", "word", "--help"], 0, "OK\n"),
        (["FOO"], 1, "ERR unknown command 'FOO', with args beginning with: \n\n"),
    ],
)
def test_one_command_is_run_as_it_is_typed(
    process: Run, course: Path, address: str, words: list[str], status: int, out: str
) -> None:
    assert process("redis", "cli", "--redis", address, *words) == Ran(status, out, "")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("redis://127.0.0.1:1", "No Redis answers at redis://127.0.0.1:1, which REDIS_URL names"),
        ("nonsense", "REDIS_URL is 'nonsense', which is no address of a Redis"),
    ],
)
@pytest.mark.parametrize("command", ["cli", "status"])
def test_an_address_without_a_redis_is_a_sentence(
    run: Run, course: Path, monkeypatch: pytest.MonkeyPatch, url: str, sentence: str, command: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    ran = run("redis", command)
    assert ran.status == (2 if command == "cli" else 1)
    assert sentence in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_start_status_and_stop(run: Run, course: Path) -> None:
    assert run("redis", "status").status == 1
    assert run("redis", "start").status == 0
    try:
        found = json.loads(run("redis", "status", "--json").out)
        assert found["answers"] is True
        pid = json.loads((course / ".course" / "redis.json").read_text())["pid"]
        assert found["address"] in run("redis", "start").out, "a second start finds the first one's server"
        assert json.loads((course / ".course" / "redis.json").read_text())["pid"] == pid
        os.kill(pid, signal.SIGSTOP)
        assert run("redis", "status").status == 1, "one that does not answer is not said to"
    finally:
        stopped = run("redis", "stop")
    assert stopped.status == 0
    assert "What it held is gone" in stopped.out
    again = run("redis", "stop")
    assert again.status == 2
    assert "No Redis that was started with `course redis start` runs" in again.err


def test_a_server_that_cannot_be_remembered_is_not_left_behind(
    run: Run, course: Path, monkeypatch: pytest.MonkeyPatch, until: Callable[..., None]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    started: list[int] = []
    launch = sys.modules["grader.servers.background"].__dict__["_launch"]

    def noticed(*words: object) -> object:
        state = launch(*words)
        started.append(state.pid)
        return state

    monkeypatch.setattr("grader.servers.background._launch", noticed)
    monkeypatch.setattr("grader.servers.background._write", full)
    ran = run("redis", "start")
    assert ran.status == 2
    assert "No space left on device" in ran.err
    (pid,) = started
    children = sys.modules["grader.servers.background"].__dict__["_children"]
    until(lambda: children[pid].poll() is not None)
