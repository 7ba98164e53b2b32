def pipeline(sock, commands):
    if not commands:
        return []
    sock.sendall(b"".join(encode(*command) for command in commands))
    replies, buffer = [], b""
    while len(replies) < len(commands):
        size = first_frame(buffer)
        if size is None:
            buffer += sock.recv(65536)
        else:
            replies.append(decode(buffer[:size]))
            buffer = buffer[size:]
    return replies
