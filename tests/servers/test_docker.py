"""What only Docker does: Compose for a person, and what is said when the engine or Compose is missing."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.owners import Owner

from grader.servers import PortBusy, Unreachable, compose_down, compose_up, container, learning, standalone
from grader.servers.container import compose_command
from grader.servers.process import free_port

ROOT = Path(__file__).parents[2]


def names(prefix: str) -> list[str]:
    """Return the names of the containers, running or not, that begin with `prefix`."""
    listed = ["docker", "ps", "--all", "--filter", f"name={prefix}", "--format", "{{.Names}}"]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture
def project(docker_image: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A Compose project of the test's own, so that a learner's is left alone."""
    name = f"redis-course-test-{os.getpid()}"
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", name)
    monkeypatch.setenv("REDIS_IMAGE", docker_image)
    yield name
    compose_down(ROOT)


@pytest.mark.docker
def test_compose_gives_a_healthy_redis_on_the_loopback_interface(project: str) -> None:
    port = free_port()
    url = compose_up(ROOT, port=port)
    assert learning(url).client().config_get("save") == {"save": ""}
    (name,) = names(project)
    state = subprocess.run(
        ["docker", "inspect", "--format", "{{.State.Health.Status}} {{json .NetworkSettings.Ports}}", name],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert state.startswith("healthy")
    assert f'{{"HostIp":"127.0.0.1","HostPort":"{port}"}}' in state
    compose_down(ROOT)
    assert names(project) == []


@pytest.mark.docker
def test_compose_says_when_the_port_is_taken_and_leaves_nothing(project: str) -> None:
    with standalone(port=0) as server:
        with pytest.raises(PortBusy, match="REDIS_PORT"):
            compose_up(ROOT, port=server.port)
        assert names(project) == []


@pytest.mark.docker
def test_compose_down_of_nothing_is_no_error(project: str) -> None:
    compose_down(ROOT)


@pytest.mark.docker
def test_a_container_and_its_volume_are_gone_after_the_block(docker_image: str) -> None:
    with container(docker_image) as server:
        name = server._container.name
        assert names(name) == [name]
        (volume,) = (mount["Name"] for mount in server._container.attrs["Mounts"])
    assert names(name) == []
    assert subprocess.run(["docker", "volume", "inspect", volume], capture_output=True, check=False).returncode == 1


@pytest.mark.docker
def test_a_container_is_gone_when_its_owner_is_killed(
    docker_image: str, owner: Callable[..., Owner], until: Callable[..., None]
) -> None:
    script = (
        "import sys\nfrom grader.servers import container\n"
        f"with container({docker_image!r}) as server:\n"
        "    print(server.port, flush=True)\n"
        "    print(server._container.name, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = owner(script)
    assert process.process.stdout is not None
    name = process.process.stdout.readline().strip()
    assert names(name) == [name]
    process.process.kill()
    until(lambda: names(name) == [])


def test_an_engine_that_does_not_answer_is_said_not_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(Unreachable, match="No Docker engine answers"), container("redis"):
        pass
    try:
        compose_command()
    except Unreachable:
        pytest.skip("no Docker Compose here")
    for attempt in (compose_up, compose_down):
        with pytest.raises(Unreachable, match="No Docker engine answers"):
            attempt(ROOT)


def test_a_missing_or_old_compose_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unreachable, match="not installed"):
        compose_up(ROOT)
    old = tmp_path / "docker-compose"
    old.write_text("#!/bin/sh\necho 1.29.2\n")
    old.chmod(0o755)
    with pytest.raises(Unreachable, match=r"version 1\.29\.2"):
        compose_up(ROOT)


@pytest.mark.docker
def test_the_start_script_does_nothing_when_an_engine_runs(docker_image: str) -> None:
    run = subprocess.run([ROOT / ".ci" / "start-docker"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_the_start_script_says_when_there_is_nothing_to_start(tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to(shutil.which("sh") or "/bin/sh")
    run = subprocess.run(
        [ROOT / ".ci" / "start-docker"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "there is no dockerd to start" in run.stderr
