def encode(*args):
    command = b"*%d\r\n" % len(args)
    for arg in args:
        if isinstance(arg, bool) or not isinstance(arg, (str, bytes, int)):
            raise TypeError("an argument is str, bytes or int")
        data = str(arg).encode()
        command += b"$%d\r\n%b\r\n" % (len(data), data)
    return command
