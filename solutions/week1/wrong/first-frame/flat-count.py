def first_frame(buffer):
    position, missing = 0, 1
    while missing:
        kind = buffer[position : position + 1]
        if kind not in (b"", b"+", b"-", b":", b"$", b"*"):
            raise ValueError(f"no reply begins with {kind!r}")
        line_end = buffer.find(b"\r\n", position)
        if line_end == -1:
            return None
        position, line = line_end + 2, buffer[position + 1 : line_end]
        missing -= 1
        if kind == b"$" and int(line) >= 0:
            position += int(line) + 2
            if position > len(buffer):
                return None
        elif kind in (b"$", b"*") and int(line) < -1:
            raise ValueError("no length")
        elif kind == b"*":
            missing = max(int(line), 0)
    return position
