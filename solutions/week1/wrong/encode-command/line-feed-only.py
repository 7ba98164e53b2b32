def encode(*args):
    command = b"*%d\n" % len(args)
    for arg in args:
        data = arg if isinstance(arg, bytes) else str(arg).encode()
        command += b"$%d\n%b\n" % (len(data), data)
    return command
