class RedisError(Exception):
    pass


class MiniClient:
    def __init__(self, sock):
        self._sock = sock
        self._buffer = b""
        self._broken = False

    def command(self, *args):
        (reply,) = self.pipeline([args])
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def pipeline(self, commands):
        if not commands:
            return []
        if self._broken:
            raise ConnectionError("closed")
        self._sock.sendall(b"".join(_encode(*command) for command in commands))
        try:
            return [self._read() for _ in commands]
        except OSError:
            self._broken = True
            raise

    def _read(self):
        if not self._buffer:
            self._more()
        reply, end = _reply_at(self._buffer, 0)
        self._buffer = self._buffer[end:]
        return reply

    def _more(self):
        piece = self._sock.recv(65536)
        if not piece:
            raise ConnectionError("closed")
        self._buffer += piece


def _reply_at(data, start):
    end = data.find(b"\r\n", start)
    if end == -1:
        raise IndexError
    kind, text, after = data[start : start + 1], data[start + 1 : end], end + 2
    if kind == b"+":
        return text.decode(), after
    if kind == b"-":
        return RedisError(text.decode()), after
    if kind == b":":
        return int(text), after
    size = int(text)
    if size == -1:
        return None, after
    if kind == b"$":
        if len(data) < after + size + 2:
            raise IndexError
        return data[after : after + size], after + size + 2
    values = []
    for _ in range(size):
        value, after = _reply_at(data, after)
        values.append(value)
    return values, after


def _encode(*args):
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        data = arg if isinstance(arg, bytes) else str(arg).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)
