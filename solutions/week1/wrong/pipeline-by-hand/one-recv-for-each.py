def pipeline(sock, commands):
    if not commands:
        return []
    sock.sendall(b"".join(encode(*command) for command in commands))
    replies = []
    for _ in commands:
        buffer = b""
        while first_frame(buffer) is None:
            piece = sock.recv(65536)
            if not piece:
                raise ConnectionError("closed")
            buffer += piece
        replies.append(decode(buffer[: first_frame(buffer)]))
    return replies
