def pipeline(sock, commands):
    if not commands:
        return []
    sock.sendall(b"".join(encode(*command) for command in commands))
    buffer = sock.recv(1 << 20)
    if not buffer:
        raise ConnectionError("closed")
    replies = []
    while buffer:
        size = first_frame(buffer)
        replies.append(decode(buffer[:size]))
        buffer = buffer[size:]
    return replies
