"""The scripted connection behaves as a socket does, cuts replies as told, and never lets a reader wait."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator

import pytest

from grader.checks.scripted_socket import Command, Cut, ScriptedSocket, anyhow, one_by_one, single_bytes, then, together
from grader.checks.verdict import Broken
from grader.resp import encode_command

PING = encode_command("PING")
Opener = Callable[..., ScriptedSocket]


def echo(command: Command) -> bytes:
    return b"+%b\r\n" % command[0]


@pytest.fixture
def opened() -> Iterator[Opener]:
    lines: list[ScriptedSocket] = []

    def opener(cut: Cut = together, **options: object) -> ScriptedSocket:
        lines.append(ScriptedSocket.open(echo, cut, **options))  # type: ignore[arg-type]
        return lines[-1]

    yield opener
    for line in lines:
        line.hang_up()


def drained(line: socket.socket, size: int = 4096) -> list[bytes]:
    pieces = []
    while True:
        try:
            pieces.append(line.recv(size))
        except Broken:
            return pieces


@pytest.mark.parametrize(
    ("cut", "pieces"),
    [
        (one_by_one, [b"+PING\r\n", b"+PING\r\n"]),
        (together, [b"+PING\r\n+PING\r\n"]),
        (single_bytes, [bytes([b]) for b in b"+PING\r\n+PING\r\n"]),
    ],
)
def test_replies_arrive_in_the_pieces_asked_for(opened: Opener, cut: Cut, pieces: list[bytes]) -> None:
    line = opened(cut)
    line.sendall(PING + PING)
    assert drained(line) == pieces


def test_random_pieces_are_whole_together_and_the_same_for_the_same_seed(opened: Opener) -> None:
    runs = []
    for _ in range(2):
        line = opened(anyhow(7))
        line.sendall(PING * 20)
        runs.append(drained(line))
    assert runs[0] == runs[1]
    assert len(runs[0]) > 10
    assert b"".join(runs[0]) == b"+PING\r\n" * 20


def test_a_command_may_be_sent_in_parts_and_is_answered_when_it_is_whole(opened: Opener) -> None:
    line = opened()
    line.sendall(PING[:5])
    assert line.commands == []
    line.send(PING[5:])
    assert line.commands == [(b"PING",)]
    assert line.recv(100) == b"+PING\r\n"
    assert line.sends == 2


def test_a_file_made_of_it_reads_and_writes(opened: Opener) -> None:
    line = opened(single_bytes)
    with line.makefile("rwb") as file:
        file.write(PING)
        file.flush()
        assert file.readline() == b"+PING\r\n"


def test_poll_sees_bytes_that_can_be_read_and_no_others(opened: Opener) -> None:
    line = opened()
    # Not `select.select`, which refuses the high numbers that a process of many tests comes to.
    waiting = select.poll()
    waiting.register(line, select.POLLIN)
    assert waiting.poll(0) == []
    line.sendall(PING)
    assert waiting.poll(0) == [(line.fileno(), select.POLLIN)]


def test_peeking_takes_nothing_and_waiting_for_all_gathers_pieces(opened: Opener) -> None:
    line = opened(single_bytes)
    line.sendall(PING)
    assert line.recv(100, socket.MSG_PEEK) == b"+"
    assert line.unread == 7
    assert line.recv(7, socket.MSG_WAITALL) == b"+PING\r\n"
    assert line.unread == 0


def test_reading_on_past_the_last_reply_is_a_finding(opened: Opener) -> None:
    line = opened(past="reads-past")
    line.sendall(PING)
    line.recv(100)
    with pytest.raises(Broken) as caught:
        line.recv(100)
    assert caught.value.misconception == "reads-past"
    assert line.fault is caught.value


def test_reading_before_all_commands_are_sent_is_a_finding(opened: Opener) -> None:
    line = opened(expects=2, early="waits")
    line.sendall(PING)
    with pytest.raises(Broken) as caught:
        line.recv(100)
    assert caught.value.misconception == "waits"
    line.sendall(PING)
    assert line.recv(100) == b"+PING\r\n"


def test_an_incomplete_command_is_told_from_reading_too_much(opened: Opener) -> None:
    line = opened(past="reads-past")
    line.sendall(PING[:-1])
    with pytest.raises(Broken) as caught:
        line.recv(100)
    assert caught.value.misconception is None
    assert "incomplete" in caught.value.happened


@pytest.mark.parametrize("junk", [b"PING\r\n", b"+PING\r\n", b"*1\r\n:1\r\n", b"*0\r\n"])
def test_what_is_no_command_is_a_finding(opened: Opener, junk: bytes) -> None:
    with pytest.raises(Broken, match="arrays of bulk strings"):
        opened().sendall(junk)


def test_after_the_end_a_reader_gets_nothing_and_one_that_goes_on_is_stopped(opened: Opener) -> None:
    line = opened(then(together, 3, b""), spins="spins")
    line.sendall(PING)
    assert [line.recv(100), line.recv(100), line.recv(100)] == [b"+PI", b"", b""]
    with pytest.raises(Broken) as caught:
        for _ in range(10):
            line.recv(100)
    assert caught.value.misconception == "spins"


def test_an_error_in_the_middle_is_raised_once_and_the_rest_comes_afterwards(opened: Opener) -> None:
    line = opened(then(together, 3, TimeoutError("timed out")))
    line.sendall(PING)
    assert line.recv(100) == b"+PI"
    with pytest.raises(TimeoutError):
        line.recv(100)
    assert line.recv(100) == b"NG\r\n"


def test_an_error_may_come_before_the_first_byte(opened: Opener) -> None:
    line = opened(then(together, 0, TimeoutError("timed out")))
    line.sendall(PING)
    with pytest.raises(TimeoutError):
        line.recv(100)
    assert line.recv(100) == b"+PING\r\n"


def test_a_closed_or_shut_connection_takes_nothing(opened: Opener) -> None:
    shut, closed = opened(), opened()
    shut.shutdown(socket.SHUT_RDWR)
    closed.close()
    for line in (shut, closed):
        with pytest.raises(OSError):
            line.sendall(PING)


def test_a_reply_larger_than_any_buffer_comes_through(opened: Opener) -> None:
    big = b"+" + b"x" * 1_000_000 + b"\r\n"
    line = ScriptedSocket.open(lambda _command: big)
    try:
        line.sendall(PING)
        assert b"".join(drained(line)) == big
    finally:
        line.hang_up()


def test_without_blocking_an_empty_connection_says_so_as_a_socket_does(opened: Opener) -> None:
    line = opened()
    line.setblocking(False)
    with pytest.raises(BlockingIOError):
        line.recv(1)
