def parse_replies(data):
    text = data.decode(errors="surrogateescape")

    def reply_at(start):
        end = text.index("\r\n", start)
        line, after = text[start:end], end + 2
        if line[0] in "$*":
            size = int(line[1:])
            if size == -1:
                return None, after
            if line[0] == "$":
                return text[after : after + size].encode(errors="surrogateescape"), after + size + 2
            values = []
            for _ in range(size):
                value, after = reply_at(after)
                values.append(value)
            return values, after
        if line[0] == ":":
            return int(line[1:]), after
        return line if line[0] == "-" else line[1:], after

    replies, position = [], 0
    while position < len(text):
        reply, position = reply_at(position)
        replies.append(reply)
    return replies
