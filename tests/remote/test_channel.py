"""The frames between grader and worker: cut anywhere, for several who wait, and whatever a stranger sends."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from grader.inside.channel import Channel, Garbage, Gone, Inbox, Message


def _frame(message: object) -> bytes:
    data = json.dumps(message).encode()
    return struct.pack(">I", len(data)) + data


class _End:
    """A channel whose messages go to the inbox that they name."""

    def __init__(self) -> None:
        ours, self.far = socket.socketpair()
        self.inboxes = {"a": Inbox(), "b": Inbox()}
        self.channel = Channel(ours, lambda message: self.inboxes.get(str(message["to"])))

    def wait(self, name: str, seconds: float | None = 5.0) -> Message | None:
        return self.channel.wait(self.inboxes[name], seconds)


@pytest.fixture
def end() -> Iterator[_End]:
    made = _End()
    yield made
    made.channel.close()
    made.far.close()


def test_a_frame_may_arrive_byte_by_byte(end: _End) -> None:
    data = _frame({"to": "a", "n": 1}) + _frame({"to": "a", "n": 2})

    def drip() -> None:
        for byte in data:
            end.far.sendall(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    assert [(end.wait("a") or {})["n"], (end.wait("a") or {})["n"]] == [1, 2]
    thread.join()


def test_each_who_waits_gets_his_own_whoever_reads(end: _End) -> None:
    got: dict[str, list[int]] = {"a": [], "b": []}

    def wait(name: str) -> None:
        for _ in range(200):
            got[name].append((end.wait(name) or {})["n"])

    threads = [threading.Thread(target=wait, args=(name,)) for name in got]
    for thread in threads:
        thread.start()
    for n in range(200):
        end.far.sendall(_frame({"to": "b", "n": n}) + _frame({"to": "a", "n": n}))
    for thread in threads:
        thread.join(10)
    assert got == {"a": list(range(200)), "b": list(range(200))}


def test_nobody_waits_longer_than_was_said(end: _End) -> None:
    assert end.wait("a", 0.02) is None


def test_a_message_for_nobody_is_dropped(end: _End) -> None:
    end.far.sendall(_frame({"to": "nobody"}) + _frame({"to": "a", "n": 1}))
    assert end.wait("a") == {"to": "a", "n": 1}


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", 0) + b"",
        _frame([1]),
        _frame("text"),
        _frame({"no": "address"}),
        struct.pack(">I", 4) + b"{{{{",
        struct.pack(">I", 2) + b"\xff\xfe",
        struct.pack(">I", 0xFFFFFFFF),
        struct.pack(">I", 200_000) + b"[" * 200_000,
    ],
)
def test_what_is_no_message_ends_the_conversation_for_everybody(end: _End, data: bytes) -> None:
    end.far.sendall(data)
    for name in ("a", "b"):
        with pytest.raises(Garbage):
            end.wait(name)


def test_the_end_of_the_other_end_is_told_after_what_it_said(end: _End) -> None:
    end.far.sendall(_frame({"to": "a", "n": 1}) + b"\x00\x00")
    end.far.close()
    assert end.wait("a") == {"to": "a", "n": 1}
    with pytest.raises(Gone):
        end.wait("a")
    with pytest.raises(Gone):
        end.channel.send({"n": 1})
        end.channel.send({"n": 2})
