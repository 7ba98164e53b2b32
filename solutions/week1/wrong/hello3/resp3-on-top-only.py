def decode3(data):
    end = data.index(b"\r\n")
    kind, text, after = data[:1], data[1:end], end + 2
    if kind == b"_":
        return None
    if kind == b"#":
        return text == b"t"
    if kind == b",":
        return float(text)
    if kind != b"%":
        return decode(data)
    values = []
    for _ in range(int(text) * 2):
        size = first_frame(data[after:])
        values.append(decode(data[after : after + size]))
        after += size
    return dict(zip(values[::2], values[1::2]))
