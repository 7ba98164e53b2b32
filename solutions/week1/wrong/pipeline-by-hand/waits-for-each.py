def pipeline(sock, commands):
    replies = []
    for command in commands:
        sock.sendall(encode(*command))
        buffer = b""
        while first_frame(buffer) is None:
            piece = sock.recv(65536)
            if not piece:
                raise ConnectionError("closed")
            buffer += piece
        replies.append(decode(buffer))
    return replies
