"""A real kernel with the course in it, for the tests of what a learner sees in a notebook."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel


@dataclass
class Shown:
    """What a cell showed: the card's HTML and text, and the error's lines if it raised."""

    html: str = ""
    text: str = ""
    printed: str = ""
    error: list[str] = field(default_factory=list)

    @property
    def everything(self) -> str:
        return "\n".join([self.text, self.printed, *self.error])


Cell = Callable[..., Shown]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course")
    (folder / "modules").mkdir()
    (folder / "notebooks" / "week1").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def kernel(course: Path) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    environment = {k: v for k, v in os.environ.items() if k != "REDIS_URL"}
    manager, client = start_new_kernel(cwd=str(course / "notebooks" / "week1"), env=environment)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def cell(kernel: tuple[KernelManager, BlockingKernelClient], course: Path) -> Cell:
    """Run a cell and return what it showed; each test starts with the course imported and no progress."""
    _, client = kernel

    def run(source: str, cell_id: str | None = None, seconds: float = 30) -> Shown:
        shown = Shown()

        def hear(message: dict[str, object]) -> None:
            content: dict = message["content"]  # type: ignore[type-arg, assignment]
            match message["header"]["msg_type"]:  # type: ignore[index]
                case "display_data" | "execute_result":
                    shown.html += content["data"].get("text/html", "")
                    shown.text += content["data"].get("text/plain", "") + "\n"
                case "stream":
                    shown.printed += content["text"]
                case "error":
                    shown.error += content["traceback"]

        content = {
            "code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": False,
        }  # fmt: skip
        message = client.session.msg("execute_request", content, metadata={"cellId": cell_id} if cell_id else None)
        client.shell_channel.send(message)
        while True:
            heard = client.get_iopub_msg(timeout=seconds)
            if heard["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            hear(heard)
            if heard["header"]["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
                return shown

    (course / ".course" / "progress.yml").unlink(missing_ok=True)
    run("from grader.notebook import check, connect, hint")
    run("for name in ('page_view', 'page_views'): globals().pop(name, None)")
    return run
