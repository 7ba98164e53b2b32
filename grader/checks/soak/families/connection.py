"""The connection and the server: what a client asks about itself and about whom it talks to."""

from __future__ import annotations

from grader.checks.soak.work import OK, Rule, Step, Work, between, step


class Connection(Work):
    """Nothing is kept; a name is set and asked for in one go, as another of this client's connections has another."""

    family = "connection"

    def _start(self) -> None:
        """There is nothing to hold."""

    def ping(self) -> list[Step]:
        text = self._text()
        return [step("PING", gives=b"PONG"), step("PING", text, gives=text)]

    def echo(self) -> list[Step]:
        text = self._text()
        return [step("ECHO", text, gives=text)]

    def name(self) -> list[Step]:
        word = self._word()
        return [step("CLIENT", "SETNAME", word, gives=OK), step("CLIENT", "GETNAME", gives=word)]

    def id(self) -> list[Step]:
        return [step("CLIENT", "ID", gives=between(1, 2**63))]

    def time(self) -> list[Step]:
        return [step("TIME", gives=Rule("seconds and microseconds", lambda reply: int(reply[0]) > int(reply[1])))]

    def size(self) -> list[Step]:
        return [step("DBSIZE", gives=between(0, 2**63))]

    def info(self) -> list[Step]:
        told = Rule("text with redis_version", lambda reply: b"redis_version:" in bytes(reply))
        return [step("INFO", "server", gives=told)]
