class RedisError(Exception):
    """An error reply. Its text is the server's, without the minus."""


def decode(data):
    def reply_at(start):
        end = data.index(b"\r\n", start)
        kind, text, after = data[start : start + 1], data[start + 1 : end], end + 2
        if kind in (b"+", b"-"):
            return text.decode(), after
        if kind == b":":
            return int(text), after
        size = int(text)
        if size == -1:
            return None, after
        if kind == b"$":
            return data[after : after + size], after + size + 2
        values = []
        for _ in range(size):
            value, after = reply_at(after)
            values.append(value)
        return values, after

    return reply_at(0)[0]
