def encode(*args):
    data = [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]
    data = [d for d in data if d]
    return b"*%d\r\n" % len(data) + b"".join(b"$%d\r\n%b\r\n" % (len(d), d) for d in data)
