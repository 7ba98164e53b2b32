def encode(*args):
    command = b"*%d\r\n" % len(args)
    for arg in args:
        data = arg if isinstance(arg, bytes) else str(arg).encode()
        data = data.replace(b"\r\n", b"\\r\\n")
        command += b"$%d\r\n%b\r\n" % (len(data), data)
    return command
