def first_frame(buffer):
    return len(buffer) if buffer.endswith(b"\r\n") else None
