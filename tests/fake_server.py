"""A Unix socket that answers each command with bytes chosen beforehand, or passes them on and takes note."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.resp import INCOMPLETE, Reader


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """The path of a socket whose connections are handed to `serve`, one after the other."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        path = str(Path(folder) / "s")
        listener.bind(path)
        listener.listen()

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield path
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


@contextmanager
def answering(answer: Callable[[list[bytes]], bytes]) -> Iterator[str]:
    """A server that answers each command with the bytes `answer` makes of it."""

    def serve(connection: socket.socket) -> None:
        reader = Reader()
        while data := connection.recv(65536):
            reader.feed(data)
            while (command := reader.read()) is not INCOMPLETE:
                connection.sendall(answer(command))

    with listening(serve) as path:
        yield path


@contextmanager
def relaying(target: str, heard: list[bytes]) -> Iterator[str]:
    """A way to the Redis at the Unix socket `target`; what it answers is appended to `heard`."""

    def serve(connection: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as upstream:
            upstream.connect(target)

            def back() -> None:
                while data := upstream.recv(65536):
                    heard.append(data)
                    connection.sendall(data)

            thread = threading.Thread(target=back, daemon=True)
            thread.start()
            while data := connection.recv(65536):
                upstream.sendall(data)
            upstream.shutdown(socket.SHUT_WR)
            thread.join(10)

    with listening(serve) as path:
        yield path
