"""Blunders: commands that must be refused, and must leave everything as it was."""

from __future__ import annotations

from grader.checks.soak.work import Step, Work, anything, refused, step


class Blunders(Work):
    """One key holds text and another a list, for good."""

    family = "blunders"

    def _start(self) -> None:
        self._text_at, self._list_at, *_ = self._keys
        self._there = False

    def _made(self) -> list[Step]:
        if self._there:
            return []
        self._there = True
        return [
            step("SET", self._text_at, "text", gives=anything()),
            step("DEL", self._list_at, gives=anything()),
            step("RPUSH", self._list_at, "one", "two", gives=2),
        ]

    def wrong_type(self) -> list[Step]:
        wrong = refused("WRONGTYPE")
        return [
            *self._made(),
            step("LPUSH", self._text_at, "x", gives=wrong),
            step("GET", self._list_at, gives=wrong),
            step("LLEN", self._list_at, gives=2),
        ]

    def no_number(self) -> list[Step]:
        return [*self._made(), step("INCR", self._text_at, gives=refused()), step("GET", self._text_at, gives=b"text")]

    def wrong_arity(self) -> list[Step]:
        return [step("SET", self._keys[2], gives=refused()), step("GET", gives=refused())]

    def wrong_options(self) -> list[Step]:
        key = self._keys[2]
        return [
            step("SET", key, "x", "EX", "0", gives=refused()),
            step("SET", key, "x", "NX", "XX", gives=refused()),
            step("SETEX", key, "soon", "x", gives=refused()),
            step("EXISTS", key, gives=0),
        ]

    def no_end(self) -> list[Step]:
        return [*self._made(), step("EXPIRE", self._text_at, "never", gives=refused())]

    def unknown(self) -> list[Step]:
        wrong = refused("ERR unknown command")
        return [step(self._chance.choice(("NOSUCHCOMMAND", "GETT", "")), self._text_at, gives=wrong)]

    def exec_without_multi(self) -> list[Step]:
        return [step("EXEC", gives=refused()), step("DISCARD", gives=refused())]
