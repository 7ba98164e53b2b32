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
                raise ConnectionError("closed")
            buffer += piece
        else:
            reply = decode(buffer[:size])
            if isinstance(reply, RedisError):
                raise reply
            replies.append(reply)
            buffer = buffer[size:]
    return replies
