"""A faster `RequestReader` for clients that send many small commands at once: ``--parser split``.

Its trick: `bytes.split` cuts 64 KB at every CRLF in one call of C. In a pipeline of ordinary commands the pieces are a
header, a length, an argument, a length, an argument … and if each argument is as long as the piece before it says,
nothing was cut in the wrong place. Whatever is not like that (an argument with CRLF in it, half a command, an error, a
typed line) is left to the careful reader, from that very command on. So both understand the same bytes in the same way.

It is as fast as the parser of hiredis, written in C: that one reads more kinds of things than a request may hold, and
its results would have to be checked.
"""

from __future__ import annotations

import contextlib

from miniredis.resp import CRLF, Args, RequestReader

# Pieces that are cut at a time: more would be in vain when the first argument has a thousand line ends in it.
PIECES = 1024
# Bytes below which it is not worth while.
LEAST = 200
_COUNTS = {b"*%d" % count: count for count in range(1, 256)}
_LENGTHS = [b"$%d" % length for length in range(1024)]


class PipelineReader(RequestReader):
    """As `RequestReader`; reads ahead where that is simple."""

    __slots__ = ("_ready",)

    def __init__(self) -> None:
        super().__init__()
        self._ready: list[Args] = []  # understood already, the next one last

    def next(self) -> Args | None:
        """Return the next complete command, or None when there is none yet."""
        if self._ready:
            return self._ready.pop()
        # Strangers are watched more closely.
        if self._missing == 0 and len(self._data) - self._at > LEAST and self.authenticated and self._read_ahead():
            return self._ready.pop()
        return super().next()

    def _read_ahead(self) -> bool:
        """Understand as many commands as are simple; whether there were any."""
        data = self._data[self._at :] if self._at else self._data
        pieces = data.split(CRLF, PIECES)
        commands: list[Args] = []
        at, last = 0, len(pieces) - 1  # the last piece is what stands behind the last CRLF
        with contextlib.suppress(IndexError):  # an argument is longer than the table of lengths
            while (count := _COUNTS.get(pieces[at], 0)) and (end := at + 1 + 2 * count) <= last:
                args = pieces[at + 2 : end : 2]
                if [_LENGTHS[len(arg)] for arg in args] != pieces[at + 1 : end : 2]:
                    break
                commands.append(args)
                at = end
        left = sum(map(len, pieces[at:])) + 2 * (last - at)
        self._at = len(self._data) - left
        commands.reverse()
        self._ready = commands
        return bool(commands)
