def parse_replies(data):
    def reply_at(start):
        end = data.index(b"\r\n", start)
        kind, line, after = data[start : start + 1], data[start:end], end + 2
        if kind == b"$" or kind == b"*":
            size = int(line[1:])
            if size == -1:
                return None, after
            if kind == b"$":
                return data[after : after + size].decode(errors="replace").encode(), after + size + 2
            values = []
            for _ in range(size):
                value, after = reply_at(after)
                values.append(value)
            return values, after
        if kind == b":":
            return int(line[1:]), after
        if kind == b"-":
            return line.decode(), after
        return line[1:].decode(), after

    replies, position = [], 0
    while position < len(data):
        reply, position = reply_at(position)
        replies.append(reply)
    return replies
