def parse_replies(data):
    lines = iter(data.split(b"\r\n"))

    def reply(line):
        if line in (b"$-1", b"*-1"):
            return None
        if line[:1] == b"$":
            return next(lines)
        if line[:1] == b"*":
            return [reply(next(lines)) for _ in range(int(line[1:]))]
        if line[:1] == b":":
            return int(line[1:])
        if line[:1] == b"-":
            return line.decode()
        return line[1:].decode()

    return [reply(line) for line in lines if line]
