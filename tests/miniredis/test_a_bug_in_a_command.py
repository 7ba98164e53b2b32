"""A mistake in a command's own code: its client is told, the log has the place, and the server goes on."""

from __future__ import annotations

import pytest
from miniredis import commands
from miniredis.commands.table import COMMANDS
from miniredis.config import Config
from miniredis.connection import Client
from miniredis.persistence.aof import CannotGoOn
from miniredis.resp import CommandError, Reply
from miniredis.server import Server

assert commands.__all__  # importing them registers them


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """GET raises `error`."""

    def handler(client: Client, args: list[bytes]) -> Reply:
        raise error

    monkeypatch.setattr(COMMANDS[b"GET"], "handler", handler)


def run(client: Client, line: bytes) -> Reply:
    return client.server.process(client, line.split())


def test_its_client_hears_an_error_and_the_others_are_served(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, ValueError("two\r\nlines"))
    client = Client(Server(Config()), None)
    reply = run(client, b"GET key")
    assert isinstance(reply, CommandError)
    assert reply.text == "ERR internal error: ValueError: two lines"
    assert run(client, b"EXISTS key") == 0
    log = capsys.readouterr().err
    assert "Traceback (most recent call last)" in log
    assert "test_a_bug_in_a_command.py" in log


def test_in_a_transaction_it_is_one_reply_among_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyError("k"))
    server = Server(Config())
    heard: list[Reply] = []

    class Recorder(Client):
        def send(self, reply: Reply) -> None:
            heard.append(reply)

    client = Recorder(server, None)
    for line in (b"MULTI", b"GET key", b"EXISTS key", b"EXEC"):
        run(client, line)
    _, bug, exists = heard
    assert isinstance(bug, CommandError) and exists == 0
    assert run(client, b"EXISTS key") == 0 and not client.in_exec


def test_a_promise_that_cannot_be_kept_still_ends_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, CannotGoOn("the disk is full"))
    with pytest.raises(CannotGoOn):
        run(Client(Server(Config()), None), b"GET key")
