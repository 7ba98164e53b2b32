"""Promises of the notebook 02-strings-and-counters."""

from __future__ import annotations

from typing import Any

from redis import Redis

from grader.checks import Answer, broken, exercise, expect
from grader.wire import Wire


@exercise("week1.page-views")
class TestPageViews:
    def test_counts(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """Every call adds one view and returns the total so far, as a number."""
        for total in (1, 2, 3):
            got = answer.page_view(redis, "home")
            expect(got, total, 'page_view(r, "home")', known={str(total): "returns-text"})

    def test_pages_apart(self, answer: Answer, redis: Redis) -> None:
        """Each page has a counter of its own."""
        answer.page_view(redis, "home")
        answer.page_view(redis, "home")
        got: Any = answer.page_view(redis, "about")
        expect(got, 1, 'page_view(r, "about") after two views of "home"', known={3: "one-counter-for-all"})

    def test_one_step(self, answer: Answer, redis: Redis, wire: Wire) -> None:
        """A view is one command, so that two visitors at once are both counted."""
        answer.page_view(redis, "home")
        wire.clear()
        answer.page_view(redis, "home")
        if "GET" in wire.names and "SET" in wire.names:
            broken("one command that adds", "GET and then SET were sent", "read-modify-write")
        if wire.round_trips != 1:
            broken("one round trip", f"{wire.round_trips} round trips were made")
