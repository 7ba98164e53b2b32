def first_frame(buffer):
    def end_of(start):
        kind = buffer[start : start + 1]
        if kind not in (b"", b"+", b"-", b":", b"$", b"*"):
            raise ValueError(f"no reply begins with {kind!r}")
        line_end = buffer.find(b"\r\n", start)
        if line_end == -1:
            return None
        end = line_end + 2
        if kind in (b"+", b"-", b":"):
            return end
        size = int(buffer[start + 1 : line_end])
        if size < -1:
            raise ValueError(f"{size} is no length")
        if kind == b"$" and size >= 0:
            end += size + 2
            return end if end <= len(buffer) else None
        for _ in range(size):
            end = end_of(end)
            if end is None:
                return None
        return end

    return end_of(0) or 0
