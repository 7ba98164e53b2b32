"""`course soak` and `course suite`: whose server, the right status, a report, and Ctrl-C in the middle."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

from grader.servers import Binary, standalone
from tests.cli.conftest import Ran, Terminal
from tests.soak.conftest import write_spoiled

Run = Callable[..., Ran]
LITTLE = ("--seconds", "0.4", "--clients", "6")


def test_a_soak_of_a_given_redis_sums_up_and_leaves_a_report(run: Run, course: Path, newest_binary: Binary) -> None:
    with standalone(binary=newest_binary, port=0) as server:
        ran = run("soak", "--redis", server.url, *LITTLE)
    assert ran.status == 0
    assert "every reply was checked" in ran.out
    assert (course / "course-report" / "soak.html").is_file()
    assert (course / "course-report" / "soak.png").is_file()


def test_a_soak_can_be_told_as_json(run: Run, course: Path, newest_binary: Binary) -> None:
    with standalone(binary=newest_binary, port=0) as server:
        ran = run("soak", "--redis", server.url, *LITTLE, "--json")
    told = json.loads(ran.out)
    assert told["sound"] is True
    assert told["operations"] > 0
    assert told["error_rate"] == 0


def test_your_own_server_is_soaked_unless_another_is_named(run: Run, course: Path) -> None:
    write_spoiled(course / "notebooks", 'COMMANDS[b"GETDEL"].handler = COMMANDS[b"GET"].handler', "miniredis")
    ran = run("soak", *LITTLE)
    assert ran.status == 1
    assert "Soak of notebooks/miniredis" in ran.out
    assert "GETDEL" in ran.out


def test_a_server_that_lacks_what_a_soak_needs_hears_one_sentence(run: Run, course: Path) -> None:
    write_spoiled(course / "notebooks", 'not_built("mini.set", b"SET")', "miniredis")
    ran = run("soak", *LITTLE)
    assert ran.status == 2
    assert "does not know SET (mini.set)" in ran.err
    assert ran.out == ""


def test_a_server_that_does_not_start_hears_its_own_line(run: Run, course: Path) -> None:
    write_spoiled(course / "notebooks", "1 / 0", "miniredis")
    ran = run("suite", "validation")
    assert ran.status == 2
    assert "ZeroDivisionError" in ran.err


def test_ctrl_c_sums_up_what_was_done_so_far(
    terminal: Callable[..., Terminal], course: Path, newest_binary: Binary
) -> None:
    with standalone(binary=newest_binary, port=0) as server:
        seen = terminal("soak", "--redis", server.url, "--seconds", "600", "--clients", "6", columns=100)
        seen.see("operations")
        seen.send("\x03")
        seen.see("ended by Ctrl-C")
        seen.see("every reply was checked")
        seen.see("soak.json")
        assert seen.ended() == 128 + signal.SIGINT


def test_a_suite_says_every_promise_and_the_sum(run: Run, course: Path, newest_binary: Binary) -> None:
    with standalone(binary=newest_binary, port=0) as server:
        ran = run("suite", "validation", "--redis", server.url)
    assert ran.status == 0
    assert "✔ PING is answered with PONG." in ran.out
    assert "promises kept." in ran.out


def test_a_suite_of_your_own_server_says_what_is_broken(run: Run, course: Path) -> None:
    write_spoiled(course / "notebooks", 'not_built("mini.incrby", b"INCRBY")', "miniredis")
    ran = run("suite", "validation")
    assert ran.status == 1
    assert "✘ A thousand commands sent at once" in ran.out
    assert "mini.incrby" in ran.out


def test_an_unknown_suite_and_two_servers_are_refused(run: Run, course: Path) -> None:
    ran = run("suite", "lost")
    assert ran.status == 2
    assert "There are: integration, stability, validation." in ran.err
    ran = run("soak", "--real", "--solutions")
    assert ran.status == 2
    assert "Only one server at a time" in ran.err
