def encode(name, *args):
    command = b"*%d\r\n" % len(args)
    for arg in (name, *args):
        data = arg if isinstance(arg, bytes) else str(arg).encode()
        command += b"$%d\r\n%b\r\n" % (len(data), data)
    return command
