def encode(*args):
    command = f"*{len(args)}\r\n".encode()
    for arg in args:
        if isinstance(arg, bool) or not isinstance(arg, (str, bytes, int)):
            raise TypeError("an argument is str, bytes or int")
        if isinstance(arg, bytes):
            command += b"$%d\r\n%b\r\n" % (len(arg), arg)
        else:
            text = str(arg)
            command += f"${len(text)}\r\n{text}\r\n".encode()
    return command
