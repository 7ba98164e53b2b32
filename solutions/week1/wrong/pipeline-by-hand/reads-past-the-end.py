def pipeline(sock, commands):
    if not commands:
        return []
    sock.sendall(b"".join(encode(*command) for command in commands))
    buffer = b""
    try:
        while piece := sock.recv(65536):
            buffer += piece
    except TimeoutError:
        pass
    replies = []
    while buffer:
        size = first_frame(buffer)
        replies.append(decode(buffer[:size]))
        buffer = buffer[size:]
    return replies
