class RedisError(Exception):
    """An error reply. Its text is the server's, without the minus."""


def decode(data):
    kind = data[:1]
    end = data.index(b"\r\n")
    text = data[1:end]
    if kind == b"+":
        return text.decode()
    if kind == b"-":
        return RedisError(text.decode())
    if kind == b":":
        return int(text)
    size = int(text)
    if size == -1:
        return None
    start = end + 2
    if kind == b"$":
        return data[start : start + size]
    values = []
    for _ in range(size):
        end = data.index(b"\r\n", start)
        length = int(data[start + 1 : end])
        values.append(data[end + 2 : end + 2 + length])
        start = end + 2 + length + 2
    return values
