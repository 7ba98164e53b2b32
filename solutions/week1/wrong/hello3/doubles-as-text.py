def decode3(data):
    def reply_at(start):
        end = data.index(b"\r\n", start)
        kind, text, after = data[start : start + 1], data[start + 1 : end], end + 2
        if kind == b"_":
            return None, after
        if kind == b"#":
            return text == b"t", after
        if kind == b",":
            return text.decode(), after
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
            return data[after : after + size], after + size + 2
        values = []
        for _ in range(size * 2 if kind == b"%" else size):
            value, after = reply_at(after)
            values.append(value)
        if kind == b"%":
            return dict(zip(values[::2], values[1::2])), after
        return values, after

    return reply_at(0)[0]
