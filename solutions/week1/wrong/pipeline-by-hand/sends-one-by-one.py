def pipeline(sock, commands):
    if not commands:
        return []
    for command in commands:
        sock.sendall(encode(*command))
    replies, buffer = [], b""
    while len(replies) < len(commands):
        size = first_frame(buffer)
        if size is None:
            piece = sock.recv(65536)
            if not piece:
                raise ConnectionError("closed")
            buffer += piece
        else:
            replies.append(decode(buffer[:size]))
            buffer = buffer[size:]
    return replies
