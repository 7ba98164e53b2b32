class RedisError(Exception):
    """An error reply. Its text is the server's, without the minus."""


def decode(data):
    def simple_at(start):
        end = data.index(b"\r\n", start)
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
        if kind == b"*":
            return [], after
        return data[after : after + size], after + size + 2

    if data[:1] != b"*" or data[1:3] == b"-1":
        return simple_at(0)[0]
    after = data.index(b"\r\n") + 2
    values = []
    for _ in range(int(data[1 : after - 2])):
        value, after = simple_at(after)
        values.append(value)
    return values
