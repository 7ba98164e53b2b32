class RedisError(Exception):
    """An error reply. Its text is the server's, without the minus."""


def decode(data):
    lines = iter(data.split(b"\r\n"))

    def reply():
        line = next(lines)
        kind, text = line[:1], line[1:]
        if kind == b"+":
            return text.decode()
        if kind == b"-":
            return RedisError(text.decode())
        if kind == b":":
            return int(text)
        if text == b"-1":
            return None
        if kind == b"$":
            return next(lines)
        return [reply() for _ in range(int(text))]

    return reply()
