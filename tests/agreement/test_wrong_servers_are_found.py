"""Servers that are wrong in one place are found, and shown by the shortest script and the bytes.

The messages are golden files in `messages/`: what a learner reads is part of the behaviour.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from agreement.tiny import KNOWN, Hangup, Tiny, bulk, running
from available import binary_of

from grader.checks.agreement.agree import Agreement, Disagreement, compare_servers
from grader.checks.agreement.manners import Manner
from grader.checks.agreement.script import Scripts, cmd, key, many, scripts, text
from grader.servers import LocalServer, standalone

MESSAGES = Path(__file__).parent / "messages"
GENERATOR: Scripts = scripts(
    cmd("SET", key, text),
    cmd("GET", key),
    cmd("APPEND", key, text),
    cmd("STRLEN", key),
    cmd("DEL", many(key)),
    cmd("EXISTS", many(key)),
    cmd("PING"),
)


@pytest.fixture(scope="module")
def real() -> Iterator[LocalServer]:
    with standalone(binary=binary_of("8.2")) as server:
        yield server


def found(tiny: Tiny, real: LocalServer, timeout: float = 0.5) -> Disagreement:
    with running(tiny) as path:
        result = compare_servers(path, real, GENERATOR, known=KNOWN, timeout=timeout, examples=400, shrink_seconds=30)
    assert isinstance(result, Disagreement), "the two agree"
    return result


class OtherType(Tiny):
    def append(self, key: bytes, value: bytes) -> bytes:
        return bulk(super().append(key, value)[1:-2])


class OtherWords(Tiny):
    def answer(self, args: list[bytes]) -> bytes:
        return super().answer(args).replace(b"wrong number", b"Wrong number")


class Characters(Tiny):
    def strlen(self, key: bytes) -> bytes:
        return b":%d\r\n" % len(self.data.get(key, b"").decode("utf-8", "replace"))


class KeepsAppended(Tiny):
    def append(self, key: bytes, value: bytes) -> bytes:
        return b":%d\r\n" % len(self.data.get(key, b"") + value)


class Silent(Tiny):
    def get(self, key: bytes) -> bytes:
        return super().get(key) if key in self.data else b""


class HangsUp(Tiny):
    def set(self, key: bytes, value: bytes) -> bytes:
        if not value:
            raise Hangup
        return super().set(key, value)


class Garbage(Tiny):
    def exists(self, *keys: bytes) -> bytes:
        return b"1\r\n"


class Half(Tiny):
    def get(self, key: bytes) -> bytes:
        return super().get(key).removesuffix(b"\r\n")


class Chatty(Tiny):
    def delete(self, *keys: bytes) -> bytes:
        return super().delete(*keys) + b"+OK\r\n"


class OneRecv(Tiny):
    def received(self, client: int, data: bytes) -> bytes:
        self.buffers.clear()
        return super().received(client, data)


class FirstOnly(Tiny):
    """Answers the first command of what it received and forgets the rest."""

    answered = False

    def received(self, client: int, data: bytes) -> bytes:
        self.answered = False
        return super().received(client, data)

    def answer(self, args: list[bytes]) -> bytes:
        if self.answered:
            return b""
        self.answered = True
        return super().answer(args)


class Capitals(Tiny):
    def name(self, word: bytes) -> str:
        return word.decode("latin-1") if word.isupper() or word.islower() else "?"


class NoInline(Tiny):
    def received(self, client: int, data: bytes) -> bytes:
        if not self.buffers.get(client) and data.startswith(b"PING"):
            raise Hangup
        return super().received(client, data)


WRONG: dict[str, type[Tiny]] = {
    "other-type": OtherType,
    "other-words": OtherWords,
    "characters": Characters,
    "keeps-appended": KeepsAppended,
    "silent": Silent,
    "hangs-up": HangsUp,
    "garbage": Garbage,
    "half": Half,
    "chatty": Chatty,
    "one-recv": OneRecv,
    "first-only": FirstOnly,
    "capitals": Capitals,
    "no-inline": NoInline,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_server_wrong_in_one_place_is_shown_by_the_shortest_script(name: str, real: LocalServer) -> None:
    shown = found(WRONG[name](), real)
    assert f"{shown.finding.text}\n" == (MESSAGES / f"{name}.txt").read_text(encoding="utf-8")


def test_a_right_server_is_not_accused(real: LocalServer) -> None:
    with running(Tiny()) as path:
        result = compare_servers(path, real, GENERATOR, known=KNOWN, examples=150)
    assert isinstance(result, Agreement)
    assert result.complete
    assert result.tally.different == 0


def test_the_same_seed_finds_the_same_script(real: LocalServer) -> None:
    assert found(Characters(), real).script == found(Characters(), real).script


def test_a_server_that_hangs_costs_seconds_not_minutes(real: LocalServer) -> None:
    class Dead(Tiny):
        def received(self, client: int, data: bytes) -> bytes:
            return b""

    before = time.monotonic()
    shown = found(Dead(), real, timeout=1.0)
    assert time.monotonic() - before < 15
    assert shown.finding.sentence == "yours sent nothing for 1 s"
    assert len(shown.finding.script) == 1


def test_a_server_that_is_not_there_is_reported_in_words(real: LocalServer, tmp_path: Path) -> None:
    result = compare_servers(tmp_path / "nobody", real, GENERATOR, known=KNOWN)
    assert isinstance(result, Disagreement)
    assert result.finding.sentence == "yours could not be reached: No such file or directory"


def test_a_manner_that_was_not_asked_for_is_not_used(real: LocalServer) -> None:
    with running(Capitals()) as path:
        result = compare_servers(
            path, real, GENERATOR, known=KNOWN, manners={Manner.ONE_BY_ONE, Manner.TOGETHER, Manner.CUT}
        )
    assert isinstance(result, Agreement)
