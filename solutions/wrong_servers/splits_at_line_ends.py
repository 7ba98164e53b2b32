"""splits what comes at line ends: a value that has one in it becomes two arguments, or none"""

from miniredis.resp import RequestReader

STAGE = "mini.binary"


def spoil() -> None:
    following = RequestReader.next

    def first_lines(self: RequestReader) -> list[bytes] | None:
        args = following(self)
        return args and [arg.partition(b"\r\n")[0] for arg in args]

    RequestReader.next = first_lines
