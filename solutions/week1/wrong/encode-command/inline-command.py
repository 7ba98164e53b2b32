def encode(*args):
    words = [arg.decode() if isinstance(arg, bytes) else str(arg) for arg in args]
    return (" ".join(words) + "\r\n").encode()
