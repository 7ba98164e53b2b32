def first_frame(buffer):
    def end_of(start):
        line_end = buffer.find(b"\r\n", start)
        if line_end == -1:
            return None
        kind = buffer[start : start + 1]
        if kind in b"+-:":
            return line_end
        size = int(buffer[start + 1 : line_end])
        if kind == b"$":
            end = line_end + 2 + size if size >= 0 else line_end
            return end if end + 2 <= len(buffer) else None
        end = line_end
        for _ in range(size):
            end = end_of(end + 2)
            if end is None:
                return None
        return end

    return end_of(0)
