def pipeline(sock, commands):
    if not commands:
        return []
    sock.sendall(b"".join(encode(*command) for command in commands))
    replies, buffer = [], b""
    while len(replies) < len(commands):
        size = first_frame(buffer)
        if size is None:
            piece = sock.recv(65536)
            if not piece:
                break
            buffer += piece
        else:
            replies.append(decode(buffer[:size]))
            buffer = buffer[size:]
    return replies
