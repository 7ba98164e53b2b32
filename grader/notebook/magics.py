"""``%%wire`` and ``%%redis``: known to the kernel as soon as the course is imported.

A ``%%wire`` cell runs as if the line were not there (its errors, its last value, its line numbers, ``await``): the
line is taken away before IPython reads the cell, and what the cell sent is shown when it has ended. A ``%%redis`` cell
is not Python at all; see `grader.notebook.redis_cell`.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from grader.wire.transcript import Cost

_WIRE = re.compile(r"%%wire(?:[ \t]+(?P<words>[^\n]*?))?[ \t]*(?:\n|$)")
_OPTIONS = {"--bytes"}
_NOTHING = (
    "Nothing was sent. Clients of connect() are seen here; a socket or a client of another make is when it connects "
    "to wire.address or wire.url."
)

_ENCRYPTED = "Nothing was seen: the connection to your Redis is encrypted (rediss://)."


@dataclass
class _Watched:
    """A ``%%wire`` cell that is running."""

    source: str
    cost: Cost
    options: set[str]
    end: ExitStack


class WireMagic:
    """Listens to the kernel's cells for ``%%wire``."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._running: list[_Watched] = []
        shell.input_transformers_cleanup.append(_without_wire)
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)
        shell.register_magic_function(self.wire, "cell", "wire")
        shell.register_magic_function(_redis, "cell", "redis")

    def wire(self, line: str, cell: str) -> None:
        """Show what the cell sends to Redis: one line a command, round trips as brackets.

        ``%%wire --bytes`` shows the bytes as well. Clients made with ``connect(name="A")`` get a column each.
        """
        from grader.notebook.quiet import Quiet

        wrong = set(line.split()) - _OPTIONS
        if wrong:
            raise Quiet(f"%%wire does not know {' '.join(sorted(wrong))}. There is %%wire and %%wire --bytes.")
        self._shell.run_cell(f"%%wire {line}\n{cell}")

    def _before(self, info: Any) -> None:
        source = getattr(info, "raw_cell", "") or ""
        options = _options(source)
        if options is None:
            return
        from grader.notebook.wire import kernel_wire

        end = ExitStack()
        self._running.append(_Watched(source, end.enter_context(kernel_wire().measure()), options, end))

    def _after(self, result: Any) -> None:
        source = getattr(getattr(result, "info", None), "raw_cell", None)
        if not self._running or self._running[-1].source != source:
            return
        watched = self._running.pop()
        watched.end.close()
        from IPython.display import display

        from grader.notebook.transcript_card import TranscriptCard
        from grader.notebook.wire import kernel_wire

        nothing = _ENCRYPTED if kernel_wire().unseen else _NOTHING
        display(TranscriptCard(watched.cost, show_bytes="--bytes" in watched.options, nothing=nothing))


def _redis(line: str, cell: str) -> None:
    """Run redis-cli commands, one a line, and show their replies as redis-cli does.

    ``%%redis`` is a connection of its own, which ends with the cell. ``%%redis A`` keeps the connection named A open
    for the next ``%%redis A``, so that two of them can take turns.
    """
    from grader.notebook.redis_cell import run

    run(line, cell)


def _options(source: str) -> set[str] | None:
    """The options of a cell's ``%%wire``; None for a cell without, or with options there are not."""
    found = _WIRE.match(source.lstrip("\n \t"))
    words = set((found["words"] or "").split()) if found else {""}
    return words if words <= _OPTIONS else None


def _without_wire(lines: list[str]) -> list[str]:
    """Take ``%%wire`` away, leaving an empty line so that the others keep their numbers."""
    if not lines or _options("".join(lines[:1])) is None:
        return lines
    # A magic below it has to be in the first line to be one.
    rest = [line for line in lines[1:] if line.strip()]
    return lines[1:] if rest and rest[0].startswith("%%") else ["\n", *lines[1:]]
