"""A client for Redis in one small file: a socket, bytes out, bytes in.

The exercise `week1.tiny-client` of the notebook 04-the-wire checks this file. Save it, then run the check there.
"""


class RedisError(Exception):
    """An error reply. Its text is the server's, without the minus: ``ERR no such key``."""


class MiniClient:
    """Speaks RESP2 over a connected socket. One conversation at a time; not for several threads.

    Replies are what `decode` of the notebook gives: `str` for a simple string, `bytes` for a bulk string, `int`,
    `None`, `list`, and a `RedisError` for an error.
    """

    def __init__(self, sock):
        """Use the connected socket `sock` from now on; nobody else reads from it any more."""
        self._sock = sock
        self._file = sock.makefile("rb")

    def command(self, *args):
        """Send one command and return its reply.

        Raises:
            RedisError: if the reply is an error. The client stays usable.
            OSError: (ConnectionError, TimeoutError) if the reply did not come to its end. The client is closed then,
                and every later command raises an OSError too.
        """
        (reply,) = self.pipeline([args])
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def pipeline(self, commands):
        """Send all `commands` (each a list of arguments) at once and return the list of their replies.

        An error reply is a `RedisError` in its place in the list; it is not raised.

        Raises:
            OSError: as `command` does.
        """
        if not commands:
            return []
        if self._file is None:
            raise ConnectionError("this client was closed when a reply broke off")
        try:
            self._sock.sendall(b"".join(_encode(*command) for command in commands))
            return [self._read() for _ in commands]
        except OSError:
            self.close()
            raise

    def close(self):
        """Close the connection: what is still on its way belongs to nobody."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._sock.close()

    def _read(self):
        """Read one whole reply."""
        line = self._file.readline()
        if not line:
            raise ConnectionError("the server closed the connection")
        kind, text = line[:1], line[1:-2]
        if kind == b"+":
            return text.decode()
        if kind == b"-":
            return RedisError(text.decode())
        if kind == b":":
            return int(text)
        if kind not in (b"$", b"*"):
            raise ConnectionError(f"no reply begins with {kind!r}")
        size = int(text)
        if size == -1:
            return None
        if kind == b"*":
            return [self._read() for _ in range(size)]
        data = self._file.read(size + 2)
        if len(data) < size + 2:
            raise ConnectionError("the server closed the connection")
        return data[:-2]


def _encode(*args):
    """The bytes of one command."""
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        data = arg if isinstance(arg, bytes) else str(arg).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)
