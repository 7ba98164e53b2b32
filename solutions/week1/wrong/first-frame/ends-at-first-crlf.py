def first_frame(buffer):
    end = buffer.find(b"\r\n")
    return None if end == -1 else end + 2
