def encode(*args):
    command = b"*%d\r\n" % len(args)
    for arg in args:
        data = arg if isinstance(arg, bytes) else str(arg).encode()
        command += b"$%d\r\n" % len(data)
        if data:
            command += data + b"\r\n"
    return command
