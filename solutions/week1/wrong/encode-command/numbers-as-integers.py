def encode(*args):
    command = b"*%d\r\n" % len(args)
    for arg in args:
        if isinstance(arg, int):
            command += b":%d\r\n" % arg
        else:
            data = arg if isinstance(arg, bytes) else arg.encode()
            command += b"$%d\r\n%b\r\n" % (len(data), data)
    return command
