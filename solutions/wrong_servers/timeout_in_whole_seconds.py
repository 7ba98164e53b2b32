"""cuts the fraction off a timeout, so that 0.01 waits for ever"""

from miniredis.commands import blocking_lists

STAGE = "mini.blocking-timeout"


def spoil() -> None:
    deadline = blocking_lists.deadline

    def whole_seconds(arg: bytes, now: int) -> int | None:
        end = deadline(arg, now)
        seconds = 0 if end is None else (end - now) // 1000
        return now + seconds * 1000 if seconds else None

    blocking_lists.deadline = whole_seconds
